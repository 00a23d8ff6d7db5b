"""A made-up market with round prices, for every test that wants to do its sums in the head.

`small` costs a fifth of `large`, batch is half price, a cached token costs a tenth and writing it a quarter more.
The others each have one peculiarity, which their name tells.
"""

from __future__ import annotations

from datetime import date

from pricing.catalog import Catalog
from pricing.offers import Seller
from tests.pricing.small import model, offer, period

DAY = date(2026, 1, 15)

_HALF = {"batch": {"input": "0.5", "output": "2.5", "cache_read": "0.05"}}
_PLAIN = {"input": "1", "output": "5"}

MODELS = (
    model("small", context_tokens=200_000),
    model("large", context_tokens=200_000),
    model("premium"),
    model("long-gt", context_tokens=1_000_000),
    model("long-ge", context_tokens=1_000_000),
    model("wordy", tokenizer_factor=1.5, tokenizer_source="made up", context_tokens=200_000),
    model("toll"),
    model("leaving", retires_on="2026-03-10", retirement_source="made up", successor="large"),
    model("vanishing", retires_on="2026-03-10", retirement_source="made up"),
    model("rising"),
    model("secret"),
    model("coming", released="2026-03-01"),
    model("open", vendor="commons", open_weights=True, licence="MIT"),
)

OFFERS = (
    offer("small", period("1", "5", cache_read="0.1", cache_write="1.25", **_HALF)),
    offer("large", period("5", "25", cache_read="0.5", cache_write="6.25", batch={"input": "2.5", "output": "12.5"})),
    offer("premium", period("15", "75")),
    offer("long-gt", period("2", "10", batch={"input": "1", "output": "5"}, over=[
        {"prompt_tokens": 200_000, "boundary": "gt", "input": "4", "output": "20",
         "batch": {"input": "2", "output": "10"}}])),
    offer("long-ge", period("2", "10", batch={"input": "1", "output": "5"}, over=[
        {"prompt_tokens": 200_000, "boundary": "ge", "input": "4", "output": "20"}])),
    offer("wordy", period("1", "5")),
    offer("toll", period("1", "5"), fees={"per_request_usd": 0.01}),
    offer("leaving", period("1", "5")),
    offer("vanishing", period("1", "5")),
    offer("rising", period("1", "5", until="2026-04-01"), period("2", "10", **{"from": "2026-04-01",
          "url": "https://example.org/prices"})),
    offer("secret", period(None, None, reason="sold by contract only")),
    offer("coming", period("1", "5")),
    offer("open", period("0.5", "0.5"), seller="hostel"),
    offer("small", period("2", "10"), seller="reseller"),
)

MARKET = Catalog(
    MODELS, OFFERS, {"petit": "small", "Grand Modèle": "large"},
    [Seller(id="hostel", display="Hostel", kind="host"), Seller(id="reseller", display="Reseller", kind="router")],
)
