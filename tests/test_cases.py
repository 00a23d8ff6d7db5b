"""The method by example: every case in tests/cases is a sentence, what is given, and what follows, worked out by hand.

A case is written short:

- `mail` holds the fields of one category called Mail that differ from the typical one: 100,000 requests a month of
  1,000 input and 200 output tokens. That costs $200 at `small`, $1,000 at `large` and $3,000 at `premium`, the models
  of the made-up market (tests/market.py). `categories` holds several, each a name with its own fields.
- `scenarios` maps names to strategies; a bare model name is a single model.
- Everything else under `given` is written as in a plan file.
- `expected` maps scenarios to figures by the names of `planner evaluate --json`: those of the month alone, those of a
  category as Mail.error_rate, those of an endpoint as acme/small.requests. A list [x, d] means x give or take d; text
  is found within the reason, a warning, or an event.
"""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planner.domain.plan import Plan, build_plan
from planner.engine.crossover import Crossover, crossover
from planner.engine.evaluate import Evaluation, evaluate
from planner.engine.forecast import forecast
from planner.engine.recommend import recommend
from planner.views.records import crossover_values, scenario_values, strategy_values
from pricing.catalog import load_catalog
from pricing.documents import load_document
from pricing.errors import InputError
from tests.market import DAY, MARKET

CASES = Path(__file__).parent / "cases"
TYPICAL = {"requests_per_month": 100_000, "input_tokens_per_request": 1000, "output_tokens_per_request": 200}
SIDES = ("requests_per_month", "input_tokens_per_request", "output_tokens_per_request")


def _cases() -> list[Any]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        document = load_document(path)
        assert set(document) == {"about", "cases"}
        for case in document["cases"]:
            assert set(case) <= {"sentence", "market", "day", "given", "expected", "forecast", "break_even",
                                 "recommended", "refused"}, case["sentence"]
            assert set(case) & {"expected", "forecast", "break_even", "recommended", "refused"}, case["sentence"]
            found.append(pytest.param(case, id=f"{path.stem}: {case['sentence']}"))
    return found


def _category(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The typical category with other fields; an empty field takes the typical one away."""
    merged = {"name": name, **TYPICAL, **fields}
    return {field: value for field, value in merged.items() if not (field in SIDES and value is None)}


def _strategy(written: Any) -> Any:
    return {"kind": "single", "model": written} if isinstance(written, str) else written


def _plan(case: dict[str, Any]) -> Plan:
    given = dict(case["given"])
    categories = given.pop("categories", None) or {"Mail": given.pop("mail", {})}
    scenarios = [
        {"name": name, "strategy": _strategy(strategy)} for name, strategy in given.pop("scenarios", {}).items()
    ]
    document = {
        "workload": {"categories": [_category(name, fields) for name, fields in categories.items()]},
        "scenarios": scenarios, **given,
    }
    return build_plan(document, "plan", load_catalog() if case.get("market") == "shipped" else MARKET)


def _same(expected: Any, found: Any, where: str) -> None:
    if isinstance(expected, bool) or expected is None:
        assert found is expected, where
    elif isinstance(expected, (int, float)):
        assert found is not None, f"{where}: nothing, expected {expected}"
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9), where
    elif isinstance(expected, list) and len(expected) == 2 and all(isinstance(part, float) for part in expected):
        assert found == pytest.approx(expected[0], abs=expected[1]), where
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for i, (one, other) in enumerate(zip(expected, found, strict=True)):
            _same(one, other, f"{where}[{i}]")
    elif isinstance(expected, dict):
        for key, value in expected.items():
            _same(value, found[key], f"{where} > {key}")
    elif isinstance(found, (list, tuple)):
        assert any(expected in each for each in found), f"{where}: {found} does not hold {expected!r}"
    else:
        assert isinstance(found, str), f"{where}: {found!r}"
        assert expected in found, where


def _figure(name: str, values: dict[str, Any]) -> Any:
    """A figure of one scenario by its short name."""
    if name in ("status", "reason", "warnings"):
        return values[name]
    if name in values["monthly"]:
        return values["monthly"][name]
    if name.startswith("saving."):
        return values["saving_vs_baseline"][name.removeprefix("saving.")]
    holder, _, field = name.rpartition(".")
    parts = {each["name"]: each for each in values["categories"]} | {each["id"]: each for each in values["endpoints"]}
    return parts[holder][field]


@pytest.mark.parametrize("case", _cases())
def test_case(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(InputError) as error:
            _plan(case)
        _same(case["refused"], [str(problem) for problem in error.value.problems], "refused")
        return
    plan = _plan(case)
    catalog = load_catalog() if case.get("market") == "shipped" else MARKET
    evaluation = evaluate(plan, case.get("day", plan.price_date or DAY), catalog)
    for name, figures in case.get("expected", {}).items():
        values = scenario_values(evaluation.scenario(name), evaluation)
        for figure, expected in figures.items():
            if figure == "silent about":
                assert not any(expected in warning for warning in values["warnings"]), values["warnings"]
            else:
                _same(expected, _figure(figure, values), f"{name} > {figure}")
    if "forecast" in case:
        _check_forecast(case["forecast"], evaluation)
    if "break_even" in case:
        _check_break_even(case["break_even"], evaluation)
    if "recommended" in case:
        _check_recommendation(case["recommended"], evaluation)


def _check_forecast(expected: dict[str, Any], evaluation: Evaluation) -> None:
    found = forecast(evaluation)
    for name, wanted in expected.items():
        if name == "months":
            assert [day if isinstance(day, date) else date.fromisoformat(day) for day in wanted] == list(found.months)
            continue
        line = found.scenario(name)
        for field, values in wanted.items():
            if field == "events":
                _same(values, [f"{event.month}: {event.what}" for event in line.events], f"{name} > events")
            else:
                numbers = [None if math.isnan(usd) else float(usd) for usd in getattr(line, field)]
                _same(values, numbers, f"{name} > {field}")


def _check_break_even(expected: dict[str, Any], evaluation: Evaluation) -> None:
    challenger, incumbent = (evaluation.scenario(expected[side]) for side in ("challenger", "incumbent"))
    found = crossover(evaluation, challenger, incumbent)
    assert isinstance(found, Crossover), found
    values = crossover_values(found)
    for field, wanted in expected.items():
        _same(wanted, values[field], field)


def _check_recommendation(expected: dict[str, Any], evaluation: Evaluation) -> None:
    found = recommend(evaluation)
    for choice in found.categories:
        if choice.name in expected:
            wanted = expected[choice.name]
            assert choice.strategy is not None or wanted is None
            shown = None if choice.strategy is None else strategy_values(choice.strategy)
            _same(_strategy(wanted), shown, choice.name)
    for field in ("binding_limits", "confidence", "from_plan"):
        if field in expected:
            _same(expected[field], getattr(found, field), field)
    if "total_usd" in expected:
        assert found.scenario is not None
        _same(expected["total_usd"], found.scenario.total("total_usd"), "total_usd")


def test_there_are_cases_for_every_section_of_the_method() -> None:
    assert {path.stem for path in CASES.glob("*.yaml")} >= {
        "1_volume", "2_request_cost", "3_errors", "4_error_rates", "5_split", "6_cascade", "7_other_strategies",
        "8_self_hosting", "8_break_even", "10_recommendation",
    }
