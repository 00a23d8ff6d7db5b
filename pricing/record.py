"""The base of every record: frozen, closed, compared by value."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from pricing.errors import Problem, did_you_mean, quoted


class Record(BaseModel):
    """A frozen record that refuses unknown fields, NaN and quiet conversions.

    The docstring under a field is one sentence for a planner: it becomes the help of its form field.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )


def _plain(text: str) -> str:
    if any(not char.isprintable() for char in text):
        raise ValueError("must not contain control or direction characters")
    return text


Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), AfterValidator(_plain)
]
"""A name that people read: 1 to 200 printable characters."""


def problems_in(error: ValidationError, place: str) -> list[Problem]:
    """What pydantic found wrong with one record, as problems that name the field under ``place``."""
    return [_problem(item, place) for item in error.errors(include_url=False)]


_WORDS = {
    "missing": ("nothing", "a value", "Add it."),
    "decimal_type": (None, "a price", 'Write the price as digits in quotes, such as "0.25".'),
    "date_type": (None, "a day", "Write the day as YYYY-MM-DD."),
    "string_type": (None, "text", "Write it in quotes."),
    "bool_type": (None, "true or false", "Write true or false."),
    "int_type": (None, "a whole number", "Write it without a point and without quotes."),
    "float_type": (None, "a number", "Write it without quotes."),
    "tuple_type": (None, "a list", "Write [first, second]."),
}


def _problem(item: Any, place: str) -> Problem:
    where = " > ".join([place, *(str(part) for part in item["loc"])])
    kind, found = item["type"], quoted(item["input"])
    if kind in _WORDS:
        shown, expected, mend = _WORDS[kind]
        return Problem(where, shown or found, expected, mend)
    if kind == "extra_forbidden":
        return Problem(where, "this field", "known", "Check its spelling, or remove it.")
    if kind == "literal_error":
        expected = item["ctx"]["expected"]
        known = [word.strip("\'") for word in expected.replace(" or ", ", ").split(", ")]
        mend = did_you_mean(str(item["input"]), known, "Choose one of them.")
        return Problem(where, found, f"one of {expected}", mend)
    if kind == "value_error":
        shown = found if len(item["loc"]) and not isinstance(item["input"], dict) else "this entry"
        said = str(item["ctx"]["error"])
        return Problem(where, shown, "accepted", f"{said[:1].upper()}{said[1:]}.")
    return Problem(where, found, "accepted", f"{item['msg']}.")
