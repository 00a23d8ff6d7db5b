"""litellm's ``model_prices_and_context_window.json``, read as a file: USD per token under names of its own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pricing.documents import load_document
from pricing.errors import InputError, Problem, quoted
from pricing.offers import Offer, Seller
from pricing.refresh.figures import HIGHEST_USD_PER_MTOK, NoPrice
from pricing.refresh.sources import Source, Told, prefixes, told_of

MAX_BYTES = 32_000_000
MAX_ROWS = 100_000
NAME = "litellm"

_STEMS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
}
_STEP = re.compile(r"input_cost_per_token_above_([0-9]{1,5})k_tokens")


def read_litellm(path: Path) -> Source:
    """The table in a file. Too large, NaN, a key that stands twice, or anything but one JSON object of rows raises
    :class:`InputError`; a row that is wrong in itself is refused when it is asked for."""
    if not path.is_file():
        raise InputError(Problem(str(path), "this path", "a file", "Give the path of litellm's JSON table."))
    rows = load_document(path, max_bytes=MAX_BYTES)
    if not isinstance(rows, dict) or not rows:
        raise InputError(Problem(path.name, "this file", "an object of models", "Give litellm's JSON table."))
    if len(rows) > MAX_ROWS:
        few = f"at most {MAX_ROWS:,} rows"
        raise InputError(Problem(path.name, f"a table of {len(rows):,} rows", few, "Give a smaller file."))
    if not any(isinstance(row, dict) and "litellm_provider" in row for row in rows.values()):
        raise InputError(Problem(path.name, "a file without litellm_provider", "litellm's table", "Check the path."))
    folded = {name.casefold(): name for name in reversed(rows)}

    def tell(offer: Offer, seller: Seller | None) -> Told | None:
        named = offer.provenance.rows.get(NAME)
        for name in [named] if named else [f"{p}{offer.provider_model_id}" for p in prefixes(NAME, seller, offer)]:
            name = name if name in rows else folded.get(name.casefold(), name)
            if name in rows:
                return _told(name, rows[name])
        return Told(named or offer.provider_model_id, absent=True) if offer.provenance.source == NAME else None

    # The file names no edition of its own: its name may, and its digest tells two of the same name apart.
    named = re.search(r"[0-9]+(\.[0-9]+)+", path.stem)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    return Source(NAME, f"{named[0] if named else path.name} ({digest})", tell, exact_steps=False)


def _told(name: str, row: Any) -> Told:
    if not isinstance(row, dict):
        return Told(name, refused="the row is not an object")
    if "off_peak_pricing" in row:
        return Told(name, by_hand="prices by the hour")
    if "tiered_pricing" in row and "input_cost_per_token" not in row:
        return Told(name, by_hand="prices by the length of the prompt in a form of their own")
    try:
        retires_on = _day(row.get("deprecation_date"))
        fields = _fields(row)
    except NoPrice as error:
        return Told(name, refused=str(error))
    return told_of(name, [(None, fields)], retires_on)


def _day(value: Any) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == 10 else "")
    except ValueError:
        raise NoPrice(f"deprecation_date: {quoted(value)} is not a day") from None


def _per_mtok(value: Any, key: str) -> Decimal | str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise NoPrice(f"{key}: {quoted(value)} is not a number")
    amount = Decimal(str(value)) * 1_000_000
    if amount.is_finite() and amount > HIGHEST_USD_PER_MTOK:
        raise NoPrice(f"{key}: {str(value)[:40]} is more than {HIGHEST_USD_PER_MTOK:,} USD per 1M tokens")
    return amount


def _prices(row: Mapping[str, Any], ending: str) -> dict[str, Decimal | str]:
    found = {}
    for name, stem in _STEMS.items():
        # litellm writes the prompt length after the hour of the cache, and what kind of service it is last.
        key = f"{stem}{ending}"
        if row.get(key) is not None:
            found[name] = _per_mtok(row[key], key)
    if found.get("cache_write") == 0 and found.get("input"):
        del found["cache_write"]  # a note that writing is not charged apart, which fresh input then covers
    return found


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = dict(_prices(row, ""))
    if batch := _prices(row, "_batches"):
        fields["batch"] = batch
    steps = []
    for thousands in sorted({int(found[1]) for key in row if (found := _STEP.fullmatch(key))}):
        above = f"_above_{thousands}k_tokens"
        step: dict[str, Any] = {"prompt_tokens": thousands * 1000, "boundary": "gt", **_prices(row, above)}
        if batch := _prices(row, f"{above}_batches"):
            step["batch"] = batch
        steps.append(step)
    return {**fields, "over": steps}


