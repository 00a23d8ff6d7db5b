"""What moves a break-even, what a month of own servers is made of, what pooling saves, and where else to go."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from planner.domain.plan import Plan, build_plan, load_plan
from planner.domain.templates import example_plan, list_templates
from planner.engine.crossover import Crossover, crossover
from planner.engine.evaluate import Evaluation, evaluate
from planner.engine.hosting_month import Pooling, month_parts, pooling, replica_duties
from planner.engine.hosting_options import (
    Gap,
    ServerClaim,
    blended_usd_per_mtok,
    hosted_models,
    hosted_scenario,
    hosting_choices,
    server_claims,
)
from planner.engine.sensitivity import PriceGrid, Sensitivity, Swing, price_grid, sensitivity
from planner.engine.study import hosting_scenarios
from planner.report.charts import chart_svg
from planner.views.hosting_charts import month_chart, tornado_chart
from planner.views.hosting_tables import (
    choices_table,
    duty_table,
    headroom_table,
    hosted_table,
    in_words,
    month_table,
    pooling_table,
    price_grid_shown,
    price_grid_table,
    sensitivity_table,
    server_claim_table,
)
from planner.views.hosting_words import (
    claim_words,
    duty_sentence,
    hosted_sentence,
    pooling_sentence,
    sensitivity_sentence,
    server_claim_sentence,
    still_inputs,
)
from planner.views.plotly_charts import figure
from pricing.hardware import load_hardware
from tests.market import DAY, MARKET

CHAT = {"name": "Chat", "task": "chat", "requests_per_month": 1_000_000, "input_tokens_per_request": 1_000,
        "output_tokens_per_request": 500, "complex_share": 0.0, "latency": "background", "load": "always_on"}
OWN = {"kind": "self_hosted", "model": "open", "gpu": "H100 SXM", "gpus_per_replica": 1, "usd_per_gpu_hour": 4,
       "capacity": {"a_s_per_input_token": 1e-4, "b_s_per_output_token": 2e-4}, "egress_usd_per_gb": 0}
# One request takes 1,000 * 0.0001 + 500 * 0.0002 = 0.2 s; a server is planned at 0.88 * 0.80 = 0.704 of its speed and
# carries 0.704 / 0.2 / 1.6 * 2,628,000 = 5,781,600 requests a month. One costs 4 * 730 * 1.1 = $3,212; with a spare one
# and a quarter of a post at $20,000 the first step is 2 * 3,212 + 5,000 = $11,424.
RIVALS = ("large", "hostel/open")


def evaluated(*categories: dict[str, Any], catalog: Any = MARKET, day: date = DAY, growth: float = 0.0, model: str = "",
              rivals: tuple[str, ...] = RIVALS, **own: Any) -> Evaluation:
    endpoint = {**OWN, **({"model": model} if model else {}), **own}
    plan = build_plan({
        "version": 1, "name": "Servers", "monthly_growth": growth,
        "workload": {"name": "Work", "categories": list(categories or [CHAT])},
        "endpoints": {"servers": {key: value for key, value in endpoint.items() if value is not None}},
        "baseline": rivals[0],
        "scenarios": [{"name": name, "strategy": {"kind": "single", "model": name}} for name in (*rivals, "servers")],
    }, catalog=catalog)
    return evaluate(plan, day, catalog)


def moved(evaluation: Evaluation, against: str = "large") -> Sensitivity:
    found = sensitivity(evaluation, evaluation.scenario("servers"), evaluation.scenario(against))
    assert isinstance(found, Sensitivity), found
    return found


def swing(found: Sensitivity, key: str) -> Swing:
    return next(each for each in found.swings if each.input.key == key)


def settled(evaluation: Evaluation, against: str) -> float | None:
    found = crossover(evaluation, evaluation.scenario("servers"), evaluation.scenario(against))
    assert isinstance(found, Crossover), found
    return None if found.invoice.permanent is None else found.invoice.permanent.requests_per_month


class TestOneInputAtATime:
    def test_the_planned_break_even(self) -> None:
        # Large costs 1,000 * $5 + 500 * $25 per million = $0.0175 a request: 11,424 / 0.0175 = 652,800
        found = moved(evaluated())
        assert found.planned_break_even == pytest.approx(652_800)
        assert found.planned_gap_usd == pytest.approx(11_424 - 17_500)

    @pytest.mark.parametrize(
        ("key", "low", "high"),
        [
            ("fte", (6_424 + 2_000) / 0.0175, (6_424 + 20_000) / 0.0175),  # 0.1 to 1 post
            ("fte_usd_per_month", (6_424 + 3_750) / 0.0175, (6_424 + 6_250) / 0.0175),  # $15,000 to $25,000
            ("redundancy", (3_212 + 5_000) / 0.0175, (3 * 3_212 + 5_000) / 0.0175),  # none to two spare
            ("overhead", (5_840 * 1.05 + 5_000) / 0.0175, (5_840 * 1.5 + 5_000) / 0.0175),
            ("api_price", 652_800 / 0.5, 652_800 / 1.5),
            ("target_utilization", 652_800, 652_800),  # the first server is far from full at 652,800 requests
        ],
    )
    def test_the_break_even_at_both_ends_of_an_input(self, key: str, low: float, high: float) -> None:
        found = swing(moved(evaluated()), key)
        assert (found.low_break_even, found.high_break_even) == (pytest.approx(low), pytest.approx(high))
        assert found.break_even_swing == pytest.approx(abs(high - low))

    def test_the_rent_goes_from_the_cheapest_to_the_dearest_provider(self) -> None:
        quote = load_hardware().rent_usd_per_gpu_hour("H100 SXM")
        assert quote is not None
        found = swing(moved(evaluated()), "usd_per_gpu_hour")
        assert (found.input.low, found.input.planned, found.input.high) == (quote.low, 4.0, quote.high)
        assert found.low_break_even == pytest.approx((2 * 730 * quote.low * 1.1 + 5_000) / 0.0175)

    def test_the_widest_swing_stands_first_and_one_that_decides_before_it(self) -> None:
        found = moved(evaluated())
        widths = [each.break_even_swing for each in found.swings]
        assert widths == sorted(widths, reverse=True)
        # at $6 an hour one more server is 6 * 730 * 1.1 / 5,781,600 = $0.00083 a request, above the host's $0.00075
        barely = moved(evaluated(usd_per_gpu_hour=6), "hostel/open")
        assert barely.planned_break_even is None
        assert barely.swings[0].break_even_swing == np.inf
        assert {each.input.key for each in barely.swings if each.break_even_swing == np.inf} >= {"usd_per_gpu_hour"}

    @pytest.mark.parametrize(
        ("key", "field"),
        [("usd_per_gpu_hour", "usd_per_gpu_hour"), ("target_utilization", "target_utilization"), ("fte", "fte"),
         ("overhead", "overhead"), ("latency_factor", "latency_factor"), ("redundancy", "redundancy"),
         ("fte_usd_per_month", "fte_usd_per_month"), ("peak_factor", "peak_factor")],
    )
    @pytest.mark.parametrize("end", ["low", "high"])
    def test_it_is_what_a_plan_with_that_value_gives(self, key: str, field: str, end: str) -> None:
        # against the cheap host the break-even lies many servers up, so capacity counts
        planned = swing(moved(evaluated(), "hostel/open"), key)
        value = getattr(planned.input, end)
        changed = evaluated(**{field: round(value) if field == "redundancy" else value})
        expected = settled(changed, "hostel/open")
        assert getattr(planned, f"{end}_break_even") == (None if expected is None else pytest.approx(expected))

    def test_a_value_of_the_plan_outside_the_registers_range_widens_it(self) -> None:
        found = swing(moved(evaluated(fte=3)), "fte")
        assert (found.input.low, found.input.planned, found.input.high) == (0.10, 3.0, 3.0)

    def test_a_bought_server_swings_with_its_price_and_has_no_rent(self) -> None:
        keys = {each.input.key for each in moved(evaluated(mode="buy")).swings}
        assert "capex_usd_per_server" in keys
        assert not keys & {"usd_per_gpu_hour", "overhead"}

    def test_a_measured_speed_is_not_shortened_by_a_latency_factor(self) -> None:
        keys = {each.input.key for each in moved(evaluated(capacity=None, measured_requests_per_s=5)).swings}
        assert "latency_factor" not in keys

    def test_the_plans_own_range_of_price_drift_goes_before_the_registers(self) -> None:
        plan = evaluated().plan.model_copy()
        document = plan.model_dump(mode="json") | {"monthly_price_drift": {"low": -0.02, "likely": 0.0, "high": 0.01}}
        found = swing(moved(evaluate(build_plan(document, catalog=MARKET), DAY, MARKET)), "api_price")
        assert (found.input.low, found.input.high) == (pytest.approx(0.98**12), pytest.approx(1.01**12))

    def test_a_scenario_without_a_price_is_a_sentence(self) -> None:
        evaluation = evaluated(rivals=("large", "secret"))
        for found in (sensitivity(evaluation, evaluation.scenario("servers"), evaluation.scenario("secret")),
                      price_grid(evaluation, evaluation.scenario("servers"), evaluation.scenario("secret"))):
            assert isinstance(found, str)
            assert found.startswith("secret cannot be compared")


class TestGpuPriceByApiPrice:
    def grid(self, against: str = "large") -> PriceGrid:
        evaluation = evaluated()
        found = price_grid(evaluation, evaluation.scenario("servers"), evaluation.scenario(against))
        assert isinstance(found, PriceGrid)
        return found

    def test_both_prices_multiply(self) -> None:
        found = self.grid()
        at = {(gpu, api): found.requests_per_month[i, j] for i, gpu in enumerate(found.gpu_factors)
              for j, api in enumerate(found.api_factors)}
        assert at[1.0, 1.0] == pytest.approx(652_800)
        assert at[1.0, 0.5] == pytest.approx(1_305_600)
        assert at[2.0, 1.0] == pytest.approx((2 * 6_424 + 5_000) / 0.0175)

    def test_dearer_gpus_never_bring_the_break_even_nearer_nor_dearer_apis_drive_it_away(self) -> None:
        far = np.nan_to_num(self.grid("hostel/open").requests_per_month, nan=np.inf)
        assert np.isinf(far).any()
        assert np.isfinite(far).any()
        assert all((far[i] <= far[i + 1]).all() for i in range(len(far) - 1))
        assert all((far[:, j] >= far[:, j + 1]).all() for j in range(far.shape[1] - 1))

    def test_as_a_table(self) -> None:
        found = self.grid("hostel/open")
        assert len(price_grid_table(found)) == found.requests_per_month.size
        shown = price_grid_shown(found)
        assert shown.columns[0] == "GPU price"
        assert "never" in shown.to_numpy()


class TestOneMonth:
    def test_its_parts_add_up_to_the_invoice(self) -> None:
        result = evaluated().scenario("servers")
        parts = {name: usd for name, usd in month_parts(result).items() if usd}
        assert parts == pytest.approx({"rent_usd": 2_920, "spare_usd": 2_920, "overhead_usd": 584, "people_usd": 5_000})
        assert sum(parts.values()) == pytest.approx(result.total("invoice_usd") or 0.0)

    @pytest.mark.parametrize("slug", ["example", *(each.slug for each in list_templates())])
    def test_so_they_do_in_every_template(self, slug: str) -> None:
        path = example_plan().path if slug == "example" else next(
            each.path for each in list_templates() if each.slug == slug)
        for result in evaluate(load_plan(path), date(2026, 11, 25)).scenarios:
            if result.is_priced:
                assert sum(month_parts(result).values()) == pytest.approx(result.total("invoice_usd") or 0.0, rel=1e-9)

    def test_a_bought_server_is_written_off_and_a_shared_one_has_no_spare_of_its_own(self) -> None:
        # two replicas of one GPU stand in one server of eight: nothing is paid for the spare one alone
        parts = month_parts(evaluated(mode="buy").scenario("servers"))
        assert parts["spare_usd"] == 0
        assert min(parts[name] for name in ("depreciation_usd", "capital_usd", "power_usd", "colocation_usd")) > 0

    def test_as_a_table_and_as_a_picture(self) -> None:
        evaluation = evaluated()
        results = [evaluation.scenario("servers"), evaluation.scenario("large")]
        table = month_table(results)
        assert table["part"].tolist()[-1] == "Invoice"
        columns = ["servers, invoice_usd", "large, invoice_usd"]
        assert table[columns].iloc[:-1].sum().tolist() == pytest.approx(table[columns].iloc[-1].tolist())
        chart = month_chart(results, results[0])
        drawn = [sum(each.x[i] for each in chart.series) for i in range(2)]
        assert drawn == pytest.approx([11_424, 17_500])
        assert len(figure(chart).data) == len(chart.series)


class TestTheBusyHour:
    def test_needed_available_and_room(self) -> None:
        # 1,000,000 * 1.6 / 2,628,000 s = 0.609 a second; one server serves 0.704 / 0.2 = 3.52
        (duty,) = replica_duties(evaluated(growth=0.05), evaluated(growth=0.05).scenario("servers"))
        assert duty.pooled.requests_per_s == pytest.approx(1.6e6 / 2_628_000)
        assert duty.pooled.seconds_per_request == pytest.approx(0.2)
        assert duty.available_requests_per_s == pytest.approx(3.52)
        assert (duty.carrying, duty.spare) == (1, 1)
        # 5,781,600 - 1,000,000; 1.05^36 = 5.79 is the first to pass 5.7816
        assert duty.headroom.requests_per_month == pytest.approx(4_781_600, rel=1e-6)
        assert duty.headroom.share == pytest.approx(4.7816, rel=1e-6)
        assert (duty.headroom.months, duty.headroom.replicas_then) == (36, 3)

    def test_without_growth_no_month_is_named(self) -> None:
        (duty,) = replica_duties(evaluated(), evaluated().scenario("servers"))
        assert duty.headroom.months is None
        assert "at your growth" not in duty_sentence(duty)

    def test_categories_add_up_to_the_pool(self) -> None:
        evaluation = evaluated(CHAT, DOCUMENTS)
        (duty,) = replica_duties(evaluation, evaluation.scenario("servers"))
        assert sum(each.replicas for each in duty.by_category) == pytest.approx(duty.pooled.replicas)
        assert sum(each.requests_per_s for each in duty.by_category) == pytest.approx(duty.pooled.requests_per_s)
        table = duty_table([duty])
        assert table["category"].tolist() == ["Chat", "Documents", "All together"]
        assert headroom_table([duty]).loc[0, "carrying"] == duty.carrying


DOCUMENTS = {"name": "Documents", "task": "extraction", "requests_per_month": 100_000,
             "input_tokens_per_request": 20_000, "output_tokens_per_request": 500, "complex_share": 0.0,
             "latency": "background", "load": "office_hours"}
NIGHT = {"name": "Night run", "task": "summarisation", "requests_per_month": 2_000_000,
         "input_tokens_per_request": 2_000, "output_tokens_per_request": 250, "complex_share": 0.0, "latency": "batch"}


class TestPooling:
    def pool(self, *categories: dict[str, Any], **own: Any) -> Pooling:
        evaluation = evaluated(*categories, **own)
        (found,) = pooling(evaluation, evaluation.scenario("servers"))
        return found

    def test_one_pool_needs_fewer_servers_than_one_for_each_kind_of_work(self) -> None:
        # busy-hour work: chat 1.6 * 1e6 * 0.2 = 320,000 s, documents 3.2 * 1e5 * 2.1 = 672,000 s, night run
        # 1.0 * 2e6 * 0.25 = 500,000 s, over 2,628,000 s: 0.122, 0.256 and 0.190 of a server, together 0.568.
        # Apart: 1 + 1 spare, 1 + 1 spare, 1 without a spare = 5. Together 0.568 / 0.704: 1 + 1 spare = 2.
        found = self.pool(CHAT, DOCUMENTS, NIGHT)
        assert [each.load for each in found.alone] == pytest.approx(
            [320_000 / 2_628_000, 672_000 / 2_628_000, 500_000 / 2_628_000])
        assert [each.replicas for each in found.alone] == [2, 2, 1]
        assert (found.pooled_replicas, found.separate_replicas) == (2, 5)
        assert (found.shared_spare, found.shared_rest, found.strictness, found.floor) == (1, 2, 0, 0)
        assert found.separate_servers_usd - found.pooled_servers_usd == pytest.approx(3 * 3_212)
        assert pooling_sentence(found) == (
            "2 servers in one pool against 5 in a pool for each kind of work, $9,640 less a month: sharing the spare "
            "saves 1 and filling up part-used servers saves 2. Batch work counts at its mean in the busiest hour too; "
            "that it could wait for the night is not counted."
        )

    def test_much_batch_work_beside_chat_is_planned_as_strictly_as_chat(self) -> None:
        # 40 million night requests are 3.81 servers: 3.81 / 0.8 = 4.76, 5 of their own without a spare one; in a pool
        # with chat that somebody reads along (0.54 * 0.8 = 0.432) they alone take 3.81 / 0.432 = 8.8, 9
        night = {**NIGHT, "requests_per_month": 40_000_000}
        found = self.pool({**CHAT, "latency": "interactive"}, night)
        assert [each.carrying for each in found.alone] == [1, 5]
        assert found.strictness == 4
        assert found.pooled_replicas > found.separate_replicas
        assert "costs 4" in pooling_sentence(found)

    @pytest.mark.parametrize("own", [{}, {"min_replicas": 4}, {"redundancy": 2}, {"billing_unit_gpus": 8},
                                     {"latency_class": "standard"}, {"target_utilization": 0.35}])
    def test_the_reasons_add_up_to_the_difference(self, own: dict[str, Any]) -> None:
        found = self.pool(CHAT, DOCUMENTS, NIGHT, **own)
        reasons = found.shared_spare + found.shared_rest + found.floor - found.strictness
        assert found.separate_replicas - found.pooled_replicas == reasons
        if "min_replicas" not in own:
            assert found.floor == 0

    def test_one_kind_of_work_has_nothing_to_pool(self) -> None:
        assert pooling(evaluated(), evaluated().scenario("servers")) == ()

    def test_as_a_table(self) -> None:
        table = pooling_table(self.pool(CHAT, DOCUMENTS, NIGHT))
        assert table["servers"].tolist() == [2, 2, 1, 5, 2]


class TestWhereElseToGo:
    def test_the_same_model_at_a_host_and_how_far_below_the_vendors_own(self) -> None:
        # the host: 1,500 tokens at $0.5 = $0.00075 a request, $750; the vendor's large model costs 0.015 + 0.0375
        evaluation = evaluated()
        (found,) = hosted_models(evaluation, evaluation.scenario("servers"), evaluation.scenario("large"))
        assert found.cheapest is not None
        assert (found.cheapest.offer, found.cheapest.spend_usd) == ("hostel/open", pytest.approx(750))
        assert found.own_usd == pytest.approx(11_424)
        assert found.gaps[0].offer == "acme/premium"
        assert found.gaps[0].spend_usd == pytest.approx(52_500)
        assert found.gaps[0].below_share == pytest.approx(1 - 750 / 52_500)
        assert len(found.gaps) == 2
        assert "Hostel would cost $750 a month for this work, $10,700 less than own servers" in hosted_sentence(found)
        assert hosted_table(found)["spend_usd"].tolist()[:2] == pytest.approx([11_424, 750])

    def test_the_host_as_a_scenario_to_draw_beside_own_servers(self) -> None:
        evaluation = evaluated()
        found = hosted_scenario(evaluation, evaluation.scenario("servers"), evaluation.scenario("large"))
        assert found is not None
        assert found.name == "Open at Hostel"
        assert found.total("invoice_usd") == pytest.approx(750)
        assert not found.hosted

    def test_other_parts_of_a_mixed_scenario_stay_as_they_are(self) -> None:
        evaluation = evaluate(load_plan(example_plan().path), date(2026, 11, 25))
        own = evaluation.scenario("Own Llama")
        found = hosted_scenario(evaluation, own, evaluation.scenario("Opus for everything"))
        assert found is not None
        kept = {use.id for use in own.endpoints} - {"our-llama"}
        assert kept < {use.id for use in found.endpoints}
        assert (found.total("invoice_usd") or 0.0) < (own.total("invoice_usd") or 0.0)

    @pytest.mark.parametrize(
        ("below", "words"),
        [(0.5, "is true here: 50 % below"), (0.9, "is false here: 90 % below Large, further than that"),
         (0.2, "is false here: 20 % below Large, less than that"), (-0.1, "is false here: 10 % above")],
    )
    def test_the_articles_range_is_true_or_false_for_the_pair_at_hand(self, below: float, words: str) -> None:
        assert words in claim_words(Gap("flagship", "x/large", "Large", "large", 100.0, below))

    def test_a_host_that_takes_no_batch_has_no_price_for_batch_work(self) -> None:
        evaluation = evaluated({**CHAT, "batch_share": 1.0})
        (found,) = hosted_models(evaluation, evaluation.scenario("servers"), evaluation.scenario("large"))
        assert found.cheapest is None
        assert "Nobody in the price tables hosts" in hosted_sentence(found)

    def test_machines_that_hold_a_model_are_sorted_by_what_they_cost(self) -> None:
        evaluation = evaluate(load_plan(example_plan().path), date(2026, 11, 25))
        found = hosting_choices(evaluation, ["Support bot"], ["llama-3.3-70b"])
        priced = [each for each in found if each.usd_per_month is not None]
        assert [each.usd_per_month for each in priced] == sorted(each.usd_per_month or 0.0 for each in priced)
        assert all(each.has_fit and each.replicas and each.fits_memory for each in priced)
        assert found[: len(priced)] == tuple(priced)
        assert all(each.reason for each in found[len(priced):])
        assert {each.gpu for each in found} == {gpu.name for gpu in load_hardware().gpus}

    def test_a_machine_costs_there_what_a_plan_with_it_pays(self) -> None:
        evaluation = evaluate(load_plan(example_plan().path), date(2026, 11, 25))
        own = evaluation.scenario("Own Llama").hosted[0]
        served = [name for name, load in zip(evaluation.demand.names, own.load_by_category, strict=True) if load > 0]
        (choice,) = (each for each in hosting_choices(evaluation, served, ["llama-3.3-70b"])
                     if (each.gpu, each.gpus_per_replica, each.precision) == ("H100 SXM", 2, "FP8"))
        assert choice.usd_per_month == pytest.approx(own.monthly_usd)
        assert choice.replicas == own.replicas
        table = choices_table([choice])
        assert table.loc[0, ["speed_label", "rent_label", "memory_label"]].tolist() == ["fitted", "derived", "derived"]


class TestTheArticlesSum:
    def claim(self, usd_per_mtok: float, requests: int = 1_000_000) -> ServerClaim:
        evaluation = evaluated({**CHAT, "requests_per_month": requests})
        (found,) = server_claims(evaluation, evaluation.scenario("servers"), usd_per_mtok)
        return found

    def test_what_it_counts_and_what_it_leaves_out(self) -> None:
        # flat out 2,628,000 / 0.2 = 13.14 million requests of 1,500 tokens: 19.71 billion tokens, at $1.50 per million
        # $29,565 of API for $2,920 of rent: the article's pair. Really 5,781,600 requests: 8.6724 billion, $13,009.
        found = self.claim(1.5)
        assert found.bare_rent_usd == pytest.approx(2_920)
        assert found.claimed_api_usd == pytest.approx(29_565)
        assert found.usable_api_usd == pytest.approx(13_008.6)
        assert found.first_step_usd == pytest.approx(11_424)
        assert found.break_even_tokens == pytest.approx(11_424 / 1.5 * 1e6)

    def test_it_holds_for_a_full_server_and_not_for_a_plan_that_fills_a_sixth_of_it(self) -> None:
        found = self.claim(1.5)
        assert found.holds_at_capacity
        assert not found.holds_for_plan  # 1.5 billion tokens: $2,250 of API against $11,424
        assert "holds from about 7.62B tokens a month" in server_claim_sentence(found)
        assert "does not hold for this plan" in server_claim_sentence(found)

    def test_a_plan_that_is_large_enough(self) -> None:
        found = self.claim(1.5, 5_500_000)
        assert found.holds_for_plan
        assert server_claim_sentence(found).endswith("so it holds for this plan.")

    def test_at_the_price_of_a_cheap_host_not_even_a_full_server_pays(self) -> None:
        assert "does not hold at this price, even with a full server" in server_claim_sentence(self.claim(0.5))

    def test_the_price_of_a_scenario(self) -> None:
        # $0.0175 for 1,500 tokens is $11.67 per million
        evaluation = evaluated()
        assert blended_usd_per_mtok(evaluation, evaluation.scenario("large")) == pytest.approx(0.0175 / 1_500 * 1e6)
        assert server_claim_table(self.claim(1.5))["api_usd"].tolist() == pytest.approx([29_565, 13_008.6, 2_250])


class TestOnThePage:
    def test_the_sentence_names_the_first_input_and_both_ends(self) -> None:
        found = moved(evaluated())
        assert sensitivity_sentence(found).startswith("GPU rent moves the break-even most: at $1.89 it comes at ")
        assert "Planned utilisation" in still_inputs(found)

    def test_the_picture_shows_every_input_that_moves_the_break_even_widest_on_top(self) -> None:
        found = moved(evaluated())
        chart = tornado_chart(found)
        moving = [each.input.label for each in found.swings if each.break_even_swing > 0]
        assert [each.name for each in chart.series] == moving
        tops = [each.y[0] for each in chart.series]
        assert tops == sorted(tops, reverse=True)
        assert chart.title == "GPU rent moves the break-even most"
        assert chart.lines[0].at == pytest.approx(652_800)
        assert figure(chart, "dark").data
        assert "GPU rent" in chart_svg(chart, 493, 212)

    def test_an_end_without_a_break_even_says_never(self) -> None:
        found = moved(evaluated(usd_per_gpu_hour=6), "hostel/open")
        chart = tornado_chart(found)
        assert any(mark.label.endswith("never") for mark in chart.marks)
        assert "decides whether there is a break-even at all" in chart.title
        shown = in_words(sensitivity_table(found), ["input", "low", "break_even_high_requests_per_month",
                                                    "swing_requests_per_month"])
        assert shown.loc[0, "Swing"] == "all or nothing"

    def test_where_nothing_brings_a_break_even_the_difference_today_is_drawn(self) -> None:
        # a server that does 0.1 requests a second carries 0.1 * 0.8 / 1.6 * 2,628,000 = 131,400 a month: even at $1.89
        # an hour that is more than a cent each, against $0.00075 at the host
        found = moved(evaluated(capacity=None, measured_requests_per_s=0.1), "hostel/open")
        assert found.planned_break_even is None
        assert all(each.break_even_swing == 0 for each in found.swings)
        chart = tornado_chart(found)
        assert chart.x.label == "USD per month"
        assert chart.series[0].x == (pytest.approx(found.swings[0].low_gap_usd),
                                     pytest.approx(found.swings[0].high_gap_usd))
        assert sensitivity_sentence(found).startswith("There is no lasting break-even, and no input alone brings one.")

    def test_every_template_with_own_hardware_can_be_shown(self) -> None:
        for path in (example_plan().path, *(each.path for each in list_templates())):
            plan: Plan = load_plan(path)
            evaluation = evaluate(plan, date(2026, 11, 25))
            for challenger in hosting_scenarios(evaluation):
                for incumbent in evaluation.scenarios:
                    found = sensitivity(evaluation, challenger, incumbent)
                    if isinstance(found, Sensitivity):
                        assert figure(tornado_chart(found)) is not None
                        assert sensitivity_sentence(found).endswith(".")
