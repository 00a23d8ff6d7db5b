"""What single sections compute: steps of a roll-out, the ask, the assumptions that count."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from planner.engine.evaluate import ScenarioResult
from planner.engine.study import Study
from planner.report.basis import Basis
from planner.report.sections.assumptions import used_assumptions
from planner.report.sections.decision import asked_usd, review_day
from planner.report.sections.rollout import step_usd
from tests.report.conftest import TODAY, category, study_of


def of(result: ScenarioResult, spend_usd: float, fixed_usd: float) -> ScenarioResult:
    """A scenario with these costs in its only category."""
    outcome = replace(result.outcome, spend_usd=np.array([spend_usd]), fixed_cost_usd=np.array([fixed_usd]))
    return replace(result, outcome=outcome)


def test_a_step_pays_by_share_what_is_used_and_in_full_what_is_fixed() -> None:
    old, new = study_of([category("Only")]).evaluation.scenarios
    old, new = of(old, 1000.0, 100.0), of(new, 200.0, 500.0)
    # shadow: 1000 + 200 + 100 + 500; a quarter: 750 + 50 + 600; all: 200 + 500, the old one is off
    assert [step_usd(old, new, part) for part in (0.0, 0.25, 1.0)] == [1800.0, 1400.0, 700.0]


@pytest.mark.parametrize(
    ("invoice", "margin", "asked"), [(1724.24, 0.2, 2100.0), (100.0, 0.0, 100.0), (0.004, 0.2, 0.0048)]
)
def test_the_ask_is_the_invoice_with_the_margin_rounded_up_to_two_digits(
    invoice: float, margin: float, asked: float
) -> None:
    assert asked_usd(invoice, margin) == pytest.approx(asked)


def test_the_review_is_in_the_third_month_also_over_new_year() -> None:
    assert review_day(date(2026, 10, 31)) == date(2027, 1, 15)


def used(study: Study) -> set[str]:
    return {each.id for each in used_assumptions(Basis(study, TODAY, "0"))}


def test_assumptions_are_listed_where_they_count() -> None:
    plain = used(study_of([category("Only", complex_share=0.1)]))
    assert {"error_cost_usd_medium", "planning_margin_share", "materiality_usd"} <= plain
    assert not {"complex_share_medium", "overhead_share", "error_cost_usd_high"} & plain
    assert "complex_share_medium" in used(study_of([category("Only", complexity="medium")]))


def test_a_cascade_lists_its_checks_unless_the_plan_states_them() -> None:
    def cascade(**given: object) -> Study:
        stages = {"kind": "cascade", "stages": ["claude-haiku-4-5", "claude-opus-4-5"], **given}
        return study_of([category("Only")], scenarios=[{"name": "Cascade", "strategy": stages}])

    assert {"cascade_accept_right", "cascade_accept_wrong", "difficulty_sigma_logits"} <= used(cascade())
    stated = used(cascade(accept_right=[0.95], accept_wrong=[0.1], escalated_token_factor=1.0))
    assert not {"cascade_accept_right", "cascade_accept_wrong", "escalated_token_factor"} & stated


def test_own_machines_list_what_they_take_from_the_register_and_nothing_of_buying(example: Study) -> None:
    listed = used(example)
    assert {"overhead_share", "self_host_fte", "fte_usd_per_month", "target_utilization"} <= listed
    assert not {name for name in listed if name.startswith(("capex_", "kw_per_server", "pue"))}


def test_what_the_plan_sets_itself_is_always_listed() -> None:
    assert "pue" in used(study_of([category("Only")], assumptions={"pue": 1.2}))
