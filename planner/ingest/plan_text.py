"""A plan file from a reading, with a comment at every figure that says where it comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from planner.domain.plan import dump_plan, parse_plan
from planner.ingest.to_plan import UsagePlan
from planner.ingest.usage import UsageReading
from pricing.errors import InputError

_FIELD = re.compile(r"    ([a-z_0-9]+):(?: [-+0-9.e]+)?")


def usage_plan_text(found: UsagePlan, reading: UsageReading) -> str:
    """The plan as YAML that reads back to ``found.plan``; comments name origins, assumptions and warnings."""
    plain = dump_plan(found.plan)
    text = "\n".join([*_head(found, reading), *_commented(plain.splitlines(), found)]) + "\n"
    try:
        if parse_plan(text, "plan") == found.plan:
            return text
    except InputError:
        pass
    return "\n".join(_head(found, reading)) + "\n" + plain  # a name that looks like a field keeps its own lines


def _head(found: UsagePlan, reading: UsageReading) -> list[str]:
    period = reading.period
    lines = [f"Read from {len(reading.files)} usage export{'s' if len(reading.files) != 1 else ''} "
             f"({reading.format}), {period.start} to {period.end_exclusive} (exclusive), UTC."]
    lines += found.notes
    assumed: dict[str, list[str]] = {}
    for origin in found.origins:
        if origin.source == "assumed":
            assumed.setdefault(f"{origin.field}: {origin.words}", []).append(origin.category)
    everywhere = len(found.plan.workload.categories)
    lines += [words if len(names) == everywhere else f"{words} ({', '.join(names)})"
              for words, names in assumed.items()]
    for name, endpoint in found.plan.endpoints.items():
        if endpoint.kind == "custom":
            lines.append(f"{name}: not in the catalogue; its price is what was billed over all tokens.")
    lines += [f"Warning: {words}" for words in reading.warnings]
    return [f"# {_plain(line)}" for line in lines]


def _plain(line: str) -> str:
    return "".join(char if char.isprintable() else " " for char in line)


def _commented(lines: Sequence[str], found: UsagePlan) -> list[str]:
    """The lines with an origin behind each field that has one, category by category."""
    words = {(origin.category, origin.field): f"{origin.source}: {origin.words}" for origin in found.origins}
    names = iter(category.name for category in found.plan.workload.categories)
    commented, within, name = [], False, ""
    for line in lines:
        within = line == "  categories:" or (within and line.startswith("  "))
        if within and line.startswith("  - "):
            name = next(names, "")
        match = _FIELD.fullmatch(line) if within else None
        origin = words.get((name, match[1])) if match else None
        commented.append(line if origin is None else f"{line}  # {_plain(origin)}")
    return commented
