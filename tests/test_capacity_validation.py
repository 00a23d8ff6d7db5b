"""The capacity law against measurements that it has not seen, and what the product says about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from planner.domain.assumptions import load_register
from planner.engine.capacity_check import Compared, agreement, compared_rows, unseen
from planner.engine.hosting import latency_factors
from planner.engine.serving import LatencyFactors
from planner.views.hosting_tables import capacity_check_table, capacity_summary_table, in_words
from planner.views.hosting_words import at_most_times, capacity_summary
from pricing.hardware import CapacityFit, Gpu, Hardware, MeasuredThroughput
from pricing.hardware_rows import SourceName

FACTORS = LatencyFactors(batch=1.0, standard=0.8, interactive=0.5, large_mixture=0.4, large_mixture_from_b_params=200)
KNOWN = {"label": "measured", "source": "Lab bench @abc", "as_of": "2026-01-01"}


def fit(**changed: Any) -> CapacityFit:
    """A request takes 1 ms per input and 1 ms per output token; seen: 1,000 to 4,000 of each."""
    return CapacityFit.model_validate({
        "model_id": "m", "gpu": "G", "gpus_per_replica": 1, "parallelism": "TP1", "precision": "FP8",
        "a_s_per_input_token": 1e-3, "b_s_per_output_token": 1e-3, "c_s_per_output_token_per_context_token": 0.0,
        "shapes_used": 5, "min_input_tokens": 1_000, "max_input_tokens": 4_000, "min_output_tokens": 1_000,
        "max_output_tokens": 4_000, "mean_abs_error_share": 0.02, "max_abs_error_share": 0.05, "edition_order": 2,
        "source_model": "M", "note": "", **KNOWN, "label": "fitted", **changed,
    })


def row(prompt: int | None, answer: int, requests_per_s: float, **changed: Any) -> MeasuredThroughput:
    return MeasuredThroughput.model_validate({
        "model_id": "m", "gpu": "G", "gpus_per_replica": 1, "parallelism": "TP1", "precision": "FP8", "engine": "e",
        "input_tokens_per_request": prompt, "output_tokens_per_request": answer, "operating_point": "max_throughput",
        "concurrency": None, "ttft_ms": None, "tpot_ms": None, "output_tokens_per_s_replica": requests_per_s * answer,
        "input_tokens_per_s_replica": None, "sample_count": None, "basis": "measured", "source_ref": "abc",
        "source_model": "M", "note": "", **KNOWN, "source": "Lab bench: table", **changed,
    })


def compared(*rows: MeasuredThroughput, fits: tuple[CapacityFit, ...] = ()) -> tuple[Compared, ...]:
    gpu = Gpu.model_validate({"name": "G", "vram_gb": 80.0, "note": "", "rents": (), **KNOWN})
    names = (SourceName(kind="precision", source_name="FP8", name="FP8", note=""),)
    return compared_rows(FACTORS, Hardware(gpus=(gpu,), fits=fits or (fit(),), memories=(), measurements=rows,
                                           names=names))


class TestWhatCountsAsSeen:
    @pytest.mark.parametrize(
        ("changed", "group"),
        [
            ({}, "fitted"),
            ({"source_ref": "def"}, "other_edition"),  # newer or older software of the same lab
            ({"parallelism": "TP2"}, "other_edition"),  # spread over the GPUs in another way
            ({"source": "Another lab"}, "other_source"),
            ({"source": "Another lab", "source_ref": "abc"}, "other_source"),
        ],
    )
    def test_the_same_edition_machine_and_lengths(self, changed: dict[str, Any], group: str) -> None:
        (found,) = compared(row(2_000, 2_000, 0.25, **changed))
        assert found.group == group
        assert found.ratio == pytest.approx(1.0)  # 2 s + 2 s: 0.25 a second

    def test_lengths_outside_the_fit_are_not_seen_and_the_law_is_carried_on(self) -> None:
        # 8 s + 2 s: 0.1 a second; counted as 4,000 it would be 1 / 6
        (found,) = compared(row(8_000, 2_000, 0.09))
        assert (found.group, found.is_outside) == ("other_edition", True)
        assert found.law_requests_per_s == pytest.approx(0.1)
        assert found.clamped_requests_per_s == pytest.approx(1 / 6)
        assert found.ratio == pytest.approx(0.9)
        assert found.factor == pytest.approx(1 / 0.9)

    def test_a_test_under_a_latency_limit_is_held_against_what_the_planner_would_plan_on(self) -> None:
        # 0.25 a second at full speed; 0.8 of that at the standard limit, 0.5 at the interactive one
        limits = {"sla_ttft2000_tpot50": 0.2, "sla_ttft1000_tpot25": 0.125}
        found = compared(*(row(2_000, 2_000, 0.2, source="Another lab", operating_point=name) for name in limits))
        assert [each.law_requests_per_s for each in found] == pytest.approx(list(limits.values()))
        assert [each.ratio for each in found] == pytest.approx([1.0, 1.6])

    def test_of_a_sweep_over_concurrency_only_its_highest_point_counts(self) -> None:
        sweep = {"source": "Another lab", "operating_point": "concurrency_sweep"}
        found = compared(row(2_000, 2_000, 0.05, **sweep, concurrency=1), row(2_000, 2_000, 0.24, **sweep,
                                                                              concurrency=64))
        assert [each.measured_requests_per_s for each in found] == pytest.approx([0.24])

    def test_models_of_others_and_tests_without_a_prompt_length_say_nothing(self) -> None:
        assert compared(row(2_000, 2_000, 0.2, label="modelled"), row(None, 2_000, 0.2),
                        row(2_000, 2_000, 0.2, operating_point="per_node_decode")) == ()

    def test_of_two_fits_the_planner_takes_the_newer_and_both_are_checked(self) -> None:
        older = fit(edition_order=1, source="Lab bench @old", a_s_per_input_token=2e-3)
        found = compared(row(2_000, 2_000, 0.25), fits=(fit(), older))
        assert {(each.is_newest, each.group) for each in found} == {(True, "fitted"), (False, "other_edition")}


@pytest.fixture(scope="module")
def shipped() -> tuple[Compared, ...]:
    return compared_rows(latency_factors(load_register()))


class TestTheShippedTables:
    """The figures that the product shows; they move only if the tables or the law do."""

    def test_enough_is_checked(self, shipped: tuple[Compared, ...]) -> None:
        fresh = [each for each in shipped if each.group != "fitted" and each.is_newest]
        assert len([each for each in fresh if each.group == "other_source"]) >= 20
        assert len([each for each in fresh if each.group == "other_edition"]) >= 60

    def test_what_a_fit_has_seen_it_meets(self, shipped: tuple[Compared, ...]) -> None:
        found = agreement(each for each in shipped if each.group == "fitted")
        assert found is not None
        assert found.median_factor < 1.05

    def test_other_sources_lie_within_a_third_in_the_middle_and_one_is_far_off(self, shipped: tuple[Compared, ...]
                                                                            ) -> None:
        rows = [each for each in shipped if each.group == "other_source" and each.is_newest]
        found = agreement(rows)
        assert found is not None
        assert found.median_factor < 1.33
        assert 0.8 < found.median_ratio < 1.1
        # DeepSeek on one B200 node under a limit of 25 ms a token serves a quarter of what the law says
        worst = max(rows, key=lambda each: each.factor)
        assert worst.row.model_id.startswith("deepseek")
        assert 0.2 < worst.ratio < 0.3

    def test_outside_the_lengths_of_a_fit_the_law_carried_on_is_right_and_its_nearest_end_is_not(
        self, shipped: tuple[Compared, ...]
    ) -> None:
        rows = [each for each in shipped if each.is_outside]
        carried = np.array([each.factor for each in rows])
        clamped = np.array([each.clamped_requests_per_s / each.measured_requests_per_s for each in rows])
        clamped = np.maximum(clamped, 1 / clamped)
        assert len(rows) >= 40
        assert np.median(carried) < 1.15
        assert carried.max() < 1.75
        assert np.median(clamped) > 2.0
        assert clamped.max() > 30

    def test_measurements_of_one_model_and_gpu(self) -> None:
        rows = unseen("llama-3.3-70b", "H100", latency_factors(load_register()))
        assert {each.row.gpu for each in rows} == {"H100 SXM"}
        saturated = [each for each in rows if each.row.operating_point == "concurrency_sweep"]
        assert [round(each.ratio, 2) for each in saturated] == [1.03]


class TestWhatIsShown:
    def test_the_table_names_model_lengths_and_source_and_holds_nothing_that_a_fit_has_seen(
        self, shipped: tuple[Compared, ...]
    ) -> None:
        table = capacity_check_table(load_register())
        assert len(table) == len([each for each in shipped if each.group != "fitted"])
        assert set(table["group"]) == {"other_source", "other_edition"}
        assert table[["model", "gpu", "source", "edition", "fitted_to"]].notna().all().all()
        assert (table["measured_requests_per_s"] / table["law_requests_per_s"]).tolist() == pytest.approx(
            table["measured_over_law"].tolist())

    def test_the_summary_counts_every_row_of_the_fits_in_use(self, shipped: tuple[Compared, ...]) -> None:
        table = capacity_summary_table(load_register())
        assert table["measurements"].sum() == len(
            [each for each in shipped if each.group != "fitted" and each.is_newest])
        assert in_words(table)["All lie within"].str.endswith("×").all()

    def test_the_sentence_carries_the_figures_of_the_table(self, shipped: tuple[Compared, ...]) -> None:
        said = capacity_summary(load_register())
        found = agreement(each for each in shipped if each.group == "other_source" and each.is_newest)
        assert found is not None
        half = f"within {at_most_times(found.median_factor)} of half of {found.count} measurements of other sources"
        assert half in said
        assert f"within {at_most_times(found.worst_factor)} of all" in said
        assert "there is no such measurement" in said
