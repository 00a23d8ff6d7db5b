"""Changes of a plan's document: pure functions on plain values, kept only if the whole is still a plan.

Whoever renames or removes a category or a scenario changes every place that names it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from planner.domain.plan import Scenario, _strategy_document
from planner.domain.references import folded

Document = dict[str, Any]


def free_name(wanted: str, taken: Sequence[str]) -> str:
    """``wanted``, with a number behind it if it is taken.

    >>> free_name("Triage", ["triage", "Triage 2"]), free_name("New", [])
    ('Triage 3', 'New')
    """
    known = {folded(name) for name in taken}
    base = wanted.strip()[:190] or "New"
    name, number = base, 2
    while folded(name) in known:
        name, number = f"{base} {number}", number + 1
    return name


def categories(document: Document) -> list[Document]:
    """The list of categories, made if it is missing."""
    found: list[Document] = document.setdefault("workload", {}).setdefault("categories", [])
    return found


def scenarios(document: Document) -> list[Document]:
    """The list of scenarios, made if it is missing."""
    found: list[Document] = document.setdefault("scenarios", [])
    return found


def category_names(document: Document) -> list[str]:
    """Names of all categories."""
    return [str(each.get("name", "")) for each in categories(document)]


def add_category(document: Document, category: Document, at: int | None = None) -> str:
    """Add a category under a free name, and return the name."""
    name = free_name(str(category.get("name") or "New category"), category_names(document))
    place = len(categories(document)) if at is None else at
    categories(document).insert(place, {**category, "name": name})
    return name


def rename_category(document: Document, number: int, name: str) -> None:
    """Rename a category here and in allocations and measured results."""
    old = categories(document)[number]["name"]
    categories(document)[number]["name"] = name
    _follow(document, old, name)


def remove_category(document: Document, number: int) -> None:
    """Remove a category with what names it."""
    name = categories(document).pop(number)["name"]
    _follow(document, name, None)


def duplicate_category(document: Document, number: int) -> str:
    """A copy below the category, with the same strategy where scenarios differ by category."""
    original = categories(document)[number]
    copied = add_category(document, dict(original), number + 1)
    for scenario in scenarios(document):
        parts = scenario["strategy"].get("by_category")
        if parts and original["name"] in parts:
            parts[copied] = parts[original["name"]]
    return copied


def move_category(document: Document, number: int, by: int) -> None:
    """Move a category up (-1) or down (1); at the end nothing happens."""
    listed, target = categories(document), number + by
    if 0 <= target < len(listed):
        listed.insert(target, listed.pop(number))


def _follow(document: Document, old: str, new: str | None) -> None:
    for scenario in scenarios(document):
        parts = scenario["strategy"].get("by_category")
        if parts and old in parts:
            scenario["strategy"]["by_category"] = {
                (new if name == old else name): part for name, part in parts.items() if name != old or new is not None
            }
    if "evaluations" in document:
        kept = [each for each in document["evaluations"] if each["category"] != old or new is not None]
        for each in kept:
            if each["category"] == old:
                each["category"] = new
        document["evaluations"] = kept


def add_scenario(document: Document, scenario: Scenario) -> None:
    """Add a scenario at the end."""
    scenarios(document).append({"name": scenario.name, "strategy": _strategy_document(scenario.strategy)})


def replace_strategy(document: Document, name: str, scenario: Scenario) -> None:
    """Give an existing scenario another strategy."""
    for each in scenarios(document):
        if each["name"] == name:
            each["strategy"] = _strategy_document(scenario.strategy)


def remove_scenario(document: Document, name: str) -> None:
    """Remove a scenario; if it was the baseline, the first one left becomes it."""
    document["scenarios"] = [each for each in scenarios(document) if each["name"] != name]
    if document.get("baseline") == name:
        document["baseline"] = None


def rename_scenario(document: Document, old: str, new: str) -> None:
    """Rename a scenario, also where it is the baseline."""
    for each in scenarios(document):
        if each["name"] == old:
            each["name"] = new
    if document.get("baseline") == old:
        document["baseline"] = new


def set_baseline(document: Document, name: str) -> None:
    """Measure savings against this scenario."""
    document["baseline"] = name


def set_assumption(document: Document, key: str, value: Any) -> None:
    """Give an assumption an own value, or with None the register's again."""
    own: Document = document.setdefault("assumptions", {})
    if value is None:
        own.pop(key, None)
    else:
        own[key] = value


WORDS = {
    "input_usd_per_mtok": "Input price", "output_usd_per_mtok": "Output price",
    "cache_read_usd_per_mtok": "Cached input price", "fixed_usd_per_month": "Fixed cost a month",
    "one_off_usd": "Set-up cost", "context_tokens": "Longest prompt",
    "measured_requests_per_s": "Requests/s each", "usd_per_gpu_hour": "$ per GPU hour",
    "target_utilization": "Utilisation", "gpus_per_replica": "GPUs per server", "redundancy": "Spare servers",
    "latency_factor": "the latency factor", "fte": "Engineers (FTE)",
}
"""What the fields of endpoints are called on screen."""
_FIELD = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


def words(field: str) -> str:
    """A field's name as people read it.

    >>> words("input_usd_per_mtok"), words("dual_run_months")
    ('Input price', 'Dual run months')
    """
    text = field.replace("_", " ")
    return WORDS.get(field, text[:1].upper() + text[1:])


def spoken(text: str) -> str:
    """A sentence that names fields of a plan file, with their names on screen instead; other words stay.

    >>> spoken("enter the rate that you measured (measured_requests_per_s) for our_tuned_model")
    'enter the rate that you measured (Requests/s each) for our_tuned_model'
    """
    return _FIELD.sub(lambda found: WORDS.get(found[0], found[0]), text)
