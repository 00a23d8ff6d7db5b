"""What a row of the tables may say, and what is refused with a way out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from pricing.offers import Model, Offer, PricePeriod, Provenance
from tests.pricing.small import PROVENANCE, model, offer, period


def read(**fields: Any) -> PricePeriod:
    return PricePeriod.model_validate(fields)


def test_prices_are_exact_decimals_from_text() -> None:
    # 0.1 as a float would be 0.1000000000000000055…
    assert read(input="0.1", output="0.3").input == Decimal("0.1")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"input": 0.1, "output": "1"}, "as digits in quotes"),
        ({"input": "1e3", "output": "1"}, "as digits in quotes"),
        ({"input": "-1", "output": "1"}, "as digits in quotes"),
        ({"input": "nan", "output": "1"}, "as digits in quotes"),
        ({"input": True, "output": "1"}, "as digits in quotes"),
        ({"input": "1"}, "input and output go together"),
        ({"reason": "unknown", "cache_read": "1"}, "needs an input price"),
        ({"input": "1", "output": "1", "cache_read": "1.01"}, "must not exceed input"),
        ({}, "needs a reason"),
        ({"input": "0", "output": "0"}, "write free: true with a reason"),
        ({"input": "1", "output": "2", "cache_read": "0"}, "write free: true with a reason"),
        ({"input": "0", "output": "0", "free": True}, "needs a reason"),
        ({"input": "1", "output": "1", "free": True, "reason": "a gift"}, "every price at 0"),
        ({"from": "2026-02-01", "until": "2026-02-01", "input": "1", "output": "1"}, "until must be after from"),
        ({"from": "1.2.2026", "input": "1", "output": "1"}, "YYYY-MM-DD"),
        ({"input": "1", "output": "1", "batch": {}}, "batch needs an input and an output price"),
        ({"input": "1", "output": "1", "inptu": "2"}, "Extra inputs"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        read(**fields)


def test_zero_is_a_price_only_when_the_seller_gives_it_away() -> None:
    gift = read(input="0", output="0", free=True, reason="a trial model")
    assert gift.free
    assert gift.is_priced


def test_steps_ascend_and_each_has_a_whole_price() -> None:
    steps = [{"prompt_tokens": 100, "input": "2", "output": "2"}, {"prompt_tokens": 200, "input": "3", "output": "3"}]
    assert [step.prompt_tokens for step in read(input="1", output="1", over=steps).over] == [100, 200]
    with pytest.raises(ValidationError, match="must ascend"):
        read(input="1", output="1", over=steps[::-1])
    with pytest.raises(ValidationError, match="a step needs an input and an output price"):
        read(input="1", output="1", over=[{"prompt_tokens": 100}])
    with pytest.raises(ValidationError, match="greater than 0"):
        read(input="1", output="1", over=[{"prompt_tokens": 0, "input": "2", "output": "2"}])


def test_bands_average_over_the_hours_of_the_week() -> None:
    bands = [
        {"name": "off-peak", "share": "126/168", "input": "1", "output": "4", "cache_read": "0.1"},
        {"name": "peak", "share": "42/168", "input": "2", "output": "8"},
    ]
    mean = read(bands=bands).mean_prices
    # three quarters of the week at 1, a quarter at 2: 0.75 + 0.5 = 1.25; output 3 + 2 = 5
    assert (mean.input, mean.output) == (Decimal("1.25"), Decimal("5.0"))
    assert mean.cache_read is None  # unknown in one band is unknown on the whole


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        (("100/168", "42/168"), "add up to 1"),
        (("0.75", "0.25"), "hours of a week"),
        (("200/168", "1/168"), "less than"),
    ],
)
def test_bands_fill_the_week(shares: tuple[str, str], said: str) -> None:
    bands = [{"name": str(n), "share": share, "input": "1", "output": "1"} for n, share in enumerate(shares)]
    with pytest.raises(ValidationError, match=said):
        read(bands=bands)


def test_bands_replace_the_one_price() -> None:
    bands = [{"name": "always", "share": 1.0, "input": "1", "output": "1"}]
    with pytest.raises(ValidationError, match="either bands or one price"):
        read(input="1", output="1", bands=bands)


def test_a_period_holds_from_its_first_day_to_the_day_before_until() -> None:
    held = read(**{"from": "2026-02-01", "until": "2026-03-01", "input": "1", "output": "1"})
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)]
    assert [held.covers(day) for day in days] == [False, True, True, False]


def test_periods_may_touch_but_not_overlap() -> None:
    first, second = period("1", "1", until="2025-02-01"), period("2", "2", **{"from": "2025-02-01"})
    assert len(offer("m", first, second).periods) == 2
    with pytest.raises(ValidationError, match="overlap or are out of order"):
        offer("m", second, first)
    with pytest.raises(ValidationError, match="overlap or are out of order"):
        offer("m", period("1", "1", until="2025-02-02"), second)
    with pytest.raises(ValidationError, match="overlap or are out of order"):
        offer("m", period("1", "1"), second)


def test_an_announced_price_names_the_page_that_announces_it() -> None:
    now, later = period("1", "1", until="2026-06-01"), {**period("2", "2"), "from": "2026-06-01"}
    with pytest.raises(ValidationError, match="is announced and needs a url"):
        offer("m", now, later)
    assert offer("m", now, {**later, "url": "https://example.org/prices"}).periods[1].url


def test_two_offers_with_the_same_figures_are_equal_and_can_be_counted() -> None:
    assert offer("m", period("1", "2")) == offer("m", period("1", "2"))
    assert len({offer("m", period("1", "2")), offer("m", period("1", "2")), offer("n", period("1", "2"))}) == 2


def test_an_offer_cannot_be_changed_in_place() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        offer("m", period("1", "2")).seller = "other"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"tier": "small"}, "tier and tier_reason go together"),
        ({"strengths": {"qa": 2}}, "strengths and strengths_source go together"),
        ({"strengths": {"qa": 4}, "strengths_source": "a guess"}, "less than or equal to 3"),
        ({"strengths": {"poetry": 2}, "strengths_source": "a guess"}, "strengths.poetry"),
        ({"retires_on": "2026-05-01"}, "retires_on and retirement_source go together"),
        ({"released": "2026-05-01", "retires_on": "2026-05-01", "retirement_source": "a page"}, "after released"),
        ({"tokenizer_factor": 1.3}, "tokenizer_factor and tokenizer_source go together"),
        ({"open_weights": True}, "open_weights and licence go together"),
        ({"params_total_b": 8.0, "params_active_b": 9.0}, "must not exceed"),
        ({"successor": "m"}, "another model"),
    ],
)
def test_a_model_that_makes_no_sense_is_refused(facts: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        model("m", **facts)


def test_every_field_of_a_row_explains_itself_in_a_sentence() -> None:
    for record in (Model, Offer, PricePeriod, Provenance):
        for name, field in record.model_fields.items():
            assert field.description, f"{record.__name__}.{name}"
            assert field.description.strip().endswith("."), f"{record.__name__}.{name}"


def test_where_a_price_comes_from_is_not_optional() -> None:
    with pytest.raises(ValidationError, match="as_of"):
        offer("m", period("1", "2"), provenance={key: PROVENANCE[key] for key in ("source", "method")})
