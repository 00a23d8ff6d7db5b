"""A price sheet: the user's own prices, models and sellers, laid over the catalogue with a mark on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.offers import Model, Offer, Seller
from pricing.record import problems_in
from pricing.sheet_rows import COLUMNS, MAX_PROBLEMS, Row, first_of, read_rows

if TYPE_CHECKING:
    from pricing.catalog import Catalog

_TEMPLATE_ROWS = (
    {"seller": "anthropic", "model": "claude-haiku-4-5", "input_usd_per_mtok": "0.90", "output_usd_per_mtok": "4.50",
     "cache_read_usd_per_mtok": "0.09", "cache_write_usd_per_mtok": "1.125", "batch_input_usd_per_mtok": "0.45",
     "batch_output_usd_per_mtok": "2.25", "note": "Negotiated: 10 percent off the list"},
    {"seller": "in-house", "model": "support-tuned-8b", "name": "Support 8B (tuned)", "input_usd_per_mtok": "0.20",
     "output_usd_per_mtok": "0.80", "from": "2026-12-01", "context_tokens": "32000", "note": "Charged by our platform"},
)  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """The rows of one uploaded sheet, its name and the day on which it was given; see :func:`parse_sheet`."""

    name: str
    day: date
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Parts:
    """What a catalogue is made of once a sheet is laid over it, and what the sheet hides."""

    models: dict[str, Model]
    offers: dict[str, Offer]
    sellers: dict[str, Seller]
    vendors: dict[str, str]
    shadowed: dict[str, Offer]


def sheet_template() -> str:
    """A CSV file to start from: every column, a negotiated price and a model of one's own."""
    lines = [",".join(COLUMNS)]
    lines += [",".join(row.get(column, "") for column in COLUMNS) for row in _TEMPLATE_ROWS]
    return "\r\n".join(lines) + "\r\n"


def parse_sheet(content: bytes, name: str, day: date) -> Sheet:
    """The price sheet in an uploaded file, CSV or by its name YAML (``offers:`` with the columns as keys).

    Prices are USD per 1M tokens. A row without ``from`` holds on any day; rows of one offer follow each other by
    ``from``. Raises :class:`InputError` with row and column of what is wrong.
    """
    rows = read_rows(content, name)
    seen: dict[tuple[Any, ...], str] = {}
    problems = []
    for row in rows:
        key = (row.cells["seller"], str(row.cells["model"]).casefold(), row.cells.get("from"))
        if key in seen:
            problems.append(Problem(row.place, f"the same seller, model and first day as {seen[key]}", "allowed",
                                    "Keep one of the two rows."))  # fmt: skip
        seen.setdefault(key, row.place)
    if problems:
        raise InputError(first_of(problems, name))
    return Sheet(name, day, tuple(rows))


def lay_over(catalog: Catalog, sheet: Sheet) -> Parts:
    """The parts of the catalogue with the sheet's offers in place of those of the same seller and model.

    A model is found by id or alias; a name that the catalogue does not know becomes a model of the user's own, whose
    maker is the seller. Raises :class:`InputError` for rows that contradict each other or themselves.
    """
    parts = Parts(
        dict(catalog.models), dict(catalog.offers), dict(catalog.seller_names), dict(catalog.vendor_names), {}
    )
    problems: list[Problem] = []
    grouped: dict[str, list[Row]] = {}
    for row in sheet.rows:
        model = _model_of(catalog, parts, sheet, row, problems)
        if model is not None:
            grouped.setdefault(f"{row.cells['seller']}/{model.id}", []).append(row)
    for name, rows in grouped.items():
        seller, _, model_id = name.partition("/")
        parts.sellers.setdefault(seller, Seller(id=seller, display=seller, kind="lab"))
        offer = _offer(sheet, seller, model_id, rows, catalog.offers.get(name), problems)
        if offer is not None:
            if name in catalog.offers:
                parts.shadowed[name] = catalog.offers[name]
            parts.offers[name] = offer
    if problems:
        raise InputError(first_of(problems, sheet.name))
    return parts


def _model_of(catalog: Catalog, parts: Parts, sheet: Sheet, row: Row, problems: list[Problem]) -> Model | None:
    name = row.cells["model"]
    known = catalog.find_model(name)
    if known is not None:
        return known
    own = parts.models.get(name.casefold())
    if own is not None:
        return own
    if "name" not in row.cells:
        near = did_you_mean(name, list(catalog.models), "") if len(problems) < MAX_PROBLEMS else ""
        mend = f"{near} For a model of your own fill the column name.".strip()
        problems.append(Problem(f"{row.place} > model", quoted(name), "in the catalogue", mend))
        return None
    shown = row.cells["name"]
    seller = row.cells["seller"]
    fields = {"id": name.casefold(), "display": shown, "short": shown, "family": "Own models", "vendor": seller,
              "context_tokens": row.cells.get("context_tokens"), "source": f"Price sheet {sheet.name}"[:200],
              "as_of": sheet.day}  # fmt: skip
    try:
        model = Model.model_validate(fields)
    except ValidationError as error:
        problems.extend(problems_in(error, f"{row.place} > model"))
        return None
    if catalog.find_model(shown) is not None:
        problems.append(Problem(f"{row.place} > name", quoted(shown), "free", "It is the name of another model."))
        return None
    parts.models[model.id] = model
    parts.vendors.setdefault(seller, seller)
    return model


def _period(row: Row, until: date | None) -> dict[str, Any]:
    cells = row.cells

    def prices(prefix: str, names: tuple[str, ...]) -> dict[str, Any]:
        found = {name: cells.get(f"{prefix}{name}_usd_per_mtok") for name in names}
        return {name: value for name, value in found.items() if value is not None}

    fields: dict[str, Any] = prices("", ("input", "output", "cache_read", "cache_write", "cache_write_1h"))
    if batch := prices("batch_", ("input", "output")):
        fields["batch"] = batch
    long = prices("long_", ("input", "output"))
    if long or "long_prompt_tokens" in cells:
        fields["over"] = [{"prompt_tokens": cells.get("long_prompt_tokens"), **long}]
    fields |= {"from": cells.get("from"), "until": cells.get("until", until), "note": cells.get("note")}
    if fields["input"] == 0 and fields["output"] == 0 and cells.get("note"):
        fields |= {"free": True, "reason": cells["note"]}
    return fields


def _zeros(row: Row) -> list[Problem]:
    """Prices of 0 in a row that is not given away as a whole, with a note that says why."""
    names = [name for name, value in row.cells.items() if name.endswith("_usd_per_mtok") and value == 0]
    given_away = {"input_usd_per_mtok", "output_usd_per_mtok"} <= set(names) and row.cells.get("note")
    mend = "Leave it empty when nobody knows. For a gift write 0 for input and output, and why in the column note."
    return [] if given_away else [Problem(f"{row.place} > {name}", "0", "a price", mend) for name in names]


def _offer(
    sheet: Sheet, seller: str, model_id: str, rows: list[Row], listed: Offer | None, problems: list[Problem]
) -> Offer | None:
    """The offer that the rows make. What a sheet does not speak of, such as a last day, stays as it is listed."""
    if zeros := [zero for row in rows for zero in _zeros(row)]:
        problems.extend(zeros)
        return None
    ordered = sorted(rows, key=lambda row: row.cells.get("from") or date.min)
    ends = [row.cells.get("from") for row in ordered[1:]]
    fees = {row.cells.get("fee_usd_per_request") for row in rows}
    if len(fees) > 1:
        places = f"{rows[0].place} > fee_usd_per_request"
        problems.append(Problem(places, "a fee that changes between rows", "one fee", "Write the same in each row."))
        return None
    fee = fees.pop()
    kept: Mapping[str, Any] = {} if listed is None else {
        "provider_model_id": listed.provider_model_id, "region": listed.region, "released": listed.released,
        "retires_on": listed.retires_on, "uplifts": listed.uplifts,
    }  # fmt: skip
    fields = {
        "model": model_id, "seller": seller, "provider_model_id": model_id, **kept,
        "periods": [_period(row, end) for row, end in zip(ordered, [*ends, None], strict=True)],
        "fees": {"per_request_usd": None if fee is None else float(fee)},
        "provenance": {"source": f"Price sheet {sheet.name}"[:200], "as_of": sheet.day, "method": "sheet"},
    }  # fmt: skip
    try:
        return Offer.model_validate(fields)
    except ValidationError as error:
        problems.extend(_placed(problem, ordered) for problem in problems_in(error, ""))
        return None


def _placed(problem: Problem, rows: list[Row]) -> Problem:
    """The problem under the row that it comes from, where pydantic names a period, else under the first."""
    parts = [part for part in problem.place.split(" > ") if part]
    number = next((int(part) for part in parts if part.isdigit()), 0)
    rest = [part for part in parts if part != "periods" and not part.isdigit()]
    return Problem(" > ".join([rows[min(number, len(rows) - 1)].place, *rest]), problem.found, problem.expected,
                   problem.mend)  # fmt: skip
