"""The model-prices package, where it is installed: its snapshot is read as a file, none of its code runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pricing.documents import load_document
from pricing.errors import InputError, Problem, quoted
from pricing.offers import Offer, Seller
from pricing.refresh.figures import as_price, in_table
from pricing.refresh.sources import MODEL_PRICES, Source, Told, prefixes, told_of

MAX_BYTES = 32_000_000


def read_model_prices() -> Source:
    """The snapshot of the installed package; one that is not installed or not clean raises :class:`InputError`."""
    package = find_spec("model_prices")
    if package is None or package.origin is None:
        mend = "Install it with pip install -U model-prices."
        raise InputError(Problem("--source", quoted(MODEL_PRICES), "installed", mend))
    try:
        edition = version("model-prices")
    except PackageNotFoundError:
        edition = "of an unknown edition"
    return read_snapshot(Path(package.origin).parent / "snapshot.json", edition)


def read_snapshot(path: Path, edition: str) -> Source:
    """The same from the snapshot itself: ``prices[lab][model]["standard" | "batch"]``, dated, USD per 1M tokens."""
    document = load_document(path, max_bytes=MAX_BYTES)
    prices = document.get("prices") if isinstance(document, dict) else None
    if not isinstance(prices, dict):
        raise InputError(Problem(path.name, "this file", "a snapshot of model-prices", "Install the package anew."))

    def tell(offer: Offer, seller: Seller | None) -> Told | None:
        named = offer.provenance.rows.get(MODEL_PRICES)
        for prefix in prefixes(MODEL_PRICES, seller, offer):
            lab, _, model = (named or f"{prefix}{offer.provider_model_id}").partition("/")
            models = prices.get(lab)
            if isinstance(models, dict) and model in models:
                return _told(f"{lab}/{model}", models[model])
        return Told(offer.id, absent=True) if offer.provenance.source == MODEL_PRICES else None

    return Source(MODEL_PRICES, edition, tell)


def _told(name: str, row: Any) -> Told:
    try:
        standard, batch = _dated(row.get("standard")), _dated(row.get("batch"))
        periods: list[tuple[date | None, Mapping[str, Any]]] = []
        for number, (starts, prices) in enumerate(standard):
            ends = standard[number + 1][0] if number + 1 < len(standard) else None
            known = [row for begins, row in batch if begins is None or ends is None or begins < ends]
            periods.append((starts, _fields(prices, known[-1] if known else None)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        return Told(name, refused=f"the row cannot be read: {str(error)[:80]}")
    return told_of(name, periods)


def _dated(entries: Any) -> list[tuple[date | None, Mapping[str, Any] | None]]:
    return [(None if entry["start"] is None else date.fromisoformat(entry["start"][:10]), entry["rates"])
            for entry in entries or ()]  # fmt: skip


def _prices(rates: Mapping[str, Any]) -> dict[str, Any]:
    names = ("input", "output", "cache_read", "cache_write")
    found = {name: rates[name] for name in names if rates.get(name) is not None}
    if found.get("cache_write") == 0:
        del found["cache_write"]
    if "cache_write" in found and "input" in found and rates.get("cache_write_1h_multiple"):
        found["cache_write_1h"] = in_table(as_price(found["input"]) * as_price(rates["cache_write_1h_multiple"]))
    return found


def _fields(rates: Mapping[str, Any] | None, batch: Mapping[str, Any] | None) -> dict[str, Any]:
    if rates is None:
        return {}
    fields: dict[str, Any] = _prices(rates)
    if batch is not None:
        fields["batch"] = _prices(batch)
    hour = rates.get("cache_write_1h_multiple")
    steps = [{"prompt_tokens": tier["above"], "boundary": "gt", **_prices({**tier, "cache_write_1h_multiple": hour})}
             for tier in rates.get("tiers") or ()]  # fmt: skip
    dearer = {tier["above"]: tier for tier in (batch or {}).get("tiers") or ()}
    for step in steps:
        if step["prompt_tokens"] in dearer:
            step["batch"] = _prices({**dearer[step["prompt_tokens"]], "cache_write_1h_multiple": hour})
    return {**fields, "over": steps}


