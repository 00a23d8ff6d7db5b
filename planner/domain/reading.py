"""From a validator's findings to problems that name place, value, expectation and mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from typing import Any

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, ValidationError
from pydantic.fields import FieldInfo

from planner.domain.quantities import OUT_OF_BOUNDS, Within
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
        if _is_beside_the_point(fault):
            continue
        path = _path(fault["loc"], document)
        shown = [part for part, _ in path]
        if shown[:1] == ["workload"] and len(shown) > 2:
            del shown[0]  # a category is named without the workload around it
        where = " > ".join((place, *shown))
        for number, problem in enumerate(_problems(fault, where, path, fields)):
            found.setdefault(where if number == 0 and not _whole(fault) else f"{where} {problem.found}", problem)
    return list(found.values())


def _whole(fault: Mapping[str, Any]) -> bool:
    return bool(fault["type"] == "value_error")


def _is_beside_the_point(fault: Mapping[str, Any]) -> bool:
    """A quantity is a number or a group: whoever wrote a group hears what is wrong in it, not that it is no number."""
    return (
        fault["type"] == "float_type" and isinstance(fault["input"], Mapping)
        and fault["loc"][-1] in ("float", "constrained-float")
    )


def _shown(part: object) -> str:
    """A name in a place: cut, and without characters that could move the cursor."""
    return "".join(char if char.isprintable() else "\ufffd" for char in str(part)[:60])


def _path(loc: tuple[int | str, ...], document: Any) -> list[tuple[str, str]]:
    """Parts of the place that exist in the document or are fields of it: (as shown, key)."""
    path: list[tuple[str, str]] = []
    here = document
    for part in loc:
        if isinstance(here, (list, tuple)) and isinstance(part, int) and part < len(here):
            key = path[-1][1] if path else ""
            here = here[part]
            name = here.get(NAMED_LISTS.get(key, ""), None) if isinstance(here, dict) else None
            path.append((_shown(name) if isinstance(name, str) and name else f"{key} {part + 1}", str(part)))
        elif isinstance(here, dict) and part in here:
            here = here[part]
            path.append((_shown(part), str(part)))
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
        others = sorted(set(fields) - {name})
        yield Problem(where, quoted(name or str(fault["loc"][-1])), "a field that is known here",
                      did_you_mean(name, others, "Remove it."))
    elif kind == "union_tag_not_found":
        yield Problem(f"{where} > kind", "nothing", "enough", 'Add "kind".')
    elif kind == "union_tag_invalid":
        tags = str(context.get("expected_tags", "")).replace("'", "")
        yield Problem(f"{where} > kind", quoted(context.get("tag")), "a known kind",
                      did_you_mean(str(context.get("tag")), tags.split(", "), f"Write one of {tags}."))
    elif kind == "literal_error":
        choices = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ").split(", ")
        yield Problem(where, found, "one of the choices",
                      did_you_mean(str(fault["input"]), choices, f"Write one of {', '.join(choices)}."))
    elif kind == "value_error" and isinstance(fault["input"], dict) and not _is_out_of_bounds(fault):
        for sentence in str(context.get("error", fault["msg"])).split(" · "):
            said, _, mend = sentence.partition(": ")
            yield Problem(where, said, "", f"{mend[:1].upper()}{mend[1:]}." if mend else "")
    elif kind in _FORMS:
        yield Problem(where, found, *(part.format(**context) for part in _FORMS[kind]))
    else:
        holder = path[-2][1] if len(path) > 1 and path[-2][1] in _by_name() else name
        if holder in fields:
            yield Problem(where, found, *expectation(fields[holder]))
        else:
            yield Problem(where, found, "what belongs here", f"{fault['msg']}.")


_FORMS = {
    "model_type": ("a group of fields", "Write its fields under it, each as name: value."),
    "model_attributes_type": ("a group of fields", "Write its fields under it, each as name: value."),
    "dict_type": ("a group of names", "Write the names under it, each as name: value."),
    "tuple_type": ("a list", "Write [first, second]."),
    "too_short": ("a list of {min_length} entries or more", "Add what is missing."),
    "too_long": ("a list of {max_length} entries or fewer", "Remove what is too much."),
    "date_type": ("a day", "Write the day as YYYY-MM-DD."),
    "invalid_key": ("a name", "Write a plain word before the colon."),
}
"""What values of a wrong form should have been, and how to mend them."""


def _is_out_of_bounds(fault: Mapping[str, Any]) -> bool:
    return str(fault.get("ctx", {}).get("error", "")).startswith(OUT_OF_BOUNDS)


@cache
def _by_name() -> frozenset[str]:
    """Fields that hold one value per name: what is expected of the value is said of the field."""
    return frozenset(name for name, field in _fields().items() if _holds(field.annotation, dict))


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
        ranged = f"{number} from {low:,.15g} to {high:,.15g}"
        is_plain = unit is None or unit.expected in ("a number", "a whole number")
        return (ranged if is_plain or unit is None else unit.expected), f"Write {ranged}."
    if _holds(field.annotation, dict) and _holds(field.annotation, float):
        return "a number", "Write a number, or low, likely and high."
    if _holds(field.annotation, date):
        return _FORMS["date_type"]
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

