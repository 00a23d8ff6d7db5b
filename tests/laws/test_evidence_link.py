"""Error rates that nobody gave follow from public evidence as the method says, worked out a second time."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.assumptions import load_register
from planner.domain.evidence import load_evidence
from planner.domain.plan import build_plan
from planner.domain.workload import Task
from planner.engine.error_rates import ORIGINS
from planner.engine.evaluate import evaluate
from pricing.catalog import load_catalog
from tests.market import DAY
from tests.oracle import assumed_error, linked_error

CATALOG = load_catalog()
EVIDENCE = load_evidence(CATALOG)
REGISTER = load_register()
CAP = REGISTER.value("evidence_cap_logits")
OWN = [model.id for model in CATALOG.models.values() if CATALOG.own_offer(model)]
KNOWN = [name for name in OWN if EVIDENCE.ability(name, "general", False)]
TASKS = get_args(Task)


def ability(model: str, task: str) -> float:
    found = EVIDENCE.ability(model, EVIDENCE.link(task).axis, False)
    assert found is not None
    return found.z


def rates(task: str, given_rates: dict[str, float], model: str, **fields: Any) -> tuple[float, str]:
    plan = build_plan({
        "workload": {"categories": [{
            "name": "Work", "task": task, "requests_per_month": 1, "input_tokens_per_request": 1,
            "output_tokens_per_request": 1, "error_rates": given_rates, **fields,
        }]},
        "scenarios": [{"name": "A", "strategy": {"kind": "single", "model": model}}],
    })
    (result,) = evaluate(plan, DAY).scenarios
    return float(result.outcome.error_share[0]), ORIGINS[int(result.outcome.origin[0])]


@settings(max_examples=40)
@given(task=st.sampled_from(TASKS), model=st.sampled_from(KNOWN), data=st.data())
def test_one_or_more_anchors_give_the_mean_of_their_predictions(task: str, model: str, data: st.DataObject) -> None:
    others = [name for name in KNOWN if name != model]
    names = data.draw(st.lists(st.sampled_from(others), min_size=1, max_size=3, unique=True))
    given_rates = {name: data.draw(st.floats(0.001, 0.6)) for name in names}
    link = EVIDENCE.link(task)
    anchors = [(rate, ability(name, task)) for name, rate in given_rates.items()]
    expected = linked_error(anchors, ability(model, task), link.slope_logit_per_sd, CAP, link.half_width80_logit)
    found, origin = rates(task, given_rates, model)
    assert origin == "evidence"
    # 1.2816 stands for the 90th percentile of the normal distribution
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("complexity", ["low", "medium", "high"])
@pytest.mark.parametrize("task", [task for task in TASKS if task != "summarisation"])
def test_without_an_anchor_the_complexity_is_assumed_to_say_it(task: str, complexity: str) -> None:
    link = EVIDENCE.link(task)
    for model in KNOWN[:4]:
        found, origin = rates(task, {}, model, complexity=complexity)
        at_zero = REGISTER.value(f"accuracy_at_ability_zero_{complexity}")
        assert origin == "assumed"
        assert found == pytest.approx(assumed_error(at_zero, ability(model, task), link.slope_logit_per_sd, CAP))


def test_an_abler_model_never_errs_more_on_the_evidence() -> None:
    for task in TASKS:
        found = sorted((ability(model, task), -rates(task, {KNOWN[0]: 0.1}, model)[0]) for model in KNOWN[1:12])
        errors = [error for _, error in found]
        assert errors == sorted(errors), task
