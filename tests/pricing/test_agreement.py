"""Our prices against two tables that other people keep: genai-prices, and an extract of litellm's.

Both are read here directly, without the code that the refresh reads them with. Every figure that one of them states and
that is not ours is listed with who is right and why; so is every figure of ours that neither confirms, and every priced
offer that neither lists. A list must not outlive its reason: an entry that no longer applies fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from pricing.catalog import load_catalog
from pricing.offers import Offer, TokenPrices
from pricing.quotes import Quote
from pricing.refresh.litellm_json import read_litellm

EXTRACT = Path(__file__).parent / "data" / "litellm_extract.json"
FIELDS = {
    "input": ("input_mtok", "input_cost_per_token"),
    "output": ("output_mtok", "output_cost_per_token"),
    "cache_read": ("cache_read_mtok", "cache_read_input_token_cost"),
    "cache_write": ("cache_write_mtok", "cache_creation_input_token_cost"),
    "cache_write_1h": ("cache_write_1h_mtok", "cache_creation_input_token_cost_above_1hr"),
}
TODAY = date(2026, 11, 22)
# The package dates most batch prices from the day it looked them up; before that day it has none to compare with.
DAYS = (date(2025, 12, 2), date(2026, 3, 1), date(2026, 8, 1), date(2026, 10, 25), date(2026, 12, 15),
        date(2027, 2, 1))  # fmt: skip

Figures = dict[str, float]

# Who is right where a table and ours differ ---------------------------------------------------------------------

BANDS = "ours: the week's mean of DeepSeek's weekday peaks; the package gives the off-peak price at noon"
OLDER = "ours: the seller's list and litellm say 1.04; the package's own Hugging Face row has it too"
STORAGE = "ours: the package's cache-write price below the input price is a share of the storage fee"
SONNET = "ours: the window ends at 200,000 tokens, where the table's dearer step for old bills begins"
MISTRAL = "ours: genai-prices dates the cut of 2026-10-29 and its OpenRouter row agrees; litellm holds October's price"
OPUS = "ours: litellm's batch price at Vertex is half of Opus 5's price, left over from the model before"
UNSETTLED = "nobody knows: the row carries it as an open dispute and is shown in red"

DIFFERING: dict[tuple[str, str, str], str] = {
    **{("genai-prices", f"deepseek/{model}", f"base {field}"): BANDS
       for model in ("deepseek-v4-pro", "deepseek-v4.1-flash") for field in ("input", "output", "cache_read")},
    **{("genai-prices", "together/llama-3.3-70b", f"base {field}"): OLDER for field in ("input", "output")},
    ("genai-prices", "openrouter/gemini-2.5-flash-lite", "base cache_write"): STORAGE,
    **{("genai-prices", "anthropic/claude-sonnet-4-5", f"{place} {field}"): SONNET
       for place in ("over 200000", "batch over 200000") for field in FIELDS},
    **{("litellm", "bedrock/claude-sonnet-4-5", f"over 200000 {field}"): SONNET for field in FIELDS},
    **{("litellm", "mistral/mistral-large-4", f"base {field}"): MISTRAL for field in ("input", "output", "cache_read")},
    **{("litellm", "vertex/claude-opus-5-5", f"batch {field}"): OPUS
       for field in ("input", "output", "cache_read", "cache_write")},
    **{("litellm", offer, f"base {field}"): UNSETTLED for offer in ("fireworks/llama-3.1-8b", "fireworks/gemma-3-27b")
       for field in ("input", "output")},
    **{("litellm", offer, f"base {field}"): UNSETTLED for offer in ("fireworks/deepseek-v4-pro", "together/qwen3.7-max")
       for field in ("input", "output", "cache_read")},
    ("litellm", "together/qwen3.8-max", "base cache_read"): UNSETTLED,
}  # fmt: skip


def test_an_open_dispute_in_the_list_is_open_in_the_table() -> None:
    catalog = load_catalog()
    for (source, name, _), reason in DIFFERING.items():
        if reason == UNSETTLED:
            known = [one for one in catalog.offers[name].provenance.disagrees if one.source.startswith(source)]
            assert known, name
            assert all(one.settled is None for one in known), name


# Ours -----------------------------------------------------------------------------------------------------------


def figures_of(prices: TokenPrices, place: str) -> Iterator[tuple[str, float]]:
    for field, value in prices.given():
        yield f"{place} {field}", round(float(value), 6)


def our_figures(quote: Quote) -> Figures:
    period = next(period for period in quote.offer.periods if period.covers(quote.day))
    found = dict(figures_of(period.mean_prices, "base"))
    if period.batch is not None:
        found.update(figures_of(period.batch, "batch"))
    for step in period.over:
        found.update(figures_of(step, f"over {step.prompt_tokens}"))
        if step.batch is not None:
            found.update(figures_of(step.batch, f"batch over {step.prompt_tokens}"))
    return found


def priced(day: date) -> list[tuple[Offer, Figures]]:
    catalog = load_catalog()
    quotes = [catalog.quote(offer, day) for offer in catalog.offers.values()]
    return [(quote.offer, our_figures(quote)) for quote in quotes if quote.state == "priced"]


# genai-prices ---------------------------------------------------------------------------------------------------


@cache
def genai_rows() -> dict[str, ModelInfo]:
    return {f"{provider.id}:{model.id}": model for provider in get_snapshot().providers for model in provider.models}


def genai_prices(price: ModelPrice, place: str) -> Iterator[tuple[str, float]]:
    for field, (name, _) in FIELDS.items():
        value: Any = getattr(price, name)
        if isinstance(value, TieredPrices):
            yield f"{place} {field}", round(float(value.base), 6)
            over = "over" if place == "base" else f"{place} over"
            for tier in value.tiers:
                # A tier fires above its start: 199,999 there is a seller's "200,000 and more".
                yield f"{over} {tier.start + (tier.start % 1000 == 999)} {field}", round(float(tier.price), 6)
        elif value is not None:
            yield f"{place} {field}", round(float(value), 6)


def genai_figures(offer: Offer, day: date) -> Figures | None:
    names = (offer.provenance.rows.get("genai-prices"), offer.provenance.source_id)
    row = next((genai_rows()[name] for name in names if name in genai_rows()), None)
    if row is None:
        return None
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    found = dict(genai_prices(row.get_prices(noon), "base"))
    batch = [variant for variant in row.price_variants or () if variant.when == {"processing": "batch"}]
    if any(variant.constraint is None or variant.constraint.active(noon) for variant in batch):
        found.update(genai_prices(row.get_prices(noon, {"processing": "batch"}), "batch"))
    return found or None


# litellm --------------------------------------------------------------------------------------------------------


@cache
def litellm_rows() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(EXTRACT.read_text(encoding="utf-8"))
    return found


@cache
def litellm_names() -> dict[str, str]:
    """Which row of the extract sells which of our offers; the prices of the row are read here."""
    catalog, source = load_catalog(), read_litellm(EXTRACT)
    told = {offer.id: source.ask(offer, catalog.seller_names[offer.seller]) for offer in catalog.offers.values()}
    return {name: found.row for name, found in told.items() if found is not None and not found.absent}


def litellm_figures(offer: Offer) -> Figures | None:
    row = litellm_rows().get(litellm_names().get(offer.id, ""))
    if row is None or "off_peak_pricing" in row:
        return None
    found: Figures = {}
    for key, value in row.items():
        for field, (_, stem) in FIELDS.items():
            match = re.fullmatch(rf"{stem}(_above_([0-9]+)k_tokens)?(_batches)?", key)
            if match and isinstance(value, float):
                words = ["batch"] if match[3] else []
                words += [f"over {match[2]}000"] if match[2] else []
                found[f"{' '.join(words) or 'base'} {field}"] = round(float(Decimal(str(value)) * 1_000_000), 6)
    if found.get("base cache_write") == 0:
        del found["base cache_write"]  # writing is not charged apart
    return found or None


# The comparison -------------------------------------------------------------------------------------------------


def compared() -> Iterator[tuple[str, str, str, float | None, float]]:
    """(table, offer, figure, ours, theirs) for every figure that a table states of an offer that is priced today."""
    for offer, ours in priced(TODAY):
        for table, theirs in (("genai-prices", genai_figures(offer, TODAY)), ("litellm", litellm_figures(offer))):
            for figure, value in sorted((theirs or {}).items()):
                yield table, offer.id, figure, ours.get(figure), value


def test_hundreds_of_figures_agree_with_each_table_and_every_other_is_explained() -> None:
    rows = list(compared())
    differing = {row[:3]: row[3:] for row in rows if row[3] != row[4]}
    assert {key: pair for key, pair in differing.items() if key not in DIFFERING} == {}
    for table, figures, offers in (("genai-prices", 950, 200), ("litellm", 750, 160)):
        mine = [row for row in rows if row[0] == table]
        assert len(mine) - sum(key[0] == table for key in differing) >= figures
        assert len({row[1] for row in mine}) >= offers


def test_no_explanation_outlives_its_difference() -> None:
    assert set(DIFFERING) == {row[:3] for row in compared() if row[3] != row[4]}


# Offers that neither table lists, or lists without a price, with where their prices come from.
IN_NEITHER = {
    "Alibaba's price history in model-prices 0.0.5; litellm lists its steps alone or a name without a price": (
        "alibaba/qwen3-235b-a22b", "alibaba/qwen3-30b-a3b", "alibaba/qwen3-32b", "alibaba/qwen3.7-plus",
        "alibaba/qwen3.8-27b",
    ),
    "DeepInfra's own list, by way of rates 1.1.0": (
        "deepinfra/glm-5.3", "deepinfra/glm-5.3-flash", "deepinfra/qwen3.8-flash",
    ),
}  # fmt: skip


def test_every_priced_offer_is_in_one_of_the_tables_or_listed_here() -> None:
    alone = {offer.id for offer, _ in priced(TODAY)
             if genai_figures(offer, TODAY) is None and litellm_figures(offer) is None}  # fmt: skip
    assert alone == {name for names in IN_NEITHER.values() for name in names}


# Figures of ours that neither table states although one of them lists the offer.
CONFIRMED_ELSEWHERE: dict[tuple[str, str], str] = {
    ("alibaba/qwen3.8-max", "base cache_write"): "model-prices 0.0.5, from which the row comes",
}


def test_every_figure_of_ours_is_stated_by_one_of_the_tables_or_explained() -> None:
    alone = set()
    for offer, ours in priced(TODAY):
        theirs = {**(genai_figures(offer, TODAY) or {}), **(litellm_figures(offer) or {})}
        if theirs:
            alone |= {(offer.id, figure) for figure in ours if figure not in theirs}
    assert alone == set(CONFIRMED_ELSEWHERE)


@pytest.mark.parametrize("day", DAYS)
def test_history_and_announcements_are_those_of_the_package(day: date) -> None:
    unexplained, count = {}, 0
    for offer, ours in priced(day):
        for figure, value in (genai_figures(offer, day) or {}).items():
            count += 1
            if ours.get(figure) != value and ("genai-prices", offer.id, figure) not in DIFFERING:
                unexplained[offer.id, figure] = (ours.get(figure), value)
    assert unexplained == {}
    assert count >= 200


def test_the_extract_carries_its_licence() -> None:
    notice = (EXTRACT.parent / "NOTICE").read_text(encoding="utf-8")
    assert "litellm 1.109.1" in notice
    assert "MIT License" in notice
    assert len(litellm_rows()) >= 200
