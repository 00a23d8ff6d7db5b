"""Numbers that carry their unit and bounds in their type.

A field is declared with one of these; its form widget, its error message and its label follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts, as a suffix for a label and as words for a message."""

    symbol: str
    expected: str


SHARE = Unit("share", "a share")
USD = Unit("$", "an amount in dollars")
USD_PER_MTOK = Unit("$ per 1M tokens", "a price per 1M tokens")
TOKENS = Unit("tokens", "a count of tokens")
REQUESTS = Unit("requests", "a count of requests")
MONTHS = Unit("months", "a count of months")
FACTOR = Unit("x", "a factor")
SECONDS = Unit("s", "a time in seconds")
HOURS = Unit("h", "a time in hours")
COUNT = Unit("", "a whole number")
GROWTH = Unit("per month", "a growth per month")


def _decimal(value: object) -> object:
    """Prices are written as text ("0.25") or whole numbers; a float would carry dust."""
    if isinstance(value, Decimal):
        return value
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    if not text.replace(".", "", 1).isdigit() or len(text) > 20:
        raise ValueError("write the price as digits in quotes, such as \"0.25\"")
    return Decimal(text)


def _day(value: object) -> object:
    """A day as the reader of YAML gives it (a date) or as text, 2026-11-22."""
    if isinstance(value, str):
        if len(value) != 10:
            raise ValueError("write the day as YYYY-MM-DD")
        return date.fromisoformat(value)
    return value


# What _decimal takes, for editors that check a table against the schema.
_PRICE_SCHEMA = {"type": ["string", "integer"], "pattern": r"^[0-9]{1,6}(\.[0-9]{1,13})?$", "minimum": 0}

Day = Annotated[date, BeforeValidator(_day)]
UsdPerMtok = Annotated[
    Decimal, BeforeValidator(_decimal), Field(ge=0, le=100_000), WithJsonSchema(_PRICE_SCHEMA), USD_PER_MTOK
]
Usd = Annotated[float, Field(ge=0, le=1e12), USD]
Share = Annotated[float, Field(ge=0, le=1), SHARE]
Tokens = Annotated[int, Field(ge=0, le=10**12), TOKENS]
Factor = Annotated[float, Field(gt=0, le=1000), FACTOR]
