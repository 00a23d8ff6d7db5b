"""Own GPUs: how much they carry, whether a model fits, what they cost, and the staircase that this makes of volume."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.engine.self_host import (
    BuyTerms,
    HostedWork,
    SelfHostTerms,
    cost_at_load,
    egress_usd,
    self_host_cost,
    self_host_staircase,
    staircase_at_load,
    work_loads,
)
from planner.engine.serving import (
    SHORTEST_MEASURED_TOKENS,
    LatencyFactors,
    LengthLaw,
    MeasuredRate,
    busy_hour_load,
    latency_factor,
    length_warnings,
    memory_verdict,
    replica_capacity,
    replicas,
    seconds_per_request,
    shares_of_load,
    usable_share,
)
from planner.engine.staircase import CostCurve, Staircase
from pricing.errors import InputError
from pricing.hardware import MemoryTerms, load_hardware

TERMS = SelfHostTerms(
    gpus_per_replica=2, usd_per_gpu_hour=4.02, billing_unit_gpus=1, commitment=1.0, redundancy=1, min_replicas=1,
    latency_factor=0.88, target_utilization=0.8, overhead=0.10, fte=0.25, fte_usd_per_month=20_000,
    other_fixed_usd_per_month=0.0, egress_usd_per_gb=0.0, bytes_per_token=4.0, one_off_usd=30_000, dual_run_months=1,
)
BUY = BuyTerms(
    gpus_per_server=8, capex_usd_per_server=240_000, amortisation_months=50, residual_share=0.25, cost_of_capital=0.08,
    kw_per_server=10, usd_per_kw_month=200, maintenance_share=0.05, load_share=0.8, pue=1.25, usd_per_kwh=0.1,
)
FACTORS = LatencyFactors(batch=1.0, standard=0.88, interactive=0.54, large_mixture=0.48,
                         large_mixture_from_b_params=200)
MEMORY = MemoryTerms(sequences=8, memory_utilization=0.90, reserve_gb_per_gpu=3.5, fp4_gb_per_b_params=0.55)


def worked_law() -> LengthLaw:
    """Llama 3.3 70B in FP8 on two H100."""
    fit = load_hardware().capacity("llama-3.3-70b", "H100 SXM", 2, "FP8")
    assert fit is not None
    return LengthLaw.of_fit(fit)


def work(requests: float = 1_000_000, **other: float) -> HostedWork:
    given_work = {"calls": 1.0, "prompt": 1_500.0, "answer": 500.0, "peak": 1.6, **other}
    return HostedWork([requests], [given_work["calls"]], [given_work["prompt"]], [given_work["answer"]],
                      [given_work["peak"]])


class TestTheWorkedExample:
    """Llama 3.3 70B in FP8 on two H100, 1,500 tokens in and 500 out, standard latency, always on."""

    def test_seconds(self) -> None:
        # 6.862786e-5*1500 + 7.097362e-5*500 + 6.835686e-8*500*(1500 + 250) = 0.102942 + 0.035487 + 0.059812
        found = worked_law().seconds(1_500, 500)
        assert found.seconds == pytest.approx(0.198241, abs=5e-7)
        assert not found.input_outside
        assert not found.output_outside

    def test_requests_and_tokens_of_one_replica(self) -> None:
        # 0.88 * 0.80 / 0.198241 = 3.551 a second; * 2000 tokens * 2,628,000 s / peak 1.6 = 11.67 billion
        usable = usable_share(worked_law(), 0.88, 0.80)
        found = replica_capacity(worked_law().seconds(1_500, 500).seconds, usable, 1.6, 2_000)
        assert found.usable_requests_per_s == pytest.approx(3.551, abs=5e-4)
        assert found.tokens_per_month == pytest.approx(11.67e9, abs=5e6)
        assert found.tokens_per_month == pytest.approx(found.requests_per_month * 2_000)

    def test_rent_of_one_replica(self) -> None:
        # 2 GPUs * 4.02 * 730
        alone = replace(TERMS, redundancy=0, overhead=0.0, fte=0.0)
        assert cost_at_load(alone, 0.3, 0.704).total_usd == pytest.approx(5_869.20, abs=0.005)

    def test_full_cost(self) -> None:
        # 2 replicas * 2 GPUs * 4.02 * 730 * 1.10 + 0.25 * 20,000 = 12,912.24 + 5,000
        cost = self_host_cost(TERMS, worked_law(), work())
        assert cost.replicas == 2
        assert cost.total_usd == pytest.approx(17_912.24, abs=0.005)
        assert cost.parts["rent_usd"] == pytest.approx(11_738.40)
        assert cost.parts["overhead_usd"] == pytest.approx(1_173.84)
        assert cost.parts["people_usd"] == 5_000

    def test_the_default_rent_is_the_median_on_demand_price(self) -> None:
        quote = load_hardware().rent_usd_per_gpu_hour("H100 SXM")
        assert quote is not None
        assert quote.value == 4.14


class TestCapacity:
    def test_a_long_answer_costs_more_than_its_length_because_it_looks_back_on_itself(self) -> None:
        # c*O*(I + O/2): 1e-6 * 1000 * (1000 + 500) = 1.5 s, and 1e-6 * 2000 * (1000 + 1000) = 4 s
        assert seconds_per_request(0, 0, 1e-6, 1_000, [1_000, 2_000]).tolist() == pytest.approx([1.5, 4.0])

    def test_lengths_below_the_measured_range_count_as_its_end_and_above_it_the_law_goes_on(self) -> None:
        law = LengthLaw(1e-4, 1e-3, 0.0, (100, 1_000), (10, 100))
        found = law.seconds([50, 500, 2_000, 0], [50, 500, 5, 0])
        # 100 + 50, 500 + 500, 2000 + 10 tokens; the last request is empty
        assert found.seconds.tolist() == pytest.approx([0.01 + 0.05, 0.05 + 0.5, 0.2 + 0.01, 0.0])
        assert found.input_outside.tolist() == [True, False, True, False]
        assert found.output_outside.tolist() == [False, True, True, False]

    def test_the_law_is_carried_on_below_the_range_down_to_the_shortest_length_that_anybody_measured(self) -> None:
        law = LengthLaw(1e-4, 1e-3, 0.0, (1_000, 8_000), (1_000, 8_000))
        found = law.seconds([600, 600], [500, 20])
        # 600 + 500 tokens; of 20 tokens nothing is known, so they count as 128
        assert found.seconds.tolist() == pytest.approx([0.06 + 0.5, 0.06 + 0.128])
        assert found.output_outside.all()
        assert length_warnings(law, ["Triage"], [600], [20]) == [
            "Triage: prompts of 600 tokens lie outside the measured range of 1,000 to 8,000; "
            "the capacity law is carried on beyond it.",
            "Triage: answers of 20 tokens lie outside the measured range of 1,000 to 8,000; "
            "counted as 128, they really take less time.",
        ]

    def test_the_shortest_measured_length_is_the_shortest_of_the_tables(self) -> None:
        fits = load_hardware().fits
        assert min(fit.min_input_tokens for fit in fits) == SHORTEST_MEASURED_TOKENS
        assert min(fit.min_output_tokens for fit in fits) == SHORTEST_MEASURED_TOKENS

    def test_the_warning_names_the_category_and_both_figures(self) -> None:
        law = LengthLaw(1e-4, 1e-3, 0.0, (100, 20_000), (10, 4_096))
        found = length_warnings(law, ["Triage", "Contracts"], [600, 37_500], [5, 2_500])
        assert found == [
            "Contracts: prompts of 37,500 tokens lie outside the measured range of 100 to 20,000; "
            "the capacity law is carried on beyond it, and they may take still more time.",
            "Triage: answers of 5 tokens lie outside the measured range of 10 to 4,096; "
            "counted as 10, they really take less time.",
        ]

    def test_a_measured_rate_replaces_the_law_and_already_meets_the_latency_target(self) -> None:
        own = MeasuredRate(requests_per_s=4.0)
        assert own.seconds([100, 9_000], [10, 900]).seconds.tolist() == [0.25, 0.25]
        assert usable_share(own, 0.54, 0.8) == pytest.approx(0.8)
        # 1,000,000 * 1.6 * 0.25 s / 3600 / 730 = 0.1522 replicas
        assert work_loads(TERMS, own, work()).sum() == pytest.approx(400_000 / 2_628_000)

    @pytest.mark.parametrize(
        ("model_id", "latency_class", "expected"),
        [
            ("llama-3.3-70b", "batch", 1.0),
            ("llama-3.3-70b", "standard", 0.88),
            ("llama-3.1-405b", "interactive", 0.54),  # large, but every parameter works
            ("gpt-oss-120b", "standard", 0.88),  # a mixture, but below 200 billion
            ("deepseek-r1", "standard", 0.48),
            ("qwen3-235b-a22b", "interactive", 0.48),
            ("deepseek-r1", "batch", 1.0),
        ],
    )
    def test_large_mixtures_of_experts_lose_half_of_their_speed_to_a_latency_target(
        self, model_id: str, latency_class: str, expected: float
    ) -> None:
        memory = load_hardware().memory(model_id)
        assert memory is not None
        assert latency_factor(latency_class, memory, FACTORS) == expected  # type: ignore[arg-type]


class TestLoadAndReplicas:
    def test_categories_share_one_pool(self) -> None:
        # 2 * 1 * 1,314,000 * 0.5 s = half of 2,628,000 s; 3 * 0.5 * 876,000 * 1 s = the other half
        load = busy_hour_load([2, 3], [1, 0.5], [1_314_000, 876_000], [0.5, 1.0])
        assert load == pytest.approx(1.0)
        assert replicas(load, 1.0, 1, 0) == 1, "two pools would be two replicas"

    def test_leading_axes_broadcast(self) -> None:
        requests = np.array([[1_314_000.0, 876_000.0], [0.0, 876_000.0], [0.0, 0.0]])
        assert busy_hour_load([2, 3], [1, 0.5], requests, [0.5, 1.0]).tolist() == pytest.approx([1.0, 0.5, 0.0])

    @pytest.mark.parametrize(
        ("load", "redundancy", "min_replicas", "expected"),
        [
            (0.0, 0, 1, 1),  # an idle endpoint still runs
            (0.0, 1, 1, 2),
            (1.6, 0, 1, 2),  # exactly full
            (1.6 + 1e-10, 0, 1, 2),  # dust does not buy a server
            (1.6 + 1e-6, 0, 1, 3),
            (4.0, 1, 3, 6),
            (0.1, 1, 5, 5),
        ],
    )
    def test_replicas(self, load: float, redundancy: int, min_replicas: int, expected: int) -> None:
        assert replicas(load, 0.8, min_replicas, redundancy) == expected

    def test_a_replica_without_any_usable_share_is_refused(self) -> None:
        with pytest.raises(InputError, match="usable share"):
            replicas(1.0, 0.0, 1, 0)

    def test_fixed_cost_goes_to_categories_by_load_and_in_equal_parts_without_any(self) -> None:
        assert shares_of_load([[3.0, 1.0], [0.0, 0.0]]).tolist() == [[0.75, 0.25], [0.5, 0.5]]

    def test_a_cached_prefix_shortens_prompts_and_thinking_lengthens_answers(self) -> None:
        law = LengthLaw(1e-3, 1e-3)
        terms = replace(TERMS, prefix_hit_share=0.5, thinking_factor=4.0)
        # 0.75 s + 2 s against 1.5 s + 0.5 s
        plain, changed = work_loads(TERMS, law, work()).sum(), work_loads(terms, law, work()).sum()
        assert changed / plain == pytest.approx(2.75 / 2.0)

    def test_the_endpoints_own_peak_overrides_the_categories(self) -> None:
        law = LengthLaw(1e-3, 1e-3)
        own = replace(TERMS, peak_factor=3.2)
        assert work_loads(own, law, work()).sum() == pytest.approx(2 * work_loads(TERMS, law, work()).sum())


class TestMemory:
    def test_a_model_that_fits_says_by_how_much(self) -> None:
        hardware = load_hardware()
        found = memory_verdict("Llama 3.3 70B", hardware.memory("llama-3.3-70b"), hardware.gpu("H100"), 2, "FP8",
                               8_000, 500, MEMORY)
        # 70.6 + 327,680 * 8 * 8,500 / 1e9 = 92.88; 2 * (80 * 0.9 - 3.5) = 137
        assert found.fits is True
        assert found.need_gb == pytest.approx(92.88224)
        assert found.usable_gb == pytest.approx(137)
        assert found.reason == (
            "Llama 3.3 70B in FP8 needs 92.9 GB (70.6 GB of weights and 22.3 GB for 8 requests of 8,500 tokens); "
            "2 x H100 SXM offer 137.0 GB."
        )

    def test_a_model_that_does_not_fit_says_so_with_both_figures(self) -> None:
        hardware = load_hardware()
        found = memory_verdict("Llama 3.3 70B", hardware.memory("llama-3.3-70b"), hardware.gpu("H100"), 1, "BF16",
                               8_000, 500, MEMORY)
        assert found.fits is False
        assert found.reason.endswith("1 x H100 SXM offers 68.5 GB: too little.")

    def test_unknown_memory_is_neither_yes_nor_no(self) -> None:
        found = memory_verdict("Kimi K2.5", None, load_hardware().gpu("H200"), 8, "FP4", 8_000, 500, MEMORY)
        assert found.fits is None
        assert found.need_gb is None
        assert "is not known" in found.reason


class TestCost:
    def test_whole_billing_units_are_paid(self) -> None:
        # 3 replicas * 2 GPUs = 6, billed as one node of 8: 8 * 4.02 * 730 * 1.1
        terms = replace(TERMS, billing_unit_gpus=8, fte=0.0)
        cost = cost_at_load(terms, 1.0, 0.704)
        assert (cost.replicas, cost.gpus, cost.units) == (3, 8, 1)
        assert cost.total_usd == pytest.approx(8 * 4.02 * 730 * 1.1)

    def test_a_commitment_lowers_the_rent_and_idle_hours_are_paid_in_full(self) -> None:
        terms = replace(TERMS, commitment=0.5, fte=0.0)
        assert cost_at_load(terms, 0.0, 0.704).total_usd == pytest.approx(2 * 2 * 4.02 * 730 * 0.5 * 1.1)

    def test_a_server_that_is_bought(self) -> None:
        # 240,000 * 0.75 / 50 = 3,600; 240,000 * 0.08 / 24 = 800; 10 kW * 200 = 2,000; 240,000 * 0.05 / 12 = 1,000;
        # 10 kW * 0.8 * 1.25 * 730 h * 0.10 = 730
        terms = replace(TERMS, mode="buy", buy=BUY, fte=0.0)
        cost = cost_at_load(terms, 0.0, 0.704)
        assert {name: float(usd) for name, usd in cost.parts.items() if usd} == pytest.approx({
            "depreciation_usd": 3_600, "capital_usd": 800, "colocation_usd": 2_000, "maintenance_usd": 1_000,
            "power_usd": 730,
        })
        assert cost.total_usd == pytest.approx(8_130)
        assert cost.cash_usd == pytest.approx(8_130 - 3_600)
        # 5 replicas of 2 GPUs need a second server
        assert cost_at_load(terms, 2.5, 0.704).units == 2

    def test_buying_without_the_price_of_a_server_is_refused(self) -> None:
        with pytest.raises(InputError, match="capex_usd_per_server"):
            cost_at_load(replace(TERMS, mode="buy"), 0.0, 0.7)

    def test_egress_counts_the_bytes_of_the_answers(self) -> None:
        # 1,000,000 requests * 0.5 calls * 500 tokens * 4 bytes = 1 GB at $0.09
        terms = replace(TERMS, egress_usd_per_gb=0.09)
        assert egress_usd(terms, work(calls=0.5)).sum() == pytest.approx(0.09)
        cost = self_host_cost(terms, worked_law(), work(calls=0.5))
        assert cost.parts["egress_usd"] == pytest.approx(0.09)
        assert cost.total_usd == pytest.approx(17_912.24 + 0.09)

    def test_no_traffic_still_pays_rent_and_people(self) -> None:
        for idle in (work(requests=0), work(calls=0)):
            assert self_host_cost(TERMS, worked_law(), idle).total_usd == pytest.approx(17_912.24)

    def test_many_cases_at_once_equal_one_at_a_time(self) -> None:
        rents, loads = np.array([2.0, 4.02, 9.0]), np.array([0.0, 0.8, 3.3])
        together = cost_at_load(replace(TERMS, usd_per_gpu_hour=rents), loads, 0.704).total_usd
        alone = [float(cost_at_load(replace(TERMS, usd_per_gpu_hour=rent), load, 0.704).total_usd)
                 for rent, load in zip(rents, loads, strict=True)]
        assert together.tolist() == pytest.approx(alone)

    @given(load=st.floats(0, 1e6), more=st.floats(0, 1e3), unit=st.sampled_from([1, 2, 4, 8, 16]),
           mode=st.sampled_from(["rent", "buy"]))
    def test_parts_add_up_and_cost_never_falls_with_load(self, load: float, more: float, unit: int, mode: str) -> None:
        terms = replace(TERMS, billing_unit_gpus=unit, mode=mode, buy=replace(BUY, gpus_per_server=unit))  # type: ignore[arg-type]
        cost, higher = cost_at_load(terms, load, 0.7, egress=12.5), cost_at_load(terms, load + more, 0.7, egress=12.5)
        assert sum(cost.parts.values()) == pytest.approx(float(cost.total_usd), rel=1e-9)
        assert cost.gpus >= cost.replicas * terms.gpus_per_replica
        assert higher.total_usd >= cost.total_usd


class TestStaircase:
    def test_steps_of_the_worked_example(self) -> None:
        # one replica carries 0.704 / (1.6 * 0.198241 s) * 2,628,000 s = 5.833 million requests a month
        stairs = self_host_staircase(TERMS, worked_law(), work(), 1_000_000)
        assert stairs.requests_per_replica == pytest.approx(5.833e6, abs=500)
        steps = stairs.steps_to(12e6)
        assert steps.replicas.tolist() == [2, 3, 4]
        assert steps.usd_at_end.tolist() == pytest.approx([17_912.24, 17_912.24 + 6_456.12, 17_912.24 + 2 * 6_456.12])
        assert steps.from_requests[0] == 0
        assert steps.up_to_requests[0] == pytest.approx(stairs.requests_per_replica)

    def test_a_step_holds_its_last_request_and_the_next_begins_just_above(self) -> None:
        stairs = Staircase(requests_per_replica=1_000.0, usd_per_unit=100.0)
        edge = float(stairs.up_to(0))
        assert edge == pytest.approx(1_000, rel=1e-8)
        assert stairs.usd([0, 1_000, edge, np.nextafter(edge, np.inf), 2_000, 2_001]).tolist() == [
            100, 100, 100, 200, 200, 300]

    def test_its_boundaries_hold_to_the_last_bit(self) -> None:
        # divisions round, so that a boundary itself could end up on either side of the ceiling
        steps = np.arange(1, 400)
        for carries in np.random.default_rng(7).uniform(1.0, 1e7, 50):
            stairs = Staircase(float(carries), 1.0)
            edges = stairs.up_to(steps)
            assert (stairs.step_at(edges) == steps).all()
            assert (stairs.step_at(np.nextafter(edges, np.inf)) == steps + 1).all()

    def test_replicas_that_share_a_node_share_a_step(self) -> None:
        # 2 GPUs each, nodes of 8, one spare: replicas 2, 3, 4 fit one node; 5 to 8 two; three carry work on the first
        stairs = Staircase(1_000.0, 500.0, gpus_per_replica=2, unit_gpus=8, redundancy=1)
        assert stairs.steps_to(9_000).up_to_requests.tolist() == pytest.approx([3_000, 7_000, 11_000])
        assert stairs.steps_to(9_000).usd_at_end.tolist() == [500, 1_000, 1_500]
        assert stairs.replicas_at([500, 2_500, 3_500]).tolist() == [2, 4, 5]

    def test_a_replica_over_several_nodes_climbs_by_whole_nodes(self) -> None:
        # 12 GPUs in nodes of 8: 2, 3, 5, 6 nodes for 1 to 4 replicas
        stairs = Staircase(1_000.0, 1.0, gpus_per_replica=12, unit_gpus=8)
        assert stairs.usd([1_000, 2_000, 3_000, 4_000]).tolist() == [2, 3, 5, 6]

    def test_no_traffic_is_one_step_without_end(self) -> None:
        stairs = staircase_at_load(TERMS, 0.0, 0.704)
        assert stairs.usd([0.0, 1e15]).tolist() == pytest.approx([17_912.24, 17_912.24])
        assert len(stairs.steps_to(1e15).usd_at_end) == 1

    def test_the_long_run_slope_is_a_replica_over_what_it_carries(self) -> None:
        # nodes of 8 at $800 hold 4 replicas of 1,000 requests: $0.20 a request, and $0.01 of egress
        stairs = Staircase(1_000.0, 800.0, gpus_per_replica=2, unit_gpus=8, usd_per_request=0.01)
        assert stairs.usd_per_request_in_the_long_run == pytest.approx(0.21)
        assert stairs.usd(4e9) == pytest.approx(0.21 * 4e9)

    def test_volume_may_be_counted_in_multiples_of_today(self) -> None:
        stairs = Staircase(1_000.0, 100.0, usd_per_request=0.01)
        assert stairs.per_multiple_of(500.0).usd([1, 2, 3]).tolist() == stairs.usd([500, 1_000, 1_500]).tolist()

    def test_draws_have_no_single_staircase(self) -> None:
        with pytest.raises(InputError, match="usd_per_gpu_hour"):
            staircase_at_load(replace(TERMS, usd_per_gpu_hour=np.array([2.0, 4.0])), 1e-6, 0.7)

    @given(
        volume=st.floats(0, 1e12), gpus=st.integers(1, 16), unit=st.integers(1, 16), least=st.integers(1, 5),
        spare=st.integers(0, 3), mode=st.sampled_from(["rent", "buy"]),
    )
    def test_it_is_the_same_cost_as_at_that_load(
        self, volume: float, gpus: int, unit: int, least: int, spare: int, mode: str
    ) -> None:
        terms = replace(TERMS, gpus_per_replica=gpus, billing_unit_gpus=unit, min_replicas=least, redundancy=spare,
                        egress_usd_per_gb=0.09, mode=mode, buy=replace(BUY, gpus_per_server=unit))  # type: ignore[arg-type]
        stairs = self_host_staircase(terms, worked_law(), work(), 1_000_000)
        cost = self_host_cost(terms, worked_law(), work(requests=volume))
        assert stairs.usd(volume) == pytest.approx(float(cost.total_usd), rel=1e-9)
        assert stairs.replicas_at(volume) == cost.replicas

    @given(
        volume=st.floats(0, 1e12), more=st.floats(0, 1e9), carries=st.floats(1, 1e8), usd=st.floats(0, 1e6),
        gpus=st.integers(1, 16), unit=st.integers(1, 16), slope=st.floats(0, 1),
    )
    def test_cost_never_falls_with_volume(
        self, volume: float, more: float, carries: float, usd: float, gpus: int, unit: int, slope: float
    ) -> None:
        stairs = Staircase(carries, usd, gpus, unit, usd_per_request=slope)
        curve = CostCurve(10.0, 0.001, (stairs,))
        low, high = curve.usd([volume, volume + more])
        assert high >= low
        step = stairs.step_at(volume)
        assert volume <= stairs.up_to(step)
        assert step == 0 or volume > stairs.up_to(step - 1)
