"""From a validator's findings to problems that name place, value, expectation and mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, ValidationError
from pydantic.fields import FieldInfo

from planner.domain.quantities import Within
from pricing.errors import Problem, did_you_mean, quoted
from pricing.record import Record
from pricing.units import Unit

NAMED_LISTS = {"categories": "name", "scenarios": "name", "evaluations": "category"}
"""Lists whose entries are called by a name instead of a position."""


def problems_of(error: ValidationError, document: Any, place: str) -> list[Problem]:
    """Every fault of a validation error, one per place, in reading order."""
    fields = _fields()
    found: dict[str, Problem] = {}
    for fault in error.errors(include_url=False):
        path = _path(fault["loc"], document)
        where = " > ".join((place, *(shown for shown, _ in path)))
        for number, problem in enumerate(_problems(fault, where, path, fields)):
            found.setdefault(where if number == 0 and not _whole(fault) else f"{where} {problem.found}", problem)
    return list(found.values())


def _whole(fault: Mapping[str, Any]) -> bool:
    return bool(fault["type"] == "value_error")


def _path(loc: tuple[int | str, ...], document: Any) -> list[tuple[str, str]]:
    """Parts of the place that exist in the document or are fields of it: (as shown, key)."""
    path: list[tuple[str, str]] = []
    here = document
    for part in loc:
        if isinstance(here, (list, tuple)) and isinstance(part, int) and part < len(here):
            key = path[-1][1] if path else ""
            here = here[part]
            name = here.get(NAMED_LISTS.get(key, ""), None) if isinstance(here, dict) else None
            path.append((str(name)[:60] if isinstance(name, str) and name else f"{key} {part + 1}", str(part)))
        elif isinstance(here, dict) and part in here:
            here = here[part]
            path.append((str(part)[:60], str(part)))
        elif isinstance(here, dict) and isinstance(part, str) and part in _fields() and part == loc[-1]:
            path.append((part, part))
    return path


def _problems(
    fault: Mapping[str, Any], where: str, path: list[tuple[str, str]], fields: Mapping[str, FieldInfo]
) -> Iterator[Problem]:
    name = path[-1][1] if path else ""
    found, kind, context = quoted(fault["input"]), fault["type"], fault.get("ctx", {})
    if kind == "missing":
        yield Problem(where, "nothing", "enough", f"Add {quoted(str(fault['loc'][-1]))}.")
    elif kind == "extra_forbidden":
        yield Problem(
            where, quoted(name or str(fault["loc"][-1])), "a field that is known here",
            did_you_mean(name, sorted(fields), "Remove it."),
        )
    elif kind in ("union_tag_invalid", "union_tag_not_found"):
        tags = str(context.get("expected_tags", "")).replace("'", "")
        tag = context.get("tag")
        yield Problem(f"{where} > kind", quoted(tag) if tag else "nothing", "a known kind",
                      did_you_mean(str(tag), tags.split(", "), f"Write one of {tags}."))
    elif kind == "literal_error":
        choices = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        yield Problem(where, found, "one of the choices",
                      did_you_mean(str(fault["input"]), choices, f"Write one of {', '.join(choices)}."))
    elif kind == "value_error" and isinstance(fault["input"], dict):
        for sentence in str(context.get("error", fault["msg"])).split(" · "):
            said, _, mend = sentence.partition(": ")
            yield Problem(where, said, "", f"{mend[:1].upper()}{mend[1:]}." if mend else "")
    elif name in fields:
        expected, mend = expectation(fields[name])
        yield Problem(where, found, expected, mend)
    else:
        yield Problem(where, found, "what belongs here", f"{fault['msg']}.")


@cache
def _fields() -> dict[str, FieldInfo]:
    """Every field name of a plan file with its declaration (names that occur twice mean the same thing)."""
    from planner.domain.plan import Plan  # the plan reads itself with this module

    found: dict[str, FieldInfo] = {}
    pending: list[type[Record]] = [Plan]
    while pending:
        record = pending.pop()
        for name, field in record.model_fields.items():
            found.setdefault(name, field)
            pending.extend(part for part in _records(field.annotation) if part is not record)
    return found


def _records(annotation: Any) -> Iterator[type[Record]]:
    """Record classes inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        yield annotation
    for part in (*getattr(annotation, "__args__", ()), getattr(annotation, "__origin__", None)):
        if part is not None and part is not annotation:
            yield from _records(part)


def expectation(field: FieldInfo) -> tuple[str, str]:
    """What a field takes and how to write it, from its declared unit and bounds.

    >>> from planner.domain.workload import Category
    >>> expectation(Category.model_fields["batch_share"])
    ('a share', 'Write a number from 0 to 1.')
    """
    parts = list(_metadata(field.annotation)) + list(field.metadata)
    unit = next((part for part in parts if isinstance(part, Unit)), None)
    low, high = bounds_of(field)
    number = "a whole number" if _holds(field.annotation, int) and not _holds(field.annotation, float) else "a number"
    if low is not None and high is not None:
        return (unit.expected if unit else number), f"Write {number} from {low:,.15g} to {high:,.15g}."
    if _holds(field.annotation, str):
        return "text", "Write 1 to 200 printable characters."
    return (unit.expected if unit else "what belongs here"), (field.description or "").strip()


def bounds_of(field: FieldInfo) -> tuple[float | None, float | None]:
    """Lowest and highest value that a field takes."""
    low: float | None = None
    high: float | None = None
    for part in (*_metadata(field.annotation), *field.metadata):
        if isinstance(part, AfterValidator) and isinstance(part.func, Within):
            low, high = part.func.low, part.func.high
        elif isinstance(part, FieldInfo):
            inner_low, inner_high = bounds_of(part)
            low, high = (inner_low if low is None else low), (inner_high if high is None else high)
        elif isinstance(part, (Ge, Gt)):
            low = float(part.ge if isinstance(part, Ge) else part.gt)  # type: ignore[arg-type]
        elif isinstance(part, (Le, Lt)):
            high = float(part.le if isinstance(part, Le) else part.lt)  # type: ignore[arg-type]
    return low, high


def unit_of(field: FieldInfo) -> Unit | None:
    """The declared unit of a field."""
    return next((part for part in (*_metadata(field.annotation), *field.metadata) if isinstance(part, Unit)), None)


def _metadata(annotation: Any) -> Iterator[Any]:
    yield from getattr(annotation, "__metadata__", ())
    for part in getattr(annotation, "__args__", ()):
        yield from _metadata(part)


def _holds(annotation: Any, kind: type) -> bool:
    if annotation is kind:
        return True
    origin = getattr(annotation, "__origin__", None)
    inner = (*getattr(annotation, "__args__", ()), *((origin,) if origin is not None else ()))
    return any(_holds(part, kind) for part in inner if part is not annotation)

