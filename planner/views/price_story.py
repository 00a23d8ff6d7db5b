"""Every dated price of an offer in words: its periods and the steps for long prompts."""

from __future__ import annotations

import numpy as np

from planner.views.formatting import MISSING, count, day, usd_per_mtok
from pricing.offers import Offer
from pricing.quotes import Quote


def period_rows(offer: Offer) -> list[list[str]]:
    """From, until, input, cached, output, batch input, batch output of each period, in order of time."""
    rows = []
    for period in offer.periods:
        mean, batch = period.mean_prices, period.batch
        rows.append([
            day(period.starts), day(period.ends), *(_price(getattr(mean, part)) for part in ("input", "cache_read",
                                                                                              "output")),
            _price(batch.input if batch else None), _price(batch.output if batch else None),
        ])
    return rows


def _price(value: object) -> str:
    return MISSING if value is None else usd_per_mtok(float(str(value)))


def step_rows(quote: Quote) -> list[list[str]]:
    """Prompt length, input and output price of each step."""
    return [
        [f"{count(step.prompt_tokens)} tokens", usd_per_mtok(float(np.asarray(step.rates.input))),
         usd_per_mtok(float(np.asarray(step.rates.output)))]
        for step in quote.steps
    ]
