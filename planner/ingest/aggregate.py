"""Sums and shapes of usage rows: totals, groups, percentiles, the week's profile and growth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from planner.ingest.usage import LABELS, NO_LABEL, Amounts, Group, Grouping, Kind, UsageReading, UsageRow

HOUR_S = 3600
WEEK_HOURS = 168
SEEN_PER_HOUR = 30
"""Requests that the mean hour of a profile must hold: with fewer, its busiest hour is chance rather than habit."""

_counts: Callable[[UsageRow], tuple[int | None, ...]] = attrgetter(*Amounts.__dataclass_fields__)


def day_of(number: int) -> date:
    """The day of a count of days since 1970."""
    return date(1970, 1, 1) + timedelta(days=number)


def amounts_of(rows: Iterable[UsageRow]) -> Amounts:
    """Sums over rows; a count that no row carries stays None."""
    columns = list(zip(*(_counts(row) for row in rows), strict=True)) or [()] * 7
    known = [[count for count in column if count is not None] for column in columns]
    return Amounts(*(sum(counts) if counts else None for counts in known))


def group_name(row: UsageRow, grouping: Grouping) -> str:
    """The group that a row falls into."""
    if grouping == "source":
        return row.category
    if grouping == "model":
        return row.model
    return row.labels[LABELS.index(grouping)] or NO_LABEL


def rows_by_group(rows: Iterable[UsageRow], grouping: Grouping) -> dict[tuple[str, str], list[UsageRow]]:
    """Usage rows by model and group."""
    found: dict[tuple[str, str], list[UsageRow]] = defaultdict(list)
    for row in rows:
        if row.kind is Kind.USAGE:
            found[row.model, group_name(row, grouping)].append(row)
    return found


def group_rows(rows: Iterable[UsageRow], grouping: Grouping) -> tuple[Group, ...]:
    """Sums per model and group, the one with most tokens first, then by money and name."""
    groups = [Group(model, name, amounts_of(part)) for (model, name), part in rows_by_group(rows, grouping).items()]

    def order(group: Group) -> tuple[int, int, str, str]:
        amounts = group.amounts
        tokens = (amounts.input_tokens or 0) + (amounts.output_tokens or 0)
        return -tokens, -(amounts.cost_picousd or 0), group.name, group.model

    return tuple(sorted(groups, key=order))


def group_by(reading: UsageReading, grouping: Grouping) -> tuple[Group, ...]:
    """The same reading per model and another group: project, key, team, tag, feature, model, or the source's own."""
    return group_rows(reading.rows, grouping)


class Percentiles(NamedTuple):
    """Tokens of single requests: the value that 50 and 95 of 100 do not pass, and the largest."""

    p50: int
    p95: int
    largest: int
    requests: int


def percentiles(counts: Sequence[int]) -> Percentiles | None:
    """Nearest-rank percentiles; None without counts.

    >>> percentiles(range(1, 101))
    Percentiles(p50=50, p95=95, largest=100, requests=100)
    """
    ordered = sorted(counts)
    if not ordered:
        return None
    size = len(ordered)
    return Percentiles(ordered[-(-size // 2) - 1], ordered[-(-size * 95 // 100) - 1], ordered[-1], size)


class Peak(NamedTuple):
    """Busiest hour over mean hour, and which hours were compared."""

    factor: float
    hours: int
    """168 for the hours of a week, 24 for those of a day."""


def peak_of(rows: Iterable[UsageRow], first_day: int, days: int) -> Peak | None:
    """Peak of the hour-of-week profile, or of the hour-of-day profile where no whole week was seen.

    Only rows that lie within an hour count. None where times are not told, or where there are too few requests per
    hour of the profile to tell habit from chance.
    """
    hours: dict[int, int] = defaultdict(int)
    for row in rows:
        if row.requests is not None:
            if row.length_s > HOUR_S:
                return None
            hours[row.start_s // HOUR_S] += row.requests
    for profile in (WEEK_HOURS, 24):
        whole_days = days - days % (profile // 24)
        if whole_days:
            begin, end = first_day * 24, (first_day + whole_days) * 24
            sums = np.zeros(profile)
            for hour, requests in hours.items():
                if begin <= hour < end:
                    sums[hour % profile] += requests
            if sums.mean() >= SEEN_PER_HOUR:
                return Peak(float(sums.max() / sums.mean()), profile)
    return None


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth from the first to the last whole calendar month, per month and per day of each month."""

    monthly_growth: float
    first_month: date
    last_month: date


def month_start(day: date) -> date:
    """First day of the day's month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """First day of the month after the day's.

    >>> next_month(date(2026, 12, 31))
    datetime.date(2027, 1, 1)
    """
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def whole_months(covered: set[int]) -> list[date]:
    """Calendar months of which every day is covered, as their first days in order."""
    found, month = [], month_start(day_of(min(covered)))
    while month <= day_of(max(covered)):
        first, after = _number(month), _number(next_month(month))
        if all(day in covered for day in range(first, after)):
            found.append(month)
        month = next_month(month)
    return found


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def row_day(row: UsageRow) -> date:
    """The UTC day on which the row starts."""
    return datetime.fromtimestamp(row.start_s, UTC).date()


def growth_of(rows: Iterable[UsageRow], months: Sequence[date]) -> Growth | None:
    """Compound growth of requests per day (tokens where requests are unknown) over whole months; None with fewer
    than two of them or without traffic in the first.
    """
    if len(months) < 2:
        return None
    first, last = months[0], months[-1]
    volumes = dict.fromkeys((first, last), (0, 0))
    for row in rows:
        month = month_start(row_day(row))
        if month in volumes:
            requests, tokens = volumes[month]
            volumes[month] = (requests + (row.requests or 0),
                              tokens + (row.input_tokens or 0) + (row.output_tokens or 0))
    at = 0 if volumes[first][0] and volumes[last][0] else 1
    per_day = [volumes[month][at] / (next_month(month) - month).days for month in (first, last)]
    if per_day[0] <= 0 or per_day[1] <= 0:
        return None
    steps = (last.year - first.year) * 12 + last.month - first.month
    return Growth((per_day[1] / per_day[0]) ** (1 / steps) - 1, first, last)

