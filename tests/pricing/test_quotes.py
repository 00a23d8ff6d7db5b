"""What an offer costs on a day, and the words when it costs nothing that could be said."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pricing.catalog import Catalog
from pricing.offers import Seller
from pricing.quotes import Quote
from tests.pricing.small import PROVENANCE, model, offer, period, shop

DAY = date(2026, 3, 1)


def quote(*periods: dict[str, Any], day: date = DAY, facts: dict[str, Any] | None = None, **fields: Any) -> Quote:
    made = offer("m", *periods, **fields)
    return shop((model("m", **(facts or {})), made)).quote(made, day)


def test_a_running_price_is_quoted_in_dollars_per_million() -> None:
    found = quote(period("1", "5", cache_read="0.1", cache_write="1.25"))
    assert found.state == "priced"
    assert found.reason is None
    assert found.rates == (1.0, 0.1, 1.25, 5.0, 0.0)
    assert found.cache_read_known
    assert found.cache_write_known
    assert found.batch is None


def test_the_period_of_the_day_decides() -> None:
    periods = [period("1", "5", until="2026-03-01"), {**period("2", "6"), "from": "2026-03-01", "url": "https://a.org"}]
    assert quote(*periods, day=date(2026, 2, 28)).rates == (1.0, 1.0, 1.0, 5.0, 0.0)
    assert quote(*periods, day=date(2026, 3, 1)).rates == (2.0, 2.0, 2.0, 6.0, 0.0)


def test_an_unknown_cached_price_is_billed_as_fresh_input_and_the_quote_says_so() -> None:
    found = quote(period("30", "60"))
    assert found.rates == (30.0, 30.0, 30.0, 60.0, 0.0)
    assert not found.cache_read_known
    assert not found.cache_write_known


def test_before_the_first_day_of_sale_there_is_no_price() -> None:
    found = quote(period("8", "40"), facts={"released": "2026-11-09"})
    assert (found.state, found.rates) == ("not_on_sale", None)
    assert found.reason == "not on sale before 2026-11-09"
    assert found.next_change == (date(2026, 11, 9), "goes on sale")


@pytest.mark.parametrize(("day", "state"), [(date(2026, 8, 4), "priced"), (date(2026, 8, 5), "retired")])
def test_a_model_is_gone_on_its_last_day_itself(day: date, state: str) -> None:
    retiring = {"retires_on": "2026-08-05", "retirement_source": "a page"}
    assert quote(period("15", "75"), day=day, facts=retiring).state == state


def test_a_retired_model_names_its_successor() -> None:
    old = model("old", retires_on="2026-08-05", retirement_source="a page", successor="new")
    new = model("new", display="New 2")
    made = offer("old", period("15", "75"))
    found = shop((old, made), (new, offer("new", period("4", "20")))).quote(made, date(2026, 9, 1))
    assert found.reason == "retired on 2026-08-05; successor New 2"
    assert found.rates is None
    assert found.steps == ()


def test_a_retirement_ahead_is_the_end_of_the_quote_and_its_next_change() -> None:
    retiring = {"retires_on": "2026-08-05", "retirement_source": "a page"}
    found = quote(period("15", "75", until="2026-12-01"), facts=retiring)
    assert found.valid_until == date(2026, 8, 5)
    assert found.next_change == (date(2026, 8, 5), "retires")


def test_an_announced_price_is_told_in_words() -> None:
    later = {**period("4", "20"), "from": "2026-12-01", "url": "https://example.org/prices"}
    found = quote(period("2", "10", until="2026-12-01"), later)
    assert found.valid_until == date(2026, 12, 1)
    assert found.next_change == (date(2026, 12, 1), "input $2 to $4, output $10 to $20 per 1M tokens")
    assert quote(period("2", "10", until="2026-12-01"), later, day=date(2026, 12, 1)).next_change is None


def test_a_missing_price_is_unpriced_and_never_zero() -> None:
    found = quote({"reason": "a free quota, no price"})
    assert (found.state, found.rates, found.blended_usd_per_mtok) == ("unpriced", None, None)
    assert found.reason == "a free quota, no price"


def test_a_day_that_no_period_covers_is_unpriced() -> None:
    found = quote(period("1", "1", until="2026-02-01"))
    assert (found.state, found.reason) == ("unpriced", "no price is known for 2026-03-01")


def test_a_gift_is_free_and_says_why() -> None:
    found = quote(period("0", "0", free=True, reason="a trial model"))
    assert (found.state, found.reason, found.rates) == ("free", "a trial model", (0.0, 0.0, 0.0, 0.0, 0.0))


def test_bands_are_already_averaged() -> None:
    bands = [
        {"name": "off-peak", "share": "84/168", "input": "1", "output": "2"},
        {"name": "peak", "share": "84/168", "input": "3", "output": "6"},
    ]
    # half the week each: (1 + 3) / 2 and (2 + 6) / 2
    assert quote({"bands": bands}).rates == (2.0, 2.0, 2.0, 4.0, 0.0)


@pytest.mark.parametrize(
    ("boundary", "at", "one_over"), [("gt", None, 200_000), ("ge", 200_000, 200_000)]
)
def test_the_boundary_of_a_step_is_exact(boundary: str, at: int | None, one_over: int) -> None:
    step = {"prompt_tokens": 200_000, "boundary": boundary, "input": "2", "output": "2"}
    found = quote(period("1", "1", over=[step]))
    reached = [found.step_for(tokens) for tokens in (199_999, 200_000, 200_001)]
    assert [step.prompt_tokens if step else None for step in reached] == [None, at, one_over]


def test_the_highest_step_that_a_prompt_reaches_counts() -> None:
    steps = [{"prompt_tokens": n, "input": str(n), "output": "9"} for n in (100, 200)]
    found = quote(period("1", "1", over=steps)).step_for(250)
    assert found is not None
    assert found.rates.input == 200.0


def test_a_step_without_a_batch_price_is_not_offered_in_batch() -> None:
    step = {"prompt_tokens": 100, "input": "2", "output": "2"}
    found = quote(period("1", "1", batch={"input": "0.5", "output": "0.5"}, over=[step]))
    assert found.batch is not None
    assert found.batch.input == 0.5
    assert found.steps[0].batch is None


def test_a_fee_per_request_travels_with_every_price() -> None:
    found = quote(period("1", "1", batch={"input": "0.5", "output": "0.5"}), fees={"per_request_usd": 0.01})
    assert found.rates is not None
    assert found.batch is not None
    assert (found.rates.fee_per_request, found.batch.fee_per_request) == (0.01, 0.01)


def test_hosts_of_open_weights_outlive_the_vendors_own_offer() -> None:
    weights = {"open_weights": True, "licence": "MIT", "retires_on": "2026-02-01", "retirement_source": "a page"}
    made = offer("m", period("1", "1"), seller="host")
    assert shop((model("m", **weights), made)).quote(made, DAY).state == "priced"
    closed = {"retires_on": "2026-02-01", "retirement_source": "a page"}
    assert shop((model("m", **closed), made)).quote(made, DAY).state == "retired"


def test_a_sellers_own_last_day_goes_before_the_models() -> None:
    made = offer("m", period("1", "1"), retires_on="2026-02-01")
    assert shop((model("m"), made)).quote(made, DAY).reason == "retired on 2026-02-01"


SOURCES = {
    "lab": Seller(id="acme", display="Acme", kind="lab"),
    "host": Seller(id="acme", display="Acme", kind="host"),
    "router": Seller(id="acme", display="Acme", kind="router"),
}


@pytest.mark.parametrize(
    ("kind", "age", "expected"),
    [
        ("lab", 29, "fresh"), ("lab", 30, "amber"), ("lab", 59, "amber"), ("lab", 60, "red"),
        ("host", 13, "fresh"), ("host", 14, "amber"), ("host", 29, "amber"), ("host", 30, "red"),
        ("router", 6, "fresh"), ("router", 7, "amber"), ("router", 13, "amber"), ("router", 14, "red"),
    ],
)  # fmt: skip
def test_a_price_ages_by_the_kind_of_its_seller(kind: str, age: int, expected: str) -> None:
    made = offer("m", period("1", "1"))
    catalog = shop((model("m"), made), sellers=(SOURCES[kind],))
    today = date.fromordinal(date(2026, 1, 1).toordinal() + age)
    assert catalog.freshness(catalog.quote(made, today), today) == expected


def aged(made_offer_fields: dict[str, Any], *periods: dict[str, Any], today: date, day: date) -> str:
    made = offer("m", *periods, **made_offer_fields)
    catalog: Catalog = shop((model("m"), made))
    return catalog.freshness(catalog.quote(made, day), today)


def test_looking_again_makes_a_price_fresh() -> None:
    checked = {"provenance": {**PROVENANCE, "checked_on": "2026-02-20"}}
    assert aged(checked, period("1", "1"), today=DAY, day=DAY) == "fresh"


def test_a_price_that_has_run_out_is_red_at_once() -> None:
    short = period("1", "1", until="2026-01-05")
    assert aged({}, short, today=date(2026, 1, 4), day=date(2026, 1, 4)) == "fresh"
    assert aged({}, short, today=date(2026, 1, 5), day=date(2026, 1, 4)) == "red"


def test_an_open_dispute_is_red_and_a_settled_one_is_not() -> None:
    def disputed(value: str, **extra: str) -> str:
        dispute = [{"source": "another table", "input": value, "output": "10", **extra}]
        provenance = {"provenance": {**PROVENANCE, "disagrees": dispute}}
        return aged(provenance, period("1", "10"), today=date(2026, 1, 2), day=date(2026, 1, 2))

    assert disputed("1.01") == "fresh"  # within 1 % of the larger
    assert disputed("1.02") == "red"
    assert disputed("1.02", settled="Their row is a month older.") == "fresh"
