"""Laws of prices, for any table that is accepted and any day."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import ValidationError

from pricing.catalog import TABLES, Catalog, load_catalog
from pricing.charge import charge
from pricing.offers import Offer
from pricing.quotes import Quote, usd
from pricing.reading import read_tables
from pricing.schema import schema, schema_text
from tests.pricing.small import model, period, shop

FIRST, LAST = date(2024, 1, 1), date(2029, 12, 31)
days = some.dates(FIRST, LAST)
names = some.sampled_from(sorted(load_catalog().offers))
tokens = some.integers(0, 2_000_000)
shares = some.floats(0, 1)


def quoted(name: str, day: date) -> Quote:
    catalog = load_catalog()
    return catalog.quote(catalog.offers[name], day)


@given(names, days)
def test_an_offer_is_priced_on_any_day_or_says_why_not(name: str, day: date) -> None:
    quote = quoted(name, day)
    assert quote.day == day
    if quote.state == "priced":
        assert quote.rates is not None
        assert quote.reason is None
        parts = [quote.rates, quote.batch, *(rates for step in quote.steps for rates in (step.rates, step.batch))]
        for rates in parts:
            assert rates is None or all(usd(rate) > 0 for rate in rates[:4])
    else:
        assert quote.rates is None
        assert len(quote.reason or "") > 10


@given(names, days)
def test_a_quote_that_was_kept_is_the_quote_that_would_be_made_anew(name: str, day: date) -> None:
    fresh = Catalog(load_catalog().models.values(), load_catalog().offers.values(),
                    sellers=load_catalog().seller_names.values())  # fmt: skip
    assert quoted(name, day) == fresh.quote(fresh.offers[name], day)


@given(names, days, tokens, tokens, tokens, tokens, shares, shares)
def test_more_tokens_never_cost_less(
    name: str, day: date, few: int, more: int, answer: int, longer: int, cached: float, written: float
) -> None:
    quote = quoted(name, day)
    if quote.rates is None:
        return
    written = written * (1 - cached)

    def cost(input_tokens: int, output_tokens: int) -> float:
        """One request, on the step that its prompt is on."""
        step = quote.step_for(input_tokens)
        rates = quote.rates if step is None else step.rates
        assert rates is not None
        return float(charge(rates, input_tokens, output_tokens, cached, written))

    low = cost(min(few, more), min(answer, longer))
    high = cost(max(few, more), max(answer, longer))
    assert 0 <= low <= high * (1 + 1e-12)


@given(names, some.lists(days, min_size=2, max_size=2))
def test_the_next_change_is_announced_before_it_comes(name: str, pair: list[date]) -> None:
    before, after = quoted(name, min(pair)), quoted(name, max(pair))
    if before.rates != after.rates and before.day < after.day:
        ahead = [day for day in (before.valid_until, before.next_change[0] if before.next_change else None) if day]
        assert ahead
        assert min(ahead) <= after.day


prices = some.one_of(
    some.none(), some.sampled_from(["0", "0.0", "0.000000", "1", "0.5", "20"]),
    some.decimals(0, 1000, places=6).map(lambda value: f"{value:f}"),
)  # fmt: skip
parts = some.fixed_dictionaries(
    {"input": prices, "output": prices},
    optional={"cache_read": prices, "cache_write": prices, "cache_write_1h": prices},
)
steps = parts.map(lambda fields: [{"prompt_tokens": 1000, **fields}])
bands = some.tuples(parts, parts).map(
    lambda pair: [{"name": "a", "share": "84/168", **pair[0]}, {"name": "b", "share": "84/168", **pair[1]}]
)


@settings(max_examples=200)
@given(parts, some.fixed_dictionaries({}, optional={
    "batch": parts, "over": steps, "bands": bands, "reason": some.just("nobody knows"), "free": some.booleans(),
}))  # fmt: skip
def test_no_accepted_row_prices_a_paid_offer_at_nothing(fields: dict[str, Any], more: dict[str, Any]) -> None:
    row = {key: value for key, value in {**fields, **more}.items() if value is not None}
    if "bands" in row:
        row = {key: value for key, value in row.items() if key not in ("input", "output", "cache_read", "cache_write",
                                                                       "cache_write_1h")}  # fmt: skip
    try:
        made = Offer.model_validate({"model": "m", "seller": "acme", "provider_model_id": "m", "periods": [row],
                                     "provenance": {"source": "made up", "as_of": "2026-01-01", "method": "manual"}})
    except ValidationError:
        return
    quote = shop((model("m"), made)).quote(made, date(2026, 3, 1))
    if quote.state == "priced":
        rates = [quote.rates, quote.batch, *(one for step in quote.steps for one in (step.rates, step.batch))]
        for one in rates:
            assert one is None or float(charge(one, 1, 0)) > 0
            assert one is None or float(charge(one, 0, 1)) > 0
            assert one is None or float(charge(one, 1, 0, cached_share=1)) > 0
    elif quote.state == "free":
        assert row["free"] is True
        assert quote.reason == "nobody knows"
    else:
        assert quote.rates is None


@pytest.mark.parametrize(
    ("boundary", "tokens_in", "on"),
    [("gt", 199_999, False), ("gt", 200_000, False), ("gt", 200_001, True),
     ("ge", 199_999, False), ("ge", 200_000, True), ("ge", 200_001, True)],
)  # fmt: skip
def test_exactly_on_the_boundary_and_one_token_over(boundary: str, tokens_in: int, on: bool) -> None:
    made = Offer.model_validate({
        "model": "m", "seller": "acme", "provider_model_id": "m",
        "periods": [period("1", "5", over=[{"prompt_tokens": 200_000, "boundary": boundary, "input": "2",
                                            "output": "10"}])],
        "provenance": {"source": "made up", "as_of": "2026-01-01", "method": "manual"},
    })  # fmt: skip
    quote = shop((model("m"), made)).quote(made, date(2026, 3, 1))
    assert (quote.step_for(tokens_in) is not None) is on


def test_writing_for_an_hour_costs_more_than_for_five_minutes_and_the_plan_pays_the_shorter() -> None:
    quote = quoted("anthropic/claude-opus-5-5", date(2026, 11, 22))
    assert quote.rates is not None
    # Anthropic's list: input 4, writing for 5 minutes 1.25 times as much, for an hour twice as much
    assert (quote.rates.cache_write, quote.cache_write_1h_usd_per_mtok) == (5.0, 8.0)
    with pytest.raises(ValidationError, match="cache_write_1h needs a cache_write beside it that costs no more"):
        Offer.model_validate({
            "model": "m", "seller": "acme", "provider_model_id": "m",
            "periods": [period("1", "5", cache_write="2", cache_write_1h="1")],
            "provenance": {"source": "made up", "as_of": "2026-01-01", "method": "manual"},
        })  # fmt: skip


# The schema ----------------------------------------------------------------------------------------------------


def test_the_schema_in_the_tables_is_the_one_that_the_records_give() -> None:
    """Write it anew with: python -m pricing schema > pricing/tables/schema.json"""
    assert (TABLES / "schema.json").read_text(encoding="utf-8") == schema_text()


def test_the_schema_knows_every_word_that_the_tables_use() -> None:
    from pricing.documents import load_document

    parts = schema()["$defs"]

    def check(value: Any, record: str, place: str) -> None:
        known = parts[record]["properties"]
        for key in value:
            assert key in known, f"{place} > {key}"
        missing = set(parts[record].get("required", ())) - set(value)
        assert not missing, f"{place} lacks {missing}"

    for path in (TABLES / "offers").glob("*.yaml"):
        document = load_document(path)
        check(document["seller"], "Seller", path.name)
        for name, offer in document["offers"].items():
            check(offer, "Offer", f"{path.name} > {name}")
            check(offer["provenance"], "Provenance", f"{path.name} > {name} > provenance")
            for row in offer["periods"]:
                check(row, "PricePeriod", f"{path.name} > {name} > periods")
    for name, fields in load_document(TABLES / "models.yaml")["models"].items():
        check(fields, "Model", f"models.yaml > {name}")
    json.dumps(schema(), allow_nan=False)


# Speed ---------------------------------------------------------------------------------------------------------
# Processor time, which a busy machine stretches less than the clock; the limits leave room for half as fast a machine.


def best(action: Any, rounds: int = 5) -> float:
    found = []
    for _ in range(rounds):
        began = time.process_time()
        action()
        found.append(time.process_time() - began)
    return min(found)


def test_all_tables_are_read_and_judged_in_less_than_150_ms_on_an_idle_machine() -> None:
    def load() -> None:
        tables = read_tables(TABLES)
        Catalog(tables.models, tables.offers, tables.aliases, tables.sellers, tables.vendors)

    assert best(load) < 0.3


def test_10_000_models_on_a_day_are_found_in_less_than_50_ms_on_an_idle_machine() -> None:
    catalog = load_catalog()
    known = sorted(catalog.offers)
    # 7,919 and 276 share no factor: every offer comes up, on days that jump about in four years
    wanted = [(known[n * 7919 % len(known)], FIRST + timedelta(n * 7919 % 1500)) for n in range(10_000)]
    assert best(lambda: [catalog.quote(catalog.resolve(name), day) for name, day in wanted]) < 0.1
