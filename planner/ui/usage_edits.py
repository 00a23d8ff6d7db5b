"""Imported usage into a plan's document: pure, and kept only if the whole is still a plan."""

from __future__ import annotations

from typing import Any

from planner.domain.plan import Plan, plan_document
from planner.ui import edits

Document = dict[str, Any]
VOLUMES = frozenset({
    "requests_per_month", "input_tokens_per_request", "output_tokens_per_request", "monthly_input_tokens",
    "monthly_output_tokens", "input_tokens_p95", "max_prompt_tokens", "long_prompt_share",
})
"""Figures that only make sense together: an import replaces all of them."""


def take_usage(document: Document, fresh: Plan, is_replacing: bool, is_baseline: bool) -> dict[str, str]:
    """Put the categories of ``fresh`` into the document, and return the name that each one got.

    Replacing removes the other categories with what names them, keeps of a category of the same name what the import
    does not tell, and takes over measured growth. ``is_baseline`` adds the scenario of today's models and compares
    against it; nothing that exists is overwritten by it.
    """
    imported = plan_document(fresh)
    categories = imported["workload"]["categories"]
    if not is_replacing:
        return {each["name"]: edits.add_category(document, each) for each in categories}
    old = {each["name"]: each for each in edits.categories(document)}
    names = [each["name"] for each in categories]
    for number in reversed(range(len(edits.categories(document)))):
        if edits.categories(document)[number]["name"] not in names:
            edits.remove_category(document, number)
    document["workload"]["categories"] = [
        {**{field: value for field, value in old.get(each["name"], {}).items() if field not in VOLUMES}, **each}
        for each in categories
    ]
    if "monthly_growth" in imported:
        document["monthly_growth"] = imported["monthly_growth"]
    if is_baseline:
        _add_today(document, imported)
    return dict(zip(names, names, strict=True))


def _add_today(document: Document, imported: Document) -> None:
    """Add the import's scenario with its endpoints, all of them under free names."""
    own: Document = document.setdefault("endpoints", {})
    called: dict[str, str] = {}
    for name, endpoint in imported.get("endpoints", {}).items():
        called[name] = name if own.get(name) == endpoint else edits.free_name(name, list(own))
        own[called[name]] = endpoint
    if not own:
        document.pop("endpoints")
    for scenario in imported["scenarios"]:
        taken = [each["name"] for each in edits.scenarios(document)]
        name = edits.free_name(scenario["name"], taken)
        edits.scenarios(document).append({"name": name, "strategy": _renamed(scenario["strategy"], called)})
        document["baseline"] = name


def _renamed(part: Any, called: dict[str, str]) -> Any:
    """A strategy with its models under their new names."""
    if not isinstance(part, dict):
        return part
    return {key: called.get(value, value) if key == "model" else _renamed(value, called)
            for key, value in part.items()}
