"""Cells into counts, money, times and names: right, or refused with file, row, column, found and expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, TypeVar

from planner.ingest.usage import DAY_S, PICO
from pricing.errors import InputError, Problem, quoted

MAX_PROBLEMS = 20
MAX_NAME = 200
MAX_COUNT = 10**15
MAX_USD = 10**9

_DIGITS = r"([-+]?)\$?([0-9]{1,18}|[0-9]{1,3}(?:([, '\u2019\u00a0\u202f])[0-9]{3})(?:\3[0-9]{3}){0,4})"
_COUNT = re.compile(_DIGITS.replace(r"\$?", "") + r"(\.0{0,30})?")
_MONEY = re.compile(_DIGITS + r"?(\.[0-9]{0,60})?([eE][-+]?[0-9]{1,2})?")
_PLAIN_USD = re.compile(r"([0-9]{1,8})(?:\.([0-9]{0,12}))?")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?(?: ?(Z|UTC|[-+][0-9]{2}:?[0-9]{2}))?)?"
)
_EPOCH = re.compile(r"[0-9]{10}(?:[0-9]{3})?(?:\.[0-9]{1,9})?")
_MAIL = re.compile(r"[^\s@<>\"'(),;:/|]+@[^\s@<>\"'(),;:/|]+\.[^\s@<>\"'(),;:/|]+")
_SECRET = re.compile(r"\b(?:sk|pk|rk|xai|gsk|AKIA|AIza)[-_]?[A-Za-z0-9_-]{16,}")
FIRST_S, LAST_S = 1_420_070_400, 4_102_444_800  # 2015 to 2099: outside lies a broken clock or a wrong column

_COUNT_EXPECTED = "a whole count"
_T = TypeVar("_T")


class Refused(Exception):  # an internal signal: it ends one cell, and the row goes on to name its other faults
    """One cell that cannot be read."""

    def __init__(self, found: str, expected: str, mend: str) -> None:
        super().__init__(found)
        self.found, self.expected, self.mend = found, expected, mend


def read_count(value: Any, has_comma_cells: bool = True) -> int:
    """A whole number from a cell; ``has_comma_cells`` tells whether commas also part the cells of this file.

    In a file parted by semicolons or tabs ``12.000`` may mean twelve or twelve thousand: it is refused.

    >>> read_count("1,234"), read_count("12.0"), read_count("-7")
    (1234, 12, -7)
    """
    if isinstance(value, str):
        text = value.strip()
        if len(text) <= 15 and text.isascii() and text.isdigit():
            return int(text)
        match = _COUNT.fullmatch(text) if len(text) <= 60 else None
        if match is None:
            raise Refused(quoted(text, 40) if text else "an empty cell", _COUNT_EXPECTED, _count_mend(text))
        if match[4] == ".000" and not has_comma_cells:
            raise Refused(quoted(text), f"clear: {text[:-4]} or {text[:-4]} thousand", "Write it without a point.")
        number = int(re.sub(r"[^0-9]", "", match[2])) * (-1 if match[1] == "-" else 1)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, Decimal) and abs(value) <= MAX_COUNT and value == value.to_integral_value():
        number = int(value)
    else:
        raise Refused(quoted(value, 40), _COUNT_EXPECTED, "Write digits.")
    if abs(number) > MAX_COUNT:
        raise Refused(quoted(value, 40), f"a count up to {MAX_COUNT:,}", "Check the column.")
    return number


def _count_mend(text: str) -> str:
    if re.fullmatch(r"[-+]?[0-9]+(?:\.[0-9]+)?[eE]\+?[0-9]+", text):
        return "A spreadsheet has shortened it: export the file again and do not save it from the spreadsheet."
    if text.startswith(("=", "@")):
        return "It is a formula: write its value."
    return "Write digits, such as 250000 or 250,000."


def read_decimal(value: Any, has_comma_cells: bool = True) -> Decimal:
    """A number with decimals behind a point, exactly as written.

    A comma alone may part thousands or decimals in files that use no commas between cells: it is refused there.

    >>> read_decimal("1,234.50"), read_decimal("5e-06")
    (Decimal('1234.50'), Decimal('0.000005'))
    """
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, int) and not isinstance(value, bool):
        number = Decimal(value)
    elif isinstance(value, str):
        text = value.strip()
        match = _MONEY.fullmatch(text) if len(text) <= 90 else None
        if match is None or (match[2] is None and match[4] in (None, ".")):
            raise Refused(quoted(text, 40) if text else "an empty cell", "a number",
                          "Write digits with a point before the decimals, such as 1234.50.")
        if match[3] == "," and match[4] is None and not has_comma_cells and match[2].count(",") == 1:
            raise Refused(quoted(text), "clear: its comma may part thousands or decimals", "Write it without a comma.")
        digits = re.sub(r"[^0-9]", "", match[2] or "0")
        number = Decimal(f"{match[1]}{digits}{match[4] or ''}{match[5] or ''}")
    else:
        raise Refused(quoted(value, 40), "a number", "Write digits.")
    if number.is_nan() or number.is_infinite() or (number and number.adjusted() > 18):
        raise Refused(quoted(value, 40), "a number this planner can count with", "Check the column.")
    return number


def in_picousd(usd: Decimal) -> int:
    """Dollars as whole pico-dollars, the nearest; ties go to the even one.

    >>> in_picousd(Decimal("0.25"))
    250000000000
    """
    if abs(usd) > MAX_USD:
        raise Refused(f"{usd:.3g}", f"an amount up to {MAX_USD:,} dollars", "Check the column.")
    return int((usd * PICO).to_integral_value(ROUND_HALF_EVEN))


def read_moment(value: Any) -> tuple[int, bool, bool]:
    """Seconds since 1970, whether a time of day stands there, and whether a time zone does; without one, UTC.

    >>> read_moment("2026-10-31T23:30:00-02:00")
    (1793496600, True, True)
    """
    text = str(value).strip() if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    if _EPOCH.fullmatch(text):
        seconds = int(text[:10]) if len(text.partition(".")[0]) == 10 else int(text[:13]) // 1000
        has_time, has_zone = True, True
    else:
        match = _TIME.fullmatch(text) if len(text) <= 40 else None
        if match is None:
            raise Refused(quoted(value, 40) if text else "an empty cell", "a day or a time",
                          "Write it as 2026-10-31 or 2026-10-31T23:30:00Z.")
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        zone = match[7]
        try:
            moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            raise Refused(quoted(text), "a day of the calendar", "Correct it.") from None
        seconds, has_time, has_zone = int(moment.timestamp()), match[4] is not None, zone is not None
        if zone and zone[0] in "+-":
            hours, minutes = int(zone[1:3]), int(zone[-2:])
            if hours > 14 or minutes > 59:
                raise Refused(quoted(text), "a time zone", "Write it as +02:00.")
            seconds -= (hours * 3600 + minutes * 60) * (1 if zone[0] == "+" else -1)
    if not FIRST_S <= seconds < LAST_S:
        raise Refused(quoted(text), "a time from 2015 to 2099", "Check the column.")
    return seconds, has_time, has_zone


def read_name(value: Any) -> str | None:
    """A name as the file writes it, without e-mail addresses and secrets; None for an empty cell.

    >>> read_name("anna@example.com's key"), read_name("  ")
    ("(e-mail removed)'s key", None)
    """
    if value is None:
        return None
    text = str(value).strip()
    if not text:
        return None
    if len(text) > MAX_NAME:
        raise Refused(quoted(text, 40), f"a name of at most {MAX_NAME} characters", "Check the column.")
    if not text.isprintable():
        raise Refused(quoted(text, 40), "a name without control or direction characters", "Remove them.")
    if "@" in text:
        text = _MAIL.sub("(e-mail removed)", text)
    return _SECRET.sub("(secret removed)", text)


class Cells:
    """The cells of the row at hand, by column; what cannot be read is collected with its place."""

    def __init__(self, file: str, columns: frozenset[str], has_comma_cells: bool = True, family: str = "") -> None:
        self.family = family
        self.file, self.columns, self.has_comma_cells = file, columns, has_comma_cells
        self.where: str | int = 0
        self.record: Mapping[str, Any] = {}
        self.problems: list[Problem] = []
        self.lacks_zone = False
        self._names: dict[str, str | None] = {}
        self._words: dict[str, str] = {}
        self.documents: dict[str, Any] = {}
        """JSON of cells that has been read, by its text; filled by the formats that keep JSON in cells."""
        self._moments: dict[Any, tuple[int, bool, bool]] = {}

    def at(self, where: int | str, record: Mapping[str, Any]) -> Cells:
        """Moves to the next row."""
        self.where, self.record = where, record
        return self

    def refuse(self, column: str, found: str, expected: str, mend: str) -> None:
        """Adds one problem; stops the reading once there are too many to read."""
        place = f"row {self.where}" if isinstance(self.where, int) else self.where
        self.problems.append(Problem(" > ".join(filter(None, (self.file, place, column))), found, expected, mend))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InputError(self.problems)

    def _read(self, column: str, reader: Callable[[], _T], otherwise: _T) -> _T:
        try:
            return reader()
        except Refused as refused:
            self.refuse(column, refused.found, refused.expected, refused.mend)
        except (ArithmeticError, ValueError):
            self.refuse(column, quoted(self.record.get(column), 40), "a value that can be read", "Check the column.")
        return otherwise

    def is_blank(self, column: str) -> bool:
        """Whether nothing stands in the cell."""
        value = self.record.get(column)
        return value is None or (isinstance(value, str) and not value.strip())

    def first(self, *columns: str) -> str:
        """The first of these columns that the file has; the first of all if it has none."""
        return next((column for column in columns if column in self.columns), columns[0])

    def count(self, column: str) -> int:
        """A count that every row must have."""
        value = self.record.get(column)
        if type(value) is str and len(value) <= 15 and value.isascii() and value.isdigit():
            return int(value)  # as nearly all are written
        return self._read(column, lambda: read_count(self.record.get(column, ""), self.has_comma_cells), 0)

    def count_of(self, column: str, highest: int) -> int:
        """A whole number of 0 to ``highest``, such as a time in nanoseconds."""
        text = str(self.record.get(column, "")).strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 24 and int(text) <= highest):
            self.refuse(column, quoted(text, 40), f"a whole number up to {highest:g}", "Check the column.")
            return 0
        return int(text)

    def detail(self, column: str) -> int | None:
        """A count that may be left blank, which is 0; None if the file has no such column."""
        if column not in self.columns:
            return None
        return 0 if self.is_blank(column) else self.count(column)

    def usd(self, column: str, per: int = 1) -> int | None:
        """Pico-dollars of an amount written in dollars over ``per``; blank is 0, a column that is absent is None."""
        if column not in self.columns:
            return None
        value = self.record.get(column)
        if per == 1 and type(value) is str and (plain := _PLAIN_USD.fullmatch(value)):
            return int(plain[1]) * PICO + int((plain[2] or "").ljust(12, "0"))  # as nearly all are written
        if self.is_blank(column):
            return 0
        return self._read(
            column, lambda: in_picousd(read_decimal(self.record[column], self.has_comma_cells) / per), 0
        )

    def tokens(self, column: str, unit: int) -> int:
        """Tokens of a quantity counted in ``unit`` tokens; it must come out whole."""
        def whole() -> int:
            tokens = read_decimal(self.record.get(column, ""), self.has_comma_cells) * unit
            nearest = tokens.to_integral_value(ROUND_HALF_EVEN)
            if abs(tokens - nearest) > Decimal("1e-6") or abs(nearest) > MAX_COUNT:
                raise Refused(quoted(self.record[column], 40), f"a whole number of tokens in units of {unit:,}",
                              "Check the unit.")
            return int(nearest)

        return self._read(column, whole, 0)

    def name(self, column: str) -> str | None:
        """A name, without personal data; None for a blank or absent one."""
        value = self.record.get(column)
        if not isinstance(value, str):
            if value is None or isinstance(value, int | Decimal):
                return self._read(column, lambda: read_name(value), None)
            self.refuse(column, quoted(value, 40), "a name", "Write plain text.")
            return None
        if value not in self._names:
            if len(self._names) > 100_000:
                self._names.clear()
            self._names[value] = self._read(column, lambda: read_name(value), None)
        return self._names[value]

    def named(self, column: str, value: Any) -> str | None:
        """A name that was found inside a cell, without personal data."""
        return self._read(column, lambda: read_name(value), None)

    def word(self, column: str) -> str:
        """A technical word in lower case; empty for a blank one."""
        value = self.record.get(column)
        if not value:
            return "" if value is None else str(value)[:MAX_NAME].casefold()
        if type(value) is str and (known := self._words.get(value)) is not None:
            return known
        word = str(value).strip().casefold()[:MAX_NAME]
        if type(value) is str and len(value) <= MAX_NAME and len(self._words) < 10_000:
            self._words[value] = word
        return word

    def flag(self, column: str) -> bool | None:
        """True or false; None for a blank or absent one."""
        word = self.word(column)
        if word in ("true", "t", "1", "yes"):
            return True
        if word in ("false", "f", "0", "no"):
            return False
        if word:
            self.refuse(column, quoted(word, 40), "true or false", "Write one of the two.")
        return None

    def moment(self, column: str, is_utc: bool = True) -> int:
        """Seconds since 1970; a time without a zone is UTC, which is noted unless the source says that it is."""
        return self.moment_and_time(column, is_utc)[0]

    def moment_and_time(self, column: str, is_utc: bool = True) -> tuple[int, bool]:
        """As :meth:`moment`, and whether a time of day stands there."""
        value = self.record.get(column)
        try:
            found = self._moments.get(value)
        except TypeError:
            found, value = None, str(value)[:MAX_NAME]
        if found is None:
            found = self._read(column, lambda: read_moment(value), (FIRST_S, False, True))
            if len(self._moments) > 100_000:
                self._moments.clear()
            if not self.problems:
                self._moments[value] = found
        if not is_utc and found[1] and not found[2]:
            self.lacks_zone = True
        return found[0], found[1]

    def span(self, start: str, end: str, longest_days: int = 366) -> tuple[int, int]:
        """Start and length in seconds of a bucket from one column to another; a day without an end."""
        first = self.moment(start)
        if end not in self.columns or self.is_blank(end):
            return first, DAY_S
        length = self.moment(end) - first
        if not 0 < length <= longest_days * DAY_S and not self.problems:
            self.refuse(end, quoted(self.record.get(end), 40), f"after {start} and within {longest_days} days of it",
                        "Check both columns.")
        return first, length
