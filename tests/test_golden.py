"""A plan beside all that follows from it. `make golden` writes the files anew; the diff is read before a commit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from planner.domain.plan import load_plan
from planner.engine.study import study
from planner.views.records import evaluation_values, recommendation_values
from tests.market import DAY, MARKET

PLAN = Path(__file__).parent / "golden" / "desk.yaml"


def text_of(values: dict[str, Any]) -> str:
    """The values as they are printed, with 9 digits: the last ones differ between machines. The version is left out."""
    return json.dumps(_short({key: part for key, part in values.items() if key != "version"}), indent=1,
                      ensure_ascii=False) + "\n"


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _short(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(part) for part in value]
    # what is nothing but rounding of sums is written as 0
    return 0.0 if isinstance(value, float) and abs(value) < 1e-9 else (
        float(f"{value:.9g}") if isinstance(value, float) else value)


def test_what_a_plan_yields_has_not_changed(golden: Callable[[str, str], None]) -> None:
    found = study(load_plan(PLAN, MARKET), DAY, MARKET)
    golden("desk.evaluate.json", text_of(evaluation_values(found.evaluation)))
    golden("desk.recommend.json", text_of(recommendation_values(found)))
