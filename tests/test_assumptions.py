"""The register of assumptions: every belief has a range, a unit, a source and a date, and a plan may replace it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planner.domain.assumptions import (
    ASSUMPTIONS_FILE,
    Assumption,
    Register,
    load_register,
    read_register,
    register_of,
)
from planner.domain.quantities import Range
from pricing.errors import InputError


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


def problems(error: pytest.ExceptionInfo[InputError]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize(
    ("key", "value", "low", "high"),
    [
        ("difficulty_sigma_logits", 2.6, 0.8, 3.6),
        ("accuracy_at_ability_zero_low", 0.95, 0.90, 0.98),
        ("accuracy_at_ability_zero_high", 0.60, 0.40, 0.75),
        ("complex_share_medium", 0.25, 0.15, 0.39),
        ("error_cost_usd_critical", 500, 150, 5000),
        ("ttft_p95_to_p50_ratio", 3.75, 2.6, 5.3),
        ("latency_factor_standard", 0.88, 0.51, 0.98),
        ("latency_factor_large_moe", 0.48, 0.45, 0.58),
        ("peak_factor_office_hours", 3.2, 2.5, 4.5),
        ("target_utilization", 0.80, 0.60, 0.90),
        ("overhead_share", 0.10, 0.05, 0.50),
        ("self_host_fte", 0.25, 0.10, 1.0),
        ("fte_usd_per_month", 20_000, 15_000, 25_000),
        ("capex_usd_per_server_h100", 250_000, 200_000, 320_000),
        ("colo_usd_per_kw_month", 184, 150, 220),
        ("materiality_usd", 50, 10, 500),
    ],
)
def test_the_planner_believes(register: Register, key: str, value: float, low: float, high: float) -> None:
    believed = register[key]
    assert (believed.value, believed.low, believed.high) == (value, low, high)
    assert believed.origin == "default"


def test_every_belief_says_what_it_does_and_where_it_comes_from(register: Register) -> None:
    for believed in register.values():
        assert believed.sentence.endswith("."), believed.id
        assert len(believed.source) > 20 or believed.source == "Planner's choice", believed.id
        assert re.match(r"20\d\d", believed.as_of), believed.id
        assert believed.group in register.groups, believed.id
        assert len(believed.label) <= 28, believed.id


def test_every_unit_and_group_of_the_register_is_used(register: Register) -> None:
    assert {believed.unit for believed in register.values()} == set(register.units)
    assert {believed.group for believed in register.values()} == set(register.groups)


def test_the_name_of_a_belief_ends_in_its_unit_or_says_what_it_is_a_share_of(register: Register) -> None:
    for believed in register.values():
        if register.unit(believed.id).label.startswith("USD"):
            assert "usd" in believed.id, believed.id
        if believed.unit == "logits":
            assert believed.id.endswith("_logits"), believed.id


def test_a_class_of_complexity_or_error_cost_lies_in_the_band_of_its_name(register: Register) -> None:
    # low 0.05 < 0.15 <= medium 0.25 < 0.40 <= high 0.60; low 0.10 < 0.50 <= medium 2 < 10 <= high 50 < 150 <= 500
    value = register.value
    assert value("complex_share_low") < value("complexity_edge_medium_share") <= value("complex_share_medium")
    assert value("complex_share_medium") < value("complexity_edge_high_share") <= value("complex_share_high")
    assert value("error_cost_usd_low") < value("error_cost_edge_medium_usd") <= value("error_cost_usd_medium")
    assert value("error_cost_usd_medium") < value("error_cost_edge_high_usd") <= value("error_cost_usd_high")
    assert value("error_cost_usd_high") < value("error_cost_edge_critical_usd") <= value("error_cost_usd_critical")


def test_a_plan_replaces_a_belief_by_a_number_and_the_default_stays_as_it_was(register: Register) -> None:
    own = register.with_overrides({"router_sensitivity": 0.9})
    assert own["router_sensitivity"].model_dump(include={"value", "low", "high", "origin"}) == {
        "value": 0.9, "low": 0.9, "high": 0.9, "origin": "plan",
    }
    assert [entry.id for entry in own.own] == ["router_sensitivity"]
    assert register["router_sensitivity"].origin == "default"
    assert own.value("router_specificity") == register.value("router_specificity")


@pytest.mark.parametrize(
    "written",
    [{"low": 0.7, "likely": 0.8, "high": 0.9}, Range(low=0.7, likely=0.8, high=0.9)],
    ids=["mapping", "range"],
)
def test_a_plan_replaces_a_belief_by_a_range(register: Register, written: object) -> None:
    believed = register.with_overrides({"target_utilization": written})["target_utilization"]
    assert (believed.low, believed.value, believed.high) == (0.7, 0.8, 0.9)


def test_a_number_outside_the_plausible_range_is_taken_if_it_is_possible(register: Register) -> None:
    # 5,000 USD a month lies below the shipped range of 15,000 to 25,000: cheap, but a plan knows its own salaries
    assert register.with_overrides({"fte_usd_per_month": 5000})["fte_usd_per_month"].value == 5000


def test_everything_that_is_wrong_with_the_overrides_is_said_at_once(register: Register) -> None:
    with pytest.raises(InputError) as error:
        register.with_overrides(
            {
                "materialty_usd": 100,
                "router_sensitivity": 1.4,
                "min_replicas": 1.5,
                "overhead_share": {"low": 0.3, "likely": 0.2, "high": 0.1},
                "pue": True,
                "bytes_per_token": float("nan"),
            },
            "plan.yaml > assumptions",
        )
    assert problems(error) == [
        'plan.yaml > assumptions > materialty_usd: "materialty_usd" is not an assumption of the register. '
        'Did you mean "materiality_usd"?',
        "plan.yaml > assumptions > router_sensitivity: 1.4 is not possible here. Write a number from 0 to 1 (share).",
        "plan.yaml > assumptions > min_replicas: 1.5 is not possible here. "
        "Write a whole number from 1 to 10,000 (replicas).",
        "plan.yaml > assumptions > overhead_share: {low: 0.3, likely: 0.2, high: 0.1} is not a number or "
        "{low, likely, high} in rising order. Write a number from 0 to 10 (share on top).",
        "plan.yaml > assumptions > pue: true is not a number or {low, likely, high} in rising order. "
        "Write a number from 1 to 100 (times).",
        "plan.yaml > assumptions > bytes_per_token: nan is not a number or {low, likely, high} in rising order. "
        "Write a number from 0 to 1,000 (bytes).",
    ]


def test_edges_of_bands_must_rise_in_a_plan_too(register: Register) -> None:
    with pytest.raises(InputError, match=r"5,000 is not above volume_edge_1_tokens_per_month, which is 1,000,000"):
        register.with_overrides({"volume_edge_2_tokens_per_month": 5000})


def test_a_register_can_be_a_key_and_equals_one_with_the_same_numbers(register: Register) -> None:
    first, second = (register_of({"materiality_usd": 80.0}) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert first != register


def test_a_register_cannot_be_changed(register: Register) -> None:
    with pytest.raises(TypeError):
        register["materiality_usd"] = register["materiality_usd"]  # type: ignore[index]
    with pytest.raises(TypeError):
        register.groups["quality"] = "Other"  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        register["materiality_usd"].value = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("shipped", "written", "said"),
    [
        ("    unit: logits\n", "    unit: logit\n", 'difficulty_sigma_logits > unit: "logit" is not a unit'),
        ("    high: 3.6\n", "    high: 2.0\n", "Low, value and high must stand in this order"),
        ("    kind: fitted\n", "    kind: guessed\n", "kind"),
        ("    group: quality\n", "    group: qualty\n", 'Did you mean "quality"?'),
        ("    high: 3.6\n", "    high: 36\n", "36 is not a number from 0 to 20 (logits)"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_place(
    tmp_path: Path, shipped: str, written: str, said: str
) -> None:
    text = ASSUMPTIONS_FILE.read_text(encoding="utf-8")
    assert shipped in text
    path = tmp_path / "assumptions.yaml"
    path.write_text(text.replace(shipped, written, 1), encoding="utf-8")
    with pytest.raises(InputError, match="assumptions") as error:
        read_register(path)
    assert said in str(error.value)
    assert "difficulty_sigma_logits" in str(error.value)


def test_a_month_or_a_year_is_date_enough_for_a_source() -> None:
    fields = {
        "id": "some_share", "label": "Some", "group": "quality", "value": 0.5, "low": 0.4, "high": 0.6,
        "unit": "share", "kind": "judgement", "source": "A choice", "sentence": "It does something.",
    }
    assert Assumption(**fields, as_of="2024-05").as_of == "2024-05"
    with pytest.raises(ValueError, match="as_of"):
        Assumption(**fields, as_of="last May")
