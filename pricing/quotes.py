"""An offer on a day: its state, its prices as floats, and what is about to change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from pricing.charge import Rates
from pricing.offers import Model, Offer, PricePeriod, TokenPrices

State = Literal["priced", "free", "unpriced", "retired", "not_on_sale"]


def usd(value: ArrayLike) -> float:
    """One figure out of rates of shape ().

    >>> usd(Rates(1.0, 0.1, 1.25, 5.0).output)
    5.0
    """
    return float(np.asarray(value, float))


def blend_of(input_usd_per_mtok: float, output_usd_per_mtok: float) -> float:
    """USD per 1M tokens at three input tokens to one output token, free of float dust so that equal prices stay equal.

    >>> blend_of(1.0, 5.0), blend_of(0.1, 0.4)
    (2.0, 0.175)
    """
    return round((3 * input_usd_per_mtok + output_usd_per_mtok) / 4, 9)


@dataclass(frozen=True, slots=True)
class QuoteStep:
    """Prices of a whole request whose prompt is past ``prompt_tokens`` (``gt``) or reaches it (``ge``)."""

    prompt_tokens: int
    boundary: Literal["gt", "ge"]
    rates: Rates
    batch: Rates | None

    def applies(self, prompt_tokens: float) -> bool:
        """Whether a prompt of this length is on the step."""
        return prompt_tokens > self.prompt_tokens or (self.boundary == "ge" and prompt_tokens == self.prompt_tokens)


@dataclass(frozen=True)
class Quote:
    """What one offer costs on one day.

    ``rates`` is None unless ``state`` is ``priced`` or ``free``, and ``reason`` then says why in words. A cached price
    that the seller does not publish is billed as fresh input; ``cache_read_known`` and ``cache_write_known`` tell. The
    rate for writing to the cache is that of the shortest time on offer; ``cache_write_1h_usd_per_mtok`` is the price of
    keeping it for an hour, where there is one.
    """

    offer: Offer
    model: Model
    day: date
    state: State
    reason: str | None
    rates: Rates | None
    batch: Rates | None
    steps: tuple[QuoteStep, ...]
    cache_read_known: bool
    cache_write_known: bool
    cache_write_1h_usd_per_mtok: float | None
    valid_until: date | None
    next_change: tuple[date, str] | None
    as_of: date
    source: str
    url: str | None

    def on(self, day: date) -> Quote:
        """The same quote on another day of the same stretch, in which nothing else changes."""
        if day == self.day:
            return self
        other = object.__new__(Quote)
        # dataclasses.replace takes ten times as long, and months of quotes are many
        other.__dict__.update(self.__dict__, day=day)
        if self.reason is not None and self.reason == _no_price_on(self.day):
            other.__dict__["reason"] = _no_price_on(day)
        return other

    @property
    def blended_usd_per_mtok(self) -> float | None:
        """USD per 1M tokens at three input tokens to one output token."""
        if self.rates is None:
            return None
        return blend_of(usd(self.rates.input), usd(self.rates.output))

    def step_for(self, prompt_tokens: float) -> QuoteStep | None:
        """The highest step that a prompt of this length is on; None on the base price."""
        on = [step for step in self.steps if step.applies(prompt_tokens)]
        return on[-1] if on else None


def _no_price_on(day: date) -> str:
    return f"no price is known for {day}"


def blended(prices: TokenPrices) -> float:
    """The 3:1 blend of prices that are known."""
    rates = rates_of(prices, 0.0)
    return blend_of(usd(rates.input), usd(rates.output))


def rates_of(prices: TokenPrices, fee_per_request: float) -> Rates:
    """Floats for :func:`pricing.charge.charge`; an unknown cached price becomes the input price."""
    if prices.input is None or prices.output is None:
        raise ValueError("an unpriced period has no rates")
    read = prices.input if prices.cache_read is None else prices.cache_read
    write = prices.input if prices.cache_write is None else prices.cache_write
    return Rates(float(prices.input), float(read), float(write), float(prices.output), fee_per_request)


def _batch_rates(prices: TokenPrices | None, fee: float) -> Rates | None:
    return None if prices is None else rates_of(prices, fee)


def _dollars(value: Decimal | None) -> str:
    return "no price" if value is None else f"${value.normalize():f}"


def change_in_words(before: PricePeriod | None, after: PricePeriod) -> str:
    """What changes when one period follows another, in words.

    >>> old = PricePeriod.model_validate({"until": "2026-12-01", "input": "2", "output": "10"})
    >>> change_in_words(old, PricePeriod.model_validate({"from": "2026-12-01", "input": "4", "output": "20"}))
    'input $2 to $4, output $10 to $20 per 1M tokens'
    """
    new = after.mean_prices
    if not new.is_priced:
        return f"no longer priced: {after.reason}"
    old = before.mean_prices if before else TokenPrices()
    parts = [
        f"{label} {_dollars(getattr(old, name))} to {_dollars(getattr(new, name))}"
        for name, label in (("input", "input"), ("output", "output"))
        if getattr(old, name) != getattr(new, name)
    ]
    return f"{', '.join(parts)} per 1M tokens" if parts else "prices of cached, long or batched requests change"


def first_day(offer: Offer, model: Model) -> date | None:
    """First day of sale at this seller, where known."""
    return offer.released or model.released


def last_day(offer: Offer, model: Model, own: bool) -> date | None:
    """First day on which the seller no longer serves the model, where known.

    The model's own day counts for its vendor, and for everyone when the weights are closed: a reseller depends on the
    vendor. Hosts of open weights go on until they say otherwise.
    """
    if offer.retires_on is not None:
        return offer.retires_on
    return model.retires_on if own or not model.open_weights else None


def _next_change(
    offer: Offer, now: PricePeriod | None, day: date, starts: date | None, retires: date | None, retirement: str
) -> tuple[date, str] | None:
    changes = [(retires, retirement)] if retires is not None and retires > day else []
    if starts is not None and starts > day:
        changes.append((starts, "goes on sale"))
    for period in offer.periods:
        if period.starts is not None and period.starts > day and (retires is None or period.starts < retires):
            changes.append((period.starts, change_in_words(now, period)))
            break
    return min(changes) if changes else None


def turning_days(offer: Offer, model: Model, retires: date | None, chain: Iterable[Model]) -> list[date]:
    """Every day on which something about a quote changes, in order; ``chain``: the models that may be its successor."""
    days = [first_day(offer, model), retires, offer.provenance.as_of]
    days += [day for period in offer.periods for day in (period.starts, period.ends)]
    days += [day for other in chain for day in (other.released, other.retires_on)]
    return sorted({day for day in days if day is not None})


def quote_offer(offer: Offer, model: Model, day: date, retires: date | None, successor: Model | None) -> Quote:
    """The offer on the day, given its last day. ``successor`` is only used for the words of a retirement."""
    starts = first_day(offer, model)
    instead = f"; successor {successor.display}" if successor else ""
    period = next((period for period in offer.periods if period.covers(day)), None)
    state: State = "unpriced"
    reason: str | None = None
    if starts is not None and day < starts:
        state, reason = "not_on_sale", f"not on sale before {starts}"
    elif retires is not None and day >= retires:
        state, reason = "retired", f"retired on {retires}{instead}"
    elif offer.status == "retired" and day >= offer.provenance.as_of:
        state, reason = "retired", f"no longer on sale on {offer.provenance.as_of}{instead}"
    elif period is None:
        reason = _no_price_on(day)
    elif not period.mean_prices.is_priced:
        reason = period.reason
    else:
        state, reason = ("free", period.reason) if period.free else ("priced", None)
    on_sale = period if state in ("priced", "free") else None
    fee = offer.fees.per_request_usd or 0.0
    prices = on_sale.mean_prices if on_sale else TokenPrices()
    running = state in ("priced", "free", "unpriced")
    ends = [end for end in (period.ends if period else None, retires) if running and end is not None and end > day]
    return Quote(
        offer=offer,
        model=model,
        day=day,
        state=state,
        reason=reason,
        rates=rates_of(prices, fee) if on_sale else None,
        batch=_batch_rates(on_sale.batch, fee) if on_sale else None,
        steps=tuple(
            QuoteStep(step.prompt_tokens, step.boundary, rates_of(step, fee), _batch_rates(step.batch, fee))
            for step in (on_sale.over if on_sale else ())
        ),
        cache_read_known=prices.cache_read is not None,
        cache_write_known=prices.cache_write is not None,
        cache_write_1h_usd_per_mtok=None if prices.cache_write_1h is None else float(prices.cache_write_1h),
        valid_until=min(ends) if ends else None,
        next_change=_next_change(offer, period, day, starts, retires, f"retires{instead}"),
        as_of=offer.provenance.as_of,
        source=" ".join(filter(None, (offer.provenance.source, offer.provenance.source_version))),
        url=(period.url if period else None) or offer.provenance.url,
    )
