"""Endpoints turn tokens into money: catalogue offers, own prices, own hardware (the method, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.domain.endpoints import Custom, SelfHosted
from planner.domain.plan import Plan
from planner.engine.demand import Demand
from pricing.catalog import Catalog, Quote, QuoteStep
from pricing.charge import Rates, charge

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FREE = Rates(0.0, 0.0, 0.0, 0.0, 0.0)


class Column(NamedTuple):
    """One endpoint in one mode: the columns of every endpoint array."""

    name: str
    """The name that the plan uses."""
    thinking: bool = False
    output_factor: float = 1.0
    """Billed output over the output entered, besides the endpoint's own factor."""


@dataclass(frozen=True)
class EndpointState:
    """What is known of one endpoint on one day."""

    id: str
    """``seller/model`` for catalogue offers, else the plan's own name."""
    label: str
    short: str
    kind: str
    """api, custom or self_hosted."""
    seller: str
    seller_label: str
    model_id: str | None
    """Catalogue model behind it, where there is one."""
    state: str
    """priced, free, unpriced, retired or not_on_sale."""
    reason: str | None
    rates: Rates | None
    batch: Rates | None
    steps: tuple[tuple[float, Rates, Rates | None], ...]
    """Per long-prompt step: the longest prompt below it, its prices and its batch prices."""
    context_tokens: float
    tokenizer_factor: float
    output_factor: float
    in_house: bool
    fixed_usd: float
    one_off_usd: float
    quote: Quote | None
    hosting: SelfHosted | None
    cache_read_known: bool = True
    notes: tuple[str, ...] = ()

    @property
    def is_priced(self) -> bool:
        """Whether requests to it have a price today."""
        return self.rates is not None


def endpoint_state(name: str, plan: Plan, catalog: Catalog, day: date, follow: bool = False) -> EndpointState:
    """The endpoint that a plan calls ``name``, priced on ``day``. Raises InputError if there is none.

    With ``follow`` a retired offer is priced as its successor's own offer, and a note says so.
    """
    own = plan.endpoints.get(name)
    if isinstance(own, SelfHosted):
        return _hosted(name, own, catalog)
    if isinstance(own, Custom):
        return _custom(name, own, catalog)
    offer = catalog.resolve(name)
    quote = catalog.quote(offer, day)
    notes: tuple[str, ...] = ()
    if follow and quote.state == "retired":
        quote, notes = _succeeded(quote, catalog, day)
    keep = 1.0 - discount_of(plan, catalog, offer.seller, offer.model)
    return EndpointState(
        id=offer.id, label=_label(quote, catalog), short=_short(quote, catalog), kind="api", seller=offer.seller,
        seller_label=_seller_label(offer.seller, catalog),
        model_id=offer.model, state=quote.state, reason=quote.reason,
        rates=_discounted(quote.rates, keep), batch=_discounted(quote.batch, keep),
        steps=tuple(
            (_longest_below(step), _kept(step.rates, keep), _discounted(step.batch, keep))
            for step in quote.steps
        ),
        context_tokens=float(quote.model.context_tokens or np.inf),
        tokenizer_factor=quote.model.tokenizer_factor, output_factor=1.0, in_house=False, fixed_usd=0.0,
        one_off_usd=0.0, quote=quote, hosting=None, cache_read_known=quote.cache_read_known,
        notes=notes,
    )


def _longest_below(step: QuoteStep) -> float:
    """The longest prompt that is not yet on a step."""
    at = float(step.prompt_tokens)
    return at if step.boundary == "gt" else float(np.nextafter(at, 0.0))


def _succeeded(quote: Quote, catalog: Catalog, day: date) -> tuple[Quote, tuple[str, ...]]:
    """The successor's own offer in place of a retired one; the retired quote where nobody follows."""
    successor = catalog.successor(quote.model, day)
    own = catalog.own_offer(successor) if successor else None
    if own is None:
        return quote, (f"{quote.model.display} is {quote.reason}; nothing follows it",)
    return catalog.quote(own, day), (f"{quote.model.display} is retired; priced as {own.model}",)


def discount_of(plan: Plan, catalog: Catalog, seller: str, model_id: str) -> float:
    """The plan's discount for an offer: the model's own before the seller's."""
    by_model: dict[str, float] = {}
    for name, share in plan.discounts.items():
        named = catalog.resolve(name) if "/" in name else catalog.find_model(name)
        by_model[name if named is None else named.id] = share
    return by_model.get(f"{seller}/{model_id}", by_model.get(model_id, plan.discounts.get(seller, 0.0)))


def _label(quote: Quote, catalog: Catalog) -> str:
    own = catalog.is_own(quote.offer)
    return quote.model.display if own else f"{quote.model.display} at {_seller_label(quote.offer.seller, catalog)}"


def _short(quote: Quote, catalog: Catalog) -> str:
    own = catalog.is_own(quote.offer)
    return quote.model.short if own else f"{quote.model.short} at {_seller_label(quote.offer.seller, catalog)}"


def _seller_label(seller: str, catalog: Catalog) -> str:
    record = catalog.seller_names.get(seller)
    return record.display if record else seller


def _kept(rates: Rates, keep: float) -> Rates:
    return Rates(*(np.asarray(part, float) * keep for part in rates))


def _discounted(rates: Rates | None, keep: float) -> Rates | None:
    return None if rates is None else _kept(rates, keep)


def _custom(name: str, own: Custom, catalog: Catalog) -> EndpointState:
    read = own.input_usd_per_mtok if own.cache_read_usd_per_mtok is None else own.cache_read_usd_per_mtok
    write = own.input_usd_per_mtok if own.cache_write_usd_per_mtok is None else own.cache_write_usd_per_mtok
    rates = Rates(own.input_usd_per_mtok, read, write, own.output_usd_per_mtok, own.usd_per_request)
    like = None if own.ability_like is None else catalog.resolve_model(own.ability_like).id
    return EndpointState(
        id=name, label=name, short=name, kind="custom", seller=name, seller_label=name,
        model_id=like, state="priced",
        reason=None, rates=rates, batch=None if own.batch_factor is None else _kept(rates, own.batch_factor), steps=(),
        context_tokens=float(own.context_tokens or np.inf), tokenizer_factor=own.tokenizer_factor,
        output_factor=own.thinking_factor, in_house=own.in_house, fixed_usd=own.fixed_usd_per_month,
        one_off_usd=own.one_off_usd, quote=None, hosting=None,
        cache_read_known=own.cache_read_usd_per_mtok is not None,
    )


def _hosted(name: str, own: SelfHosted, catalog: Catalog) -> EndpointState:
    model = catalog.resolve_model(own.model)
    return EndpointState(
        id=name, label=f"{model.display}, self-hosted", short=f"{model.short}, self-hosted", kind="self_hosted",
        seller=name, seller_label=name, model_id=model.id, state="priced", reason=None, rates=FREE, batch=FREE,
        steps=(),
        context_tokens=float(model.context_tokens or np.inf), tokenizer_factor=model.tokenizer_factor,
        output_factor=own.thinking_factor, in_house=True, fixed_usd=0.0, one_off_usd=own.one_off_usd or 0.0,
        quote=None, hosting=own,
    )


@dataclass(frozen=True)
class UnitCosts:
    """USD of one call per category (axis -2) and column (axis -1), before retries."""

    mean: Floats
    routine: Floats
    complex: Floats
    batch_refused: Bools
    """Work is to be batched that this endpoint does not batch."""
    longest_prompt_tokens: Floats
    """The longest prompt that is known of, as the endpoint counts tokens: at least the mean of the longer segment."""
    window_exceeded: Bools
    """The longest prompt does not fit the endpoint's window."""


class _Table(NamedTuple):
    """Prices by level (base price, then steps) and column; NaN where not offered."""

    standard: Floats
    batch: Floats
    thresholds: Floats


def _table(states: list[EndpointState]) -> _Table:
    levels = 1 + max((len(state.steps) for state in states), default=0)
    standard = np.full((levels, len(states), len(Rates._fields)), np.nan)
    batch = standard.copy()
    thresholds = np.full((levels, len(states)), np.inf)
    for column, state in enumerate(states):
        rows: Iterable[tuple[float, Rates | None, Rates | None]] = ((-np.inf, state.rates, state.batch), *state.steps)
        for level, (threshold, rates, batched) in enumerate(rows):
            thresholds[level, column] = threshold
            if rates is not None:
                standard[level, column] = rates
            if batched is not None:
                batch[level, column] = batched
    return _Table(standard, batch, thresholds)


def unit_costs(demand: Demand, columns: list[Column], states: Mapping[str, EndpointState], reference_factor: float
               ) -> UnitCosts:
    """USD of one call, shape (categories, columns); NaN where the endpoint has no price.

    ``reference_factor`` is the tokenizer factor of the model the counts come from, or NaN where none is stated: then
    tokens are taken as counted by each endpoint. Long-prompt steps apply to one request's prompt and are decided once
    per category by its mean prompt, or by its share of tokens above the step.
    """
    listed = [states[column.name] for column in columns]
    table = _table(listed)
    stated = np.isfinite(reference_factor)
    factor = np.array([state.tokenizer_factor / reference_factor if stated else 1.0 for state in listed])
    output_factor = np.array(
        [state.output_factor * column.output_factor for state, column in zip(listed, columns, strict=True)]
    )
    tokens_in = demand.input_tokens[..., None] * factor
    tokens_out = demand.output_tokens[..., None] * factor * output_factor
    level = (tokens_in[..., None, :] > table.thresholds).sum(axis=-2) - 1
    steps = np.array([len(state.steps) for state in listed])
    told = np.isfinite(demand.long_prompt_share)[..., None]
    long_level = np.where(told & (steps > 0), np.maximum(level, 1), level)
    long_share = np.where(told, np.nan_to_num(demand.long_prompt_share)[..., None] * (steps > 0), (level > 0) * 1.0)
    batch_share = demand.batch_share[..., None]
    which = np.arange(len(columns))

    def priced(prices: Floats, length: Floats) -> Floats:
        each = []
        for chosen in (np.zeros_like(level), long_level):
            rates = Rates(*np.moveaxis(prices[chosen, which], -1, 0))
            each.append(
                charge(rates, tokens_in * length[..., None], tokens_out * length[..., None],
                       demand.cached_share[..., None], demand.cache_write_share[..., None])
            )
        short, long = each
        # an unused price may be unknown (NaN), so it must not enter a sum with weight 0
        mixed = (1.0 - long_share) * short + long_share * long
        return np.where(long_share <= 0, short, np.where(long_share >= 1, long, mixed))

    def blended(length: Floats) -> Floats:
        standard = priced(table.standard, length)
        if not (batch_share > 0).any():
            return standard
        batched = priced(table.batch, length)
        return np.where(batch_share > 0, (1 - batch_share) * standard + batch_share * batched, standard)

    ones = np.ones_like(demand.input_tokens)
    routine_length, complex_length = demand.segment_lengths
    mean = blended(ones)
    same_length = demand.complex_token_factor == 1
    same = bool(same_length.all())
    has_price = np.array([state.rates is not None for state in listed], bool)
    long_batch = np.isnan(table.batch[..., 0][long_level, which]) & (long_share > 0)
    short_batch = np.isnan(table.batch[..., 0][0]) & (long_share < 1)
    stretch = np.where(same_length, 1.0, np.maximum(
        np.where(demand.routine_share > 0, routine_length, 0.0), np.where(demand.complex_share > 0, complex_length, 0.0)
    ))
    longest = np.maximum(demand.max_prompt_tokens[..., None] * factor, tokens_in * stretch[..., None])
    return UnitCosts(
        mean=mean,
        routine=mean if same else blended(routine_length),
        complex=mean if same else blended(complex_length),
        batch_refused=(batch_share > 0) & has_price & (long_batch | short_batch),
        longest_prompt_tokens=longest,
        window_exceeded=longest > np.array([state.context_tokens for state in listed]),
    )
