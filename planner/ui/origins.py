"""Where the values of the workload come from: a template, a file that was opened or imported, the visitor's own hand,
or a default that stands because nothing tells the value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Literal

import streamlit as st

from planner.domain.plan import Plan
from planner.domain.workload import Category
from planner.ui import state

Origin = Literal["template", "file", "you", "default"]
WORDS: dict[Origin, str] = {"template": "Template", "file": "File", "you": "You", "default": "Default"}
FIELDS = ("requests_per_month", "input_tokens_per_request", "output_tokens_per_request", "cached_input_share",
          "complex_share", "error_cost_usd", "latency", "in_house_only", "task")


def opened(plan: Plan, origin: Origin) -> None:
    """Remember the values of a plan that was just opened, beside those of plans that undo may bring back."""
    kept = st.session_state.setdefault("origins", {})
    kept.update({category.name: (category, dict.fromkeys(FIELDS, origin)) for category in plan.workload.categories})


def added(category: Category, origin: Origin) -> None:
    """Remember the values of a category that was just added."""
    _known()[category.name] = (category, dict.fromkeys(FIELDS, origin))


def imported(category: Category, told: Collection[str], earlier: Mapping[str, Origin]) -> None:
    """Remember the values of a category of which a file told some fields.

    The others keep their ``earlier`` origin; where they have none, a default stands.
    """
    _known()[category.name] = (category, {
        field: "file" if field in told else earlier.get(field, "default") for field in FIELDS
    })


def renamed(old: str, new: str) -> None:
    """A category that is called otherwise keeps the origin of its values."""
    if old in _known():
        _known()[new] = _known()[old]


def _known() -> dict[str, tuple[Category, dict[str, Origin]]]:
    if "origins" not in st.session_state:
        opened(state.plan(), "template")
    found: dict[str, tuple[Category, dict[str, Origin]]] = st.session_state["origins"]
    return found


def value_origins(category: Category) -> dict[str, Origin]:
    """The origin of each value of a category."""
    base = _known().get(category.name)
    if base is None:
        return dict.fromkeys(FIELDS, "you")
    return {
        field: base[1][field] if _value(category, field) == _value(base[0], field) else "you" for field in FIELDS
    }


def _value(category: Category, field: str) -> object:
    if field == "error_cost_usd":
        return category.error_cost_usd, category.error_cost
    if field == "complex_share":
        return category.complex_share, category.complexity
    if field.endswith("_per_request") or field == "requests_per_month":
        side = field.split("_")[0]
        return getattr(category, field), getattr(category, f"monthly_{side}_tokens", None)
    return getattr(category, field)


def row_origin(category: Category) -> str:
    """One word for a whole category: where most of its values come from."""
    counted = Counter(origin for origin in value_origins(category).values() if origin != "default")
    if not counted:
        return WORDS["default"]
    return WORDS[counted.most_common(1)[0][0]] if counted["you"] in (0, counted.total()) else "Mixed"


def totals(plan: Plan) -> dict[str, int]:
    """Number of values by origin over the workload."""
    counted: Counter[Origin] = Counter()
    for category in plan.workload.categories:
        counted.update(value_origins(category).values())
    told = {"From a template": counted["template"], "From a file": counted["file"], "Entered by you": counted["you"]}
    return {**told, "Defaults": counted["default"]} if counted["default"] else told
