"""A reading into a plan: categories of a mean month, today's models as a scenario, and where each figure comes from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from planner.domain.plan import Plan, build_plan
from planner.domain.references import folded
from planner.domain.workload import Workload
from planner.ingest.aggregate import (
    Growth,
    amounts_of,
    day_of,
    group_rows,
    growth_of,
    month_start,
    next_month,
    peak_of,
    percentiles,
    row_day,
    rows_by_group,
    whole_months,
)
from planner.ingest.models import find_offer
from planner.ingest.usage import PICO, Amounts, Grouping, Kind, UsageReading, UsageRow
from pricing.catalog import Catalog, load_catalog
from pricing.documents import load_document
from pricing.errors import InputError, Problem, quoted

DEFAULTS_FILE = Path(__file__).parents[1] / "defaults" / "usage_import.yaml"
MONTH_DAYS = 365 / 12
MAX_CATEGORIES = 40
TODAY = "Today"
Source: TypeAlias = Literal["measured", "derived", "assumed"]

NOT_IN_EXPORTS = (
    ("task", "what the model is asked to do"),
    ("complexity", "how hard the requests are"),
    ("error_cost", "what a wrong answer costs"),
    ("latency", "how soon the answer must come"),
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one figure of a category comes from."""

    category: str
    field: str
    source: Source
    words: str
    """One sentence for a planner."""


@dataclass(frozen=True, slots=True)
class UsagePlan:
    """What a reading says of a month."""

    plan: Plan
    origins: tuple[Origin, ...]
    notes: tuple[str, ...]
    """What holds for the plan as a whole."""

    @property
    def workload(self) -> Workload:
        """The categories."""
        return self.plan.workload


@dataclass(frozen=True, slots=True)
class _Basis:
    """The rows that stand for a month, and how a sum over them becomes a month's."""

    rows: tuple[UsageRow, ...]
    growth: Growth | None
    words: str
    days_of: Mapping[str, tuple[int, int]]
    """First day and number of days that each family of exports covers."""

    def factor(self, family: str) -> float:
        """What turns a sum over the days seen into a month's."""
        return MONTH_DAYS / self.days_of[family][1]


@cache
def assumed_tokens_per_request() -> float:
    """Tokens of a request where an export does not count requests."""
    return float(load_document(DEFAULTS_FILE)["input_tokens_per_request"]["value"])


def to_workload(
    reading: UsageReading, grouping: Grouping = "source", name: str = "Imported usage", catalog: Catalog | None = None
) -> UsagePlan:
    """Categories from groups, scaled from the days seen to a month of 730 h, with the models of today as a baseline.

    A group that several models serve becomes one category per model, so that "Today" is what the files tell. What
    the files do not tell is left to the plan's assumptions and listed in ``origins``. Raises :class:`InputError` if
    no file tells tokens.
    """
    catalog = catalog or load_catalog()
    usage = [row for row in reading.rows if row.kind is Kind.USAGE and not row.is_money_only]
    if not usage:
        raise InputError(Problem(reading.format, "money without tokens", "enough for a workload",
                                 "Add the usage export of the same days."))
    basis = _basis(reading, usage)
    parts = _categories_of(basis.rows, grouping)
    categories, origins, endpoints, today = [], list[Origin](), dict[str, Any](), dict[str, str]()
    notes = [basis.words]
    for title, (model, rows) in parts.items():
        category, said = _category(title, rows, basis, model, catalog)
        categories.append(category)
        origins += said
        endpoint = _endpoint(model, rows, catalog, endpoints)
        if endpoint is None:
            notes.append(f"{quoted(model)} is not in the catalogue and no price is told: \"{TODAY}\" is left out. "
                         "Add an endpoint with its price.")
        else:
            today[title] = endpoint
    missing = {group.name for group in group_rows(usage, grouping)} - {
        group.name for group in group_rows(basis.rows, grouping)}
    if missing:
        notes.append(f"Without traffic in that month, and so not in the plan: {', '.join(sorted(missing)[:10])}.")
    document = _document(name, categories, basis.growth, endpoints, today if len(today) == len(categories) else {})
    return UsagePlan(build_plan(document, "imported usage", catalog), tuple(origins), tuple(dict.fromkeys(notes)))


def _basis(reading: UsageReading, usage: Sequence[UsageRow]) -> _Basis:
    """The last whole calendar month where at least two were seen by every family, else the whole period."""
    days: dict[str, set[int]] = {}
    for file in reading.files:
        days.setdefault(file.family, set()).update(
            range(_number(file.period.start), _number(file.period.end_exclusive)))
    families = {row.family for row in usage}
    everywhere = set.intersection(*(days[family] for family in families))
    months = whole_months(everywhere) if everywhere else []
    growth = growth_of(usage, months)
    if growth is not None and not -0.5 <= growth.monthly_growth <= 1.0:
        growth = None
    if growth is not None:
        month = growth.last_month
        length = (next_month(month) - month).days
        rows = tuple(row for row in usage if month_start(row_day(row)) == month)
        return _Basis(rows, growth,
                      f"Volumes are those of {month:%Y-%m}, the last whole month, scaled from its {length} days to "
                      f"730 h (365/12 days). Growth is measured from {growth.first_month:%Y-%m} to {month:%Y-%m}.",
                      dict.fromkeys(families, (_number(month), length)))
    seen = {family: (min(days[family]), len(days[family])) for family in sorted(families)}
    lengths = " and ".join(f"{length} days{f' of {family}' if len(seen) > 1 else ''} from {day_of(first)}"
                           for family, (first, length) in seen.items())
    return _Basis(tuple(usage), None,
                  f"Volumes are scaled from the {lengths} to a month of 730 h (365/12 days). Growth is not known: "
                  "the files do not hold two whole calendar months of comparable traffic.", seen)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


# Categories ------------------------------------------------------------------------------------------------------


def _categories_of(rows: Sequence[UsageRow], grouping: Grouping) -> dict[str, tuple[str, list[UsageRow]]]:
    """Model and rows by category name; beyond the largest ones, what is left is put together by model.

    Rows of two families cover different days and make categories of their own.
    """
    found: dict[str, tuple[str, list[UsageRow]]] = {}
    rest: dict[tuple[str, str], list[UsageRow]] = {}
    for family in sorted({row.family for row in rows}):
        own = [row for row in rows if row.family == family]
        parts = rows_by_group(own, grouping)
        order = [(group.model, group.name) for group in group_rows(own, grouping)]
        times = Counter(name for _, name in order)
        for model, name in order:
            amounts = amounts_of(parts[model, name])
            if not (amounts.input_tokens or amounts.output_tokens or amounts.requests):
                continue
            if len(found) >= MAX_CATEGORIES:
                rest.setdefault((family, model), []).extend(parts[model, name])
            else:
                title = _free(f"{name} · {model}" if times[name] > 1 and grouping != "model" else name, found)
                found[title] = (model, parts[model, name])
    for (_, model), left in rest.items():
        found[_free(f"Other groups · {model}", found)] = (model, left)
    return found


def _free(title: str, taken: Mapping[str, Any]) -> str:
    """A name of at most 200 characters that a hurried reader tells from the taken ones."""
    known = {folded(name) for name in taken}
    title, number = title[:190].strip(), 2
    candidate = title
    while folded(candidate) in known:
        candidate, number = f"{title} ({number})", number + 1
    return candidate


def _six(value: float) -> float:
    """Six significant digits: closer than any forecast, and readable.

    >>> _six(1234567.89)
    1234570.0
    """
    return float(f"{value:.6g}")


def _share(part: int, whole: int) -> float:
    return min(max(_six(part / whole), 0.0), 1.0)


def _category(
    title: str, rows: Sequence[UsageRow], basis: _Basis, model: str, catalog: Catalog
) -> tuple[dict[str, Any], list[Origin]]:
    amounts = amounts_of(rows)
    fields: dict[str, Any] = {"name": title}
    origins: list[Origin] = []

    def put(field: str, value: Any, words: str, source: Source = "measured") -> None:
        if value is not None:
            fields[field] = value
        origins.append(Origin(title, field, source, words))

    _put_volume(put, amounts, basis, rows[0].family)
    _put_lengths(put, rows, model, catalog)
    _put_shares(put, rows, amounts)
    peak = peak_of(rows, *basis.days_of[rows[0].family])
    if peak is None:
        put("peak_factor", None, "The register's value stands: the files tell too few times of requests.",
            "assumed")
    else:
        put("peak_factor", min(max(_six(peak.factor), 1.0), 1000.0),
            f"Busiest over mean hour of the {'week' if peak.hours > 24 else 'day'}.")
    for field, words in NOT_IN_EXPORTS:
        put(field, None, f"No export tells {words}: the plan's default stands until you enter it.", "assumed")
    return fields, origins


def _put_volume(put: Any, amounts: Amounts, basis: _Basis, family: str) -> None:
    _, days = basis.days_of[family]
    sent, received = amounts.input_tokens or 0, amounts.output_tokens or 0
    if amounts.requests:
        put("requests_per_month", _six(amounts.requests * basis.factor(family)),
            f"{amounts.requests:,} requests in {days} days.", "derived")
        put("input_tokens_per_request", _six(sent / amounts.requests), "Mean over all requests, cached ones included.")
        put("output_tokens_per_request", _six(received / amounts.requests), "Mean over all requests.")
        return
    # Tokens of the month are known, so spend is; the length of one request only says how many requests they make.
    side = "input" if sent else "output"
    put(f"{side}_tokens_per_request", assumed_tokens_per_request(),
        "The files sum tokens and do not count requests: this length decides how many requests the plan counts.",
        "assumed")
    for name, tokens in (("monthly_input_tokens", sent), ("monthly_output_tokens", received)):
        put(name, _six(tokens * basis.factor(family)), f"{tokens:,} tokens in {days} days.", "derived")


def _put_lengths(put: Any, rows: Sequence[UsageRow], model: str, catalog: Catalog) -> None:
    lengths = [row.input_tokens or 0 for row in rows if row.is_single and not row.has_failed]
    found = percentiles(lengths)
    if found is not None and found.largest:
        put("input_tokens_p95", float(found.p95), f"Of {found.requests:,} requests; half stay under {found.p50:,}.")
        put("max_prompt_tokens", float(found.largest), "The longest prompt seen.")
    else:
        put("input_tokens_p95", None, "Not known: the files hold no single requests.", "assumed")
    tokens = sum(abs(row.input_tokens or 0) for row in rows)
    flagged = [row for row in rows if row.is_long_prompt is not None]
    step = _long_step(model, rows, catalog)
    if flagged and tokens:
        above = sum(abs(row.input_tokens or 0) for row in flagged if row.is_long_prompt)
        put("long_prompt_share", _share(above, tokens), "Share of input tokens that the export puts above its step.")
    elif step is not None and lengths and tokens:
        above = sum(length for length in lengths if length > step)
        put("long_prompt_share", _share(above, tokens), f"Share of input tokens in prompts above {step:,} tokens.")


def _long_step(model: str, rows: Sequence[UsageRow], catalog: Catalog) -> int | None:
    """Prompt length from which the offer costs more, on the last day seen."""
    offer = find_offer(model, rows[0].seller, catalog)
    if offer is None:
        return None
    steps = catalog.quote(offer, max(row_day(row) for row in rows)).steps
    return min((step.prompt_tokens for step in steps), default=None)


def _put_shares(put: Any, rows: Sequence[UsageRow], amounts: Amounts) -> None:
    sent = amounts.input_tokens or 0
    for field, count, words in (
        ("cached_input_share", amounts.cached_input_tokens, "read from the prompt cache"),
        ("cache_write_share", amounts.cache_write_tokens, "written to the prompt cache"),
    ):
        if count is None or not sent:
            put(field, None, f"Not told by the files: no tokens {words} are assumed.", "assumed")
        else:
            put(field, _share(count, sent), f"Share of input tokens {words}.")
    told = [row for row in rows if row.is_batch is not None]
    if not told:
        put("batch_share", None, "Not told by the files: no batch is assumed.", "assumed")
        return
    by_requests = all(row.requests is not None for row in rows)

    def weight(part: Sequence[UsageRow]) -> int:
        return sum((row.requests or 0) if by_requests else (row.input_tokens or 0) + (row.output_tokens or 0)
                   for row in part)

    whole, batch = weight(rows), weight([row for row in told if row.is_batch])
    put("batch_share", _share(batch, whole) if whole > 0 else 0.0,
        f"Share of {'requests' if by_requests else 'tokens'} in the batch tier.")


# Today -----------------------------------------------------------------------------------------------------------


def _endpoint(model: str, rows: Sequence[UsageRow], catalog: Catalog, endpoints: dict[str, Any]) -> str | None:
    """What serves the category today: an offer, or an endpoint at the price that the files tell; None if neither."""
    offer = find_offer(model, rows[0].seller, catalog)
    if offer is not None:
        own = catalog.own_offer(catalog.models[offer.model])
        return offer.model if own is not None and own.id == offer.id else offer.id
    amounts = amounts_of(rows)
    tokens = (amounts.input_tokens or 0) + (amounts.output_tokens or 0)
    if amounts.cost_picousd is None or amounts.cost_picousd <= 0 or tokens <= 0:
        return None
    mean = _six(amounts.cost_picousd / PICO / tokens * 1e6)
    if mean > 100_000:
        return None
    plain = re.sub(r"[/#]", " ", model[:170]).strip()  # in a plan these stand for seller and mode
    name, number = f"{plain} (as billed)", 2
    while name in endpoints and endpoints[name]["input_usd_per_mtok"] != mean:
        name, number = f"{plain} (as billed {number})", number + 1
    endpoints[name] = {"kind": "custom", "input_usd_per_mtok": mean, "output_usd_per_mtok": mean}
    return name


def _document(
    name: str, categories: Sequence[Mapping[str, Any]], growth: Growth | None, endpoints: Mapping[str, Any],
    today: Mapping[str, str],
) -> dict[str, Any]:
    document: dict[str, Any] = {"version": 1, "name": name}
    if growth is not None:
        document["monthly_growth"] = _six(growth.monthly_growth)
    document["workload"] = {"name": name, "categories": list(categories)}
    if today:
        used = list(dict.fromkeys(today.values()))
        document["endpoints"] = {key: value for key, value in endpoints.items() if key in used}
        single = [{"kind": "single", "model": model} for model in used]
        strategy: dict[str, Any] = single[0] if len(used) == 1 else {
            "kind": "allocation", "default": single[0],
            "by_category": {title: {"kind": "single", "model": model} for title, model in today.items()},
        }
        document["baseline"] = TODAY
        document["scenarios"] = [{"name": TODAY, "strategy": strategy}]
    return document
