"""The register of assumptions: every belief of the planner with its range, unit, source and date."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, StringConstraints, ValidationError, model_validator

from planner.domain.quantities import Quantity, Range
from pricing.documents import load_document
from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.record import Name, Record, problems_in

ASSUMPTIONS_FILE = Path(__file__).parents[1] / "defaults" / "assumptions.yaml"

Kind = Literal["published", "measured", "fitted", "judgement"]
Origin = Literal["default", "plan"]
Sentence = Annotated[str, StringConstraints(min_length=3, max_length=400)]
AsOf = Annotated[
    str,
    BeforeValidator(lambda value: value.isoformat() if isinstance(value, date) else value),
    StringConstraints(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$"),
]
"""A year, a month or a day in ISO form, as exact as the source is."""


class AssumptionUnit(Record):
    """What an assumption counts, and what may be entered for it."""

    label: Name
    """The unit as it is written behind a number."""
    at_least: float
    """Lowest value that can be entered."""
    at_most: float
    """Highest value that can be entered."""
    whole: bool = False
    """Whether only whole numbers make sense."""

    @property
    def expected(self) -> str:
        """What may be entered, in words.

        >>> AssumptionUnit(label="replicas", at_least=0, at_most=100, whole=True).expected
        'a whole number from 0 to 100 (replicas)'
        """
        number = "a whole number" if self.whole else "a number"
        return f"{number} from {self.at_least:,.15g} to {self.at_most:,.15g} ({self.label})"

    def takes(self, number: float) -> bool:
        """Whether the number may be entered."""
        return self.at_least <= number <= self.at_most and (not self.whole or number == int(number))


class Assumption(Record):
    """One belief: what is used, what it may plausibly be, and why."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,79}$")]
    """The name under which a plan overrides it."""
    label: Name
    """What it is called in tables and charts."""
    group: Name
    """The part of the method that it belongs to."""
    value: float
    """The number that is used."""
    low: float
    """The value that is undercut in one case out of ten."""
    high: float
    """The value that is passed in one case out of ten."""
    unit: Name
    """The name of its unit in the register."""
    kind: Kind
    """Whether somebody published it, somebody measured it, we fitted it, or it is judgement."""
    source: Sentence
    """Where it comes from."""
    as_of: AsOf
    """When the source was written, or read where it bears no date."""
    sentence: Sentence
    """What it does, in one sentence."""
    origin: Origin = "default"
    """Whether the number is the shipped one or the plan's own."""

    @model_validator(mode="after")
    def _ordered(self) -> Assumption:
        if not self.low <= self.value <= self.high:
            raise ValueError("low, value and high must stand in this order")
        return self


class Register(Mapping[str, Assumption]):
    """All assumptions by id, frozen: an override gives a new register.

    >>> register = load_register()
    >>> register.value("hours_per_month")
    730.0
    >>> own = register.with_overrides({"materiality_usd": 100})
    >>> own.value("materiality_usd"), own["materiality_usd"].origin, register.value("materiality_usd")
    (100.0, 'plan', 50.0)
    """

    __slots__ = ("_ascending", "_entries", "_hash", "groups", "units")

    def __init__(
        self,
        entries: Iterable[Assumption],
        units: Mapping[str, AssumptionUnit],
        groups: Mapping[str, str],
        ascending: tuple[tuple[str, ...], ...] = (),
    ) -> None:
        self._entries = {entry.id: entry for entry in entries}
        self._ascending = ascending
        self._hash = hash(tuple(self._entries.values()))
        self.units: Mapping[str, AssumptionUnit] = MappingProxyType(dict(units))
        self.groups: Mapping[str, str] = MappingProxyType(dict(groups))

    def __getitem__(self, key: str) -> Assumption:
        return self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Register) and self._hash == other._hash and self._entries == other._entries
        )

    def __hash__(self) -> int:
        return self._hash

    def value(self, key: str) -> float:
        """The number that is used for an id. An id that is not in the register is a KeyError: a fault in the code."""
        return self._entries[key].value

    def unit(self, key: str) -> AssumptionUnit:
        """The unit of an entry."""
        return self.units[self._entries[key].unit]

    @property
    def own(self) -> tuple[Assumption, ...]:
        """The entries that a plan has set itself."""
        return tuple(entry for entry in self._entries.values() if entry.origin == "plan")

    def with_overrides(self, overrides: Mapping[str, object], place: str = "assumptions") -> Register:
        """A register in which the plan's own numbers stand.

        An override is a number or a range (:class:`Range`, or ``{low, likely, high}``); a number alone leaves no
        range. Raises :class:`InputError` with every unknown id and every number that cannot be.
        """
        if not overrides:
            return self
        problems: list[Problem] = []
        changed = dict(self._entries)
        for key, given in overrides.items():
            where = f"{place} > {key}"
            if key not in changed:
                mend = did_you_mean(str(key), list(changed), "See the register on the Method page for all names.")
                problems.append(Problem(where, quoted(key), "an assumption of the register", mend))
                continue
            believed = self._believed(key, given, where, problems)
            if believed is not None:
                changed[key] = changed[key].model_copy(
                    update={"low": believed.low, "value": believed.likely, "high": believed.high, "origin": "plan"}
                )
        register = Register(changed.values(), self.units, self.groups, self._ascending)
        problems.extend(register._not_ascending(place))
        if problems:
            raise InputError(problems)
        return register

    def _believed(self, key: str, given: object, where: str, problems: list[Problem]) -> Range | None:
        unit = self.unit(key)
        mend = f"Write {unit.expected}."
        parts = _range_of(given)
        if parts is None:
            problems.append(Problem(where, quoted(given), "a number or {low, likely, high} in rising order", mend))
            return None
        wrong = [part for part in dict.fromkeys((parts.low, parts.likely, parts.high)) if not unit.takes(part)]
        problems.extend(Problem(where, f"{part:,.15g}", "possible here", mend) for part in wrong)
        return None if wrong else parts

    def _not_ascending(self, place: str) -> Iterator[Problem]:
        for keys in self._ascending:
            for lower, higher in pairwise(keys):
                if self.value(lower) >= self.value(higher):
                    yield Problem(
                        f"{place} > {higher}", f"{self.value(higher):,.15g}",
                        f"above {lower}, which is {self.value(lower):,.15g}", "Keep the two in rising order.",
                    )


def _range_of(given: object) -> Range | None:
    """The range that an override states; None if it states none."""
    if isinstance(given, Range):
        return given
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        number = float(given)
        return Range(low=number, likely=number, high=number) if math.isfinite(number) else None
    if isinstance(given, Mapping):
        try:
            return Range.model_validate(dict(given))
        except ValidationError:
            return None
    return None


def _checked(document: Any, place: str) -> Register:
    """A register from the plain values of its file."""
    if not isinstance(document, dict) or set(document) != {"groups", "units", "ascending", "assumptions"}:
        raise InputError(
            Problem(place, "this document", "a register", "Write groups, units, ascending and assumptions.")
        )
    problems: list[Problem] = []
    units: dict[str, AssumptionUnit] = {}
    entries: list[Assumption] = []
    for name, fields in document["units"].items():
        try:
            units[name] = AssumptionUnit.model_validate(fields)
        except ValidationError as error:
            problems.extend(problems_in(error, f"{place} > units > {name}"))
    for key, fields in document["assumptions"].items():
        where = f"{place} > assumptions > {key}"
        try:
            entry = Assumption.model_validate({"id": key, **fields} if isinstance(fields, dict) else fields)
        except ValidationError as error:
            problems.extend(problems_in(error, where))
            continue
        entries.append(entry)
        problems.extend(_misplaced(entry, units, document["groups"], where))
    if problems:
        raise InputError(problems)
    ascending = tuple(tuple(keys) for keys in document["ascending"])
    register = Register(entries, units, document["groups"], ascending)
    problems.extend(register._not_ascending(f"{place} > assumptions"))
    if problems:
        raise InputError(problems)
    return register


def _misplaced(
    entry: Assumption, units: Mapping[str, AssumptionUnit], groups: Mapping[str, str], where: str
) -> Iterator[Problem]:
    if entry.group not in groups:
        yield Problem(f"{where} > group", quoted(entry.group), "a group of the register",
                      did_you_mean(entry.group, list(groups), "Add it under groups."))
    if entry.unit not in units:
        yield Problem(f"{where} > unit", quoted(entry.unit), "a unit of the register",
                      did_you_mean(entry.unit, list(units), "Add it under units."))
        return
    unit = units[entry.unit]
    for number in dict.fromkeys((entry.low, entry.value, entry.high)):
        if not unit.takes(number):
            yield Problem(where, f"{number:,.15g}", unit.expected, "Mend the number or its unit.")


def read_register(path: Path) -> Register:
    """A register from a file of the form of the shipped one. Raises :class:`InputError` with all problems."""
    return _checked(load_document(path), path.name)


@cache
def load_register() -> Register:
    """The shipped register, read once."""
    return read_register(ASSUMPTIONS_FILE)


def register_of(overrides: Mapping[str, Quantity], place: str = "assumptions") -> Register:
    """The shipped register with a plan's own numbers; see :meth:`Register.with_overrides`."""
    return load_register().with_overrides(overrides, place)
