"""Traps that price tables and token sums lay, each with the wrong figure that it would give."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from pricing.catalog import Catalog, load_catalog
from pricing.charge import charge
from pricing.errors import InputError
from pricing.upstream import find_upstream, read_upstream, rounded

DAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def test_a_month_is_many_requests_and_not_one_long_one(catalog: Catalog) -> None:
    quote = catalog.quote(catalog.resolve("claude-haiku-5-5"), DAY)
    assert quote.rates is not None
    # 10,000 requests of 2,000 tokens in and 100 out at 0.1/0.5: 20M in and 1M out, 2 + 0.5
    assert float(10_000 * charge(quote.rates, 2_000, 100)) == pytest.approx(2.50)
    # The same sum as one prompt of 20M tokens would fall on the step above 100,000 tokens, five times as dear.
    step = quote.step_for(20_000_000)
    assert step is not None
    assert float(charge(step.rates, 20_000_000, 1_000_000)) == pytest.approx(12.50)


def test_only_the_long_requests_of_a_month_pay_the_long_price(catalog: Catalog) -> None:
    quote = catalog.quote(catalog.resolve("claude-haiku-5-5"), DAY)
    step = quote.step_for(150_000)
    assert quote.rates is not None
    assert step is not None
    # 9 requests of 50,000 at 0.1 and 1 of 150,000 at 0.5 on the whole request: 0.045 + 0.075
    short, long = charge(quote.rates, np.full(9, 50_000), 0), charge(step.rates, 150_000, 0)
    assert float(short.sum() + long) == pytest.approx(0.12)


def test_a_price_needs_a_day_and_knows_no_hour(catalog: Catalog) -> None:
    offer = catalog.resolve("deepseek-v4-pro")
    assert catalog.quote(offer, DAY).rates == catalog.quote(offer, date(2026, 11, 23)).rates  # a Sunday, a Monday


def test_no_batch_row_means_not_offered_and_not_full_price(catalog: Catalog) -> None:
    from datetime import UTC, datetime

    row = find_upstream("x-ai:grok-4.6")
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert row.get_prices(noon, {"processing": "batch"}) == row.get_prices(noon)  # silently the standard price
    assert catalog.quote(catalog.resolve("grok-4.6"), DAY).batch is None


def test_without_a_cached_price_cached_tokens_cost_as_much_as_fresh_ones(catalog: Catalog) -> None:
    quote = catalog.quote(catalog.resolve("gpt-4"), date(2026, 1, 1))
    assert quote.rates is not None
    assert not quote.cache_read_known
    # 1,000 tokens in at 30 per million, half of them cached: still 0.03
    assert float(charge(quote.rates, 1_000, 0, cached_share=0.5)) == pytest.approx(0.03)


def test_an_empty_price_is_unpriced_and_not_nothing(catalog: Catalog) -> None:
    assert read_upstream("google:gemma-3")[0].is_priced is False
    quote = catalog.quote(catalog.resolve("gemma-3-27b"), DAY)
    assert (quote.state, quote.rates) == ("unpriced", None)
    assert "publishes no price" in (quote.reason or "")


@pytest.mark.parametrize(
    ("given", "kept"),
    [("1.0399999999999998", "1.04"), ("0.13999999999999999", "0.14"), ("0.08333333333333334", "0.083333"),
     ("10", "10"), ("100", "100"), ("0.003625", "0.003625")],
)
def test_float_dust_is_rounded_away_on_import(given: str, kept: str) -> None:
    assert rounded(Decimal(given)) == kept


def test_an_inclusive_boundary_survives_the_import() -> None:
    # The package fires strictly above a start of 199,999: "200,000 and more" at the seller.
    step = read_upstream("x-ai:grok-4.7")[0].over[0]
    assert (step.prompt_tokens, step.boundary) == (200_000, "ge")
    step = read_upstream("openai:gpt-6-astra")[0].over[0]
    assert (step.prompt_tokens, step.boundary) == (272_000, "gt")


def test_dated_and_announced_prices_survive_the_import() -> None:
    periods = read_upstream("mistral:mistral-large-4")
    assert [(str(p.starts), str(p.input)) for p in periods] == [
        ("None", "0.68"), ("2026-10-20", "1.36"), ("2026-10-29", "0.7"),
    ]  # fmt: skip
    # Batch prices that were looked up on 2026-10-14 hold for the whole of the period that they fell into.
    assert [str(p.batch.input) if p.batch else None for p in periods] == ["0.34", "0.68", "0.35"]
    # Nobody knows what batch cost before a price cut that the package saw later.
    assert [p.batch is not None for p in read_upstream("openai:gpt-5.6-luna")] == [False, True]


def test_prices_by_the_hour_are_refused_by_the_import() -> None:
    with pytest.raises(InputError, match="Keep the row by hand, with bands"):
        read_upstream("deepseek:deepseek-v4-pro")


@pytest.mark.parametrize("name", ["openai:gpt-4.1-mnii", "nobody:gpt-4.1", "openai"])
def test_a_row_that_the_package_lacks_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        read_upstream(name)


def test_one_module_knows_the_package_and_nothing_that_a_planner_runs_imports_it() -> None:
    root = Path(__file__).parents[2]
    knowing = sorted(
        str(path.relative_to(root)) for folder in ("pricing", "planner") for path in (root / folder).rglob("*.py")
        if "genai_prices" in path.read_text(encoding="utf-8")
    )  # fmt: skip
    assert knowing == ["pricing/upstream.py"]
