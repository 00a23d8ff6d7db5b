"""The figures of a price, one by one, so that two tables can be compared and a third told apart."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from pricing.offers import PRICE_FIELDS, PricePeriod, TokenPrices

HIGHEST_USD_PER_MTOK = Decimal(100_000)


class Figure(NamedTuple):
    """Which price: the first prompt length in tokens at which it holds (0: any), in batch or not, of what."""

    begins: int
    batch: bool
    name: str

    def __str__(self) -> str:
        """The name for people.

        >>> str(Figure(0, False, "input")), str(Figure(200_001, True, "output"))
        ('input', 'batch output from 200,001 tokens')
        """
        words = f"{'batch ' if self.batch else ''}{self.name}"
        return f"{words} from {self.begins:,} tokens" if self.begins else words

    @property
    def base(self) -> Figure:
        """The same price of a short request."""
        return self._replace(begins=0)


INPUT, OUTPUT = Figure(0, False, "input"), Figure(0, False, "output")
Figures = Mapping[Figure, Decimal]


class NoPrice(ValueError):
    """A value that is no price in USD per 1M tokens; the words say why."""


def as_price(value: object) -> Decimal:
    """A price from another table, rounded to 6 places; :class:`NoPrice` for anything that is none.

    A flag, a text with a unit, a negative amount, NaN, an infinity and more than 100,000 USD are no prices.

    >>> as_price("1.0399999999999998"), as_price(2)
    (Decimal('1.04'), Decimal('2'))
    """
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)) or len(str(value)) > 400:
            raise InvalidOperation
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):
        raise NoPrice(f"{str(value)[:40]!r} is not a number") from None
    if not amount.is_finite():
        raise NoPrice(f"{value} is not a number")
    if amount < 0:
        raise NoPrice(f"{str(value)[:40]} is below zero")
    if amount > HIGHEST_USD_PER_MTOK:
        raise NoPrice(f"{str(value)[:40]} is more than {HIGHEST_USD_PER_MTOK:,} USD per 1M tokens")
    kept = round(amount, 6).normalize()
    if amount > 0 and kept == 0:
        raise NoPrice(f"{value} is too small to be USD per 1M tokens")
    return kept if kept.as_tuple().exponent in range(-6, 1) else Decimal(f"{kept:f}")


def figures_of(period: PricePeriod) -> dict[Figure, Decimal]:
    """Every figure of one of our periods. Prices by the hour have none: no other table holds them in our form."""
    found: dict[Figure, Decimal] = {}
    parts: list[tuple[int, bool, TokenPrices | None]] = [(0, False, period), (0, True, period.batch)]
    for step in period.over:
        begins = step.prompt_tokens + (step.boundary == "gt")
        parts += [(begins, False, step), (begins, True, step.batch)]
    for begins, batch, prices in parts:
        if prices is not None:
            found.update({Figure(begins, batch, name): value for name, value in prices.given()})
    return found


def figures_of_fields(fields: Mapping[str, Any]) -> dict[Figure, Decimal]:
    """The same from the plain fields of a period, each price judged by :func:`as_price`."""
    found: dict[Figure, Decimal] = {}
    parts: list[tuple[int, bool, Mapping[str, Any]]] = [(0, False, fields), (0, True, fields.get("batch") or {})]
    for step in fields.get("over") or ():
        begins = int(step["prompt_tokens"]) + (step.get("boundary", "gt") == "gt")
        parts += [(begins, False, step), (begins, True, step.get("batch") or {})]
    for begins, batch, prices in parts:
        for name in PRICE_FIELDS:
            if prices.get(name) is not None:
                figure = Figure(begins, batch, name)
                try:
                    found[figure] = as_price(prices[name])
                except NoPrice as error:
                    raise NoPrice(f"{figure}: {error}") from None
    return found


def in_table(value: Decimal) -> str:
    """A price as the tables write it.

    >>> in_table(Decimal("10.50")), in_table(Decimal("1E+2"))
    ('10.5', '100')
    """
    return f"{value.normalize():f}"


def fields_of(figures: Figures) -> dict[str, Any]:
    """The fields of a period that has these figures.

    A step that begins at a round number of tokens includes it (``ge``), one that begins just past it does not
    (``gt``). Prices that come without input or output price, such as a lone cached price in batch, are left out.
    """

    def part(begins: int, batch: bool) -> dict[str, str]:
        found = {
            name: in_table(figures[Figure(begins, batch, name)])
            for name in PRICE_FIELDS
            if Figure(begins, batch, name) in figures
        }
        return found if {"input", "output"} <= set(found) else {}

    fields: dict[str, Any] = dict(part(0, False))
    if batch := part(0, True):
        fields["batch"] = batch
    steps: list[dict[str, Any]] = []
    for begins in sorted({figure.begins for figure in figures if figure.begins}):
        if prices := part(begins, False):
            past = begins % 1000 == 1
            steps.append({"prompt_tokens": begins - past, "boundary": "gt" if past else "ge", **prices})
            if batch := part(begins, True):
                steps[-1]["batch"] = batch
    if steps:
        fields["over"] = steps
    return fields
