"""A made-up catalogue with round prices, so that every expectation can be worked out in the head."""

from __future__ import annotations

from typing import Any

from pricing.catalog import Catalog
from pricing.offers import Model, Offer, Seller

KNOWN: dict[str, Any] = {"source": "made up", "as_of": "2026-01-01"}
PROVENANCE: dict[str, Any] = {"source": "made up", "as_of": "2026-01-01", "method": "manual"}


def model(name: str, vendor: str = "acme", **facts: Any) -> Model:
    shown = {"display": name.title(), "short": name.title(), "family": "Test", **KNOWN, **facts}
    return Model.model_validate({"id": name, "vendor": vendor, **shown})


def period(input_price: str | None, output_price: str | None, **fields: Any) -> dict[str, Any]:
    return {"input": input_price, "output": output_price, **fields}


def offer(name: str, *periods: dict[str, Any], seller: str = "acme", **fields: Any) -> Offer:
    shown = {"provider_model_id": name, "provenance": PROVENANCE, **fields}
    return Offer.model_validate({"model": name, "seller": seller, "periods": list(periods), **shown})


def shop(
    *pairs: tuple[Model, Offer], aliases: dict[str, str] | None = None, sellers: tuple[Seller, ...] = ()
) -> Catalog:
    models = {made.id: made for made, _ in pairs}
    return Catalog(models.values(), [made for _, made in pairs], aliases, sellers)
