"""What is on sale: models, the offers that sell them, and the dated prices of each offer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema, model_validator

from pricing.record import Name, Record
from pricing.units import Day, Factor, Share, UsdPerMtok

Tier = Literal["small", "medium", "large"]
Task = Literal[
    "classification", "extraction", "moderation", "summarisation", "qa", "translation", "routing", "chat", "rag",
    "routine_code", "creative", "reasoning", "advanced_code", "long_context", "agent", "other",
]  # fmt: skip
LatencyClass = Literal["fast", "standard", "slow"]
SellerKind = Literal["lab", "host", "router"]
Modality = Literal["text", "image", "audio", "video", "document"]
Status = Literal["listed", "promo", "announced", "retired"]

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
"""A lower-case id without spaces or slashes."""
Sentence = Annotated[str, StringConstraints(min_length=3, max_length=800)]
Url = Annotated[str, StringConstraints(pattern=r"^https://[^\s]{3,300}$")]
PositiveTokens = Annotated[int, Field(gt=0, le=10**9)]
KnownAs = Annotated[str, StringConstraints(pattern=r"^[^\s]{0,80}$")]


def _part_of_a_week(value: Any) -> Any:
    """A share written as a fraction of hours, "35/168", keeps the exact value readable in the table."""
    if isinstance(value, str):
        hours, slash, week = value.partition("/")
        if not slash or not hours.isdigit() or not week.isdigit() or int(week) == 0:
            raise ValueError('write the share as hours of a week, such as "35/168"')
        return int(hours) / int(week)
    return value


_SHARE_SCHEMA = {"type": ["string", "number"], "pattern": "^[0-9]+/[0-9]+$", "minimum": 0, "maximum": 1}
WeekShare = Annotated[Share, BeforeValidator(_part_of_a_week), WithJsonSchema(_SHARE_SCHEMA)]
_listed = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)


class Privacy(Record):
    """Where a model's requests may run and what happens to their text."""

    self_hostable: bool
    """Whether the weights may be run on your own machines."""
    regions: Annotated[tuple[Name, ...], _listed] = ()
    """Regions in which the vendor itself offers to process requests; empty when not established."""
    no_training: bool | None = None
    """Whether the vendor's paid API promises not to train on requests; empty when not established."""
    retention_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """Days for which the vendor keeps requests by default; empty when not established."""
    source: Sentence | None = None
    """Where these promises are written."""


class Model(Record):
    """What is known of a model, whoever sells it."""

    id: Identifier
    """The vendor's own id, in lower case."""
    display: Name
    """The full name that people read."""
    short: Name
    """The name without the vendor's brand, for charts."""
    family: Name
    """The line-up the model belongs to."""
    vendor: Identifier
    """Who made it."""
    tier: Tier | None = None
    """Overrides the tier that the price would give."""
    tier_reason: Sentence | None = None
    """Why the tier is overridden."""
    strengths: dict[Task, Annotated[int, Field(ge=0, le=3)]] = Field(default_factory=dict)
    """How well suited the model is to a task: 0 unsuited, 1 usable, 2 good, 3 among the best."""
    strengths_source: Sentence | None = None
    """Where the strengths come from."""
    latency_class: LatencyClass | None = None
    """How soon an answer starts and ends, judged from measured medians; empty when not measured."""
    latency_source: Sentence | None = None
    """Where the latency class comes from."""
    context_tokens: PositiveTokens | None = None
    """The longest prompt and answer together; empty when not established."""
    max_output_tokens: PositiveTokens | None = None
    """The longest answer; empty when not established."""
    modalities: Annotated[tuple[Modality, ...], _listed] = ("text",)
    """What the model reads."""
    open_weights: bool = False
    """Whether the weights can be downloaded."""
    licence: Name | None = None
    """The licence of the weights."""
    params_total_b: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Parameters in billions."""
    params_active_b: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Parameters in billions that one token passes through."""
    privacy: Privacy | None = None
    """Where requests may run and what happens to their text."""
    tokenizer_factor: Factor = 1.0
    """Tokens that this model counts for a text in which the reference tokenizer counts one."""
    tokenizer_source: Sentence | None = None
    """Where the tokenizer factor comes from."""
    thinking_factor: Annotated[Factor, Field(ge=1)] | None = None
    """Output tokens of the thinking mode for one of the plain mode; empty when not established."""
    thinking_source: Sentence | None = None
    """Where the thinking factor comes from."""
    released: Day | None = None
    """First day of sale; empty when not established."""
    retires_on: Day | None = None
    """First day on which the vendor no longer serves it; empty when none is announced."""
    retirement_source: Sentence | None = None
    """Where the retirement day comes from."""
    successor: Identifier | None = None
    """The model that the vendor offers instead."""
    self_host_profile: Name | None = None
    """The row of the serving tables that describes this model on your own machines."""
    source: Sentence
    """Where these facts come from."""
    as_of: Day
    """The day to which these facts refer."""

    def __hash__(self) -> int:
        return hash(self.id)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for value, reason, names in (
            (self.tier, self.tier_reason, "tier and tier_reason"),
            (self.strengths or None, self.strengths_source, "strengths and strengths_source"),
            (self.latency_class, self.latency_source, "latency_class and latency_source"),
            (self.retires_on, self.retirement_source, "retires_on and retirement_source"),
            (self.thinking_factor, self.thinking_source, "thinking_factor and thinking_source"),
            (None if self.tokenizer_factor == 1 else 1, self.tokenizer_source, "tokenizer_factor and tokenizer_source"),
        ):
            if (value is None) != (reason is None):
                raise ValueError(f"{names} go together: give both or neither")
        if self.open_weights != (self.licence is not None):
            raise ValueError("open_weights and licence go together: give both or neither")
        if self.released and self.retires_on and self.retires_on <= self.released:
            raise ValueError("retires_on must be after released")
        if self.params_active_b and self.params_total_b and self.params_active_b > self.params_total_b:
            raise ValueError("params_active_b must not exceed params_total_b")
        if self.successor == self.id:
            raise ValueError("successor must be another model")
        return self


PRICE_FIELDS = ("input", "output", "cache_read", "cache_write", "cache_write_1h")


class TokenPrices(Record):
    """Prices in USD per 1M tokens. Empty means that the source gives none."""

    input: UsdPerMtok | None = None
    """Price of 1M fresh input tokens."""
    output: UsdPerMtok | None = None
    """Price of 1M output tokens, thinking included."""
    cache_read: UsdPerMtok | None = None
    """Price of 1M input tokens that are read from the cache."""
    cache_write: UsdPerMtok | None = None
    """Price of 1M input tokens that are written to the cache for the shortest time on offer, mostly five minutes."""
    cache_write_1h: UsdPerMtok | None = None
    """Price of 1M input tokens that are written to the cache for an hour, where the seller offers both."""

    def given(self) -> Iterator[tuple[str, Decimal]]:
        """The prices that are set, with their names."""
        for name in PRICE_FIELDS:
            value = getattr(self, name)
            if value is not None:
                yield name, value

    @property
    def is_priced(self) -> bool:
        """Whether a request can be priced at all."""
        return self.input is not None and self.output is not None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.input is None) != (self.output is None):
            raise ValueError("input and output go together: give both or neither")
        if self.input is None and any(True for _ in self.given()):
            raise ValueError("a cached price needs an input price beside it")
        if self.input is not None and self.cache_read is not None and self.cache_read > self.input:
            raise ValueError("cache_read must not exceed input")
        if self.cache_write_1h is not None and (self.cache_write is None or self.cache_write > self.cache_write_1h):
            raise ValueError("cache_write_1h needs a cache_write beside it that costs no more")
        return self


def _must_be_priced(prices: TokenPrices, what: str) -> None:
    if not prices.is_priced:
        raise ValueError(f"{what} needs an input and an output price")


class PriceStep(TokenPrices):
    """Prices of a whole request whose prompt is longer than a threshold."""

    prompt_tokens: PositiveTokens
    """The length of the prompt at which the step begins."""
    boundary: Literal["gt", "ge"] = "gt"
    """Whether a prompt of exactly that length is still below the step (gt) or already on it (ge)."""
    batch: TokenPrices | None = None
    """Prices of the same request in batch; empty means not offered at this length."""

    @model_validator(mode="after")
    def _priced(self) -> Self:
        _must_be_priced(self, "a step")
        if self.batch is not None:
            _must_be_priced(self.batch, "a step's batch")
        return self


class PriceBand(TokenPrices):
    """Prices that hold for a part of the week."""

    name: Name
    """What the sellers call these hours."""
    share: WeekShare
    """The part of a week's hours, 0 to 1 or as in 35/168."""

    @model_validator(mode="after")
    def _priced(self) -> Self:
        _must_be_priced(self, "a band")
        return self


class PricePeriod(TokenPrices):
    """The prices in force between two days."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    starts: Annotated[Day | None, Field(alias="from")] = None
    """First day of these prices; empty means from the first day of sale."""
    ends: Annotated[Day | None, Field(alias="until")] = None
    """First day on which they no longer hold; empty means until further notice."""
    over: Annotated[tuple[PriceStep, ...], _listed] = ()
    """Dearer prices for long prompts, shortest first."""
    batch: TokenPrices | None = None
    """Prices of requests that may wait for hours; empty means not offered."""
    bands: Annotated[tuple[PriceBand, ...], _listed] = ()
    """Prices by the hour of the week, instead of one price."""
    free: bool = False
    """Whether the seller asks for nothing, as opposed to a price that nobody knows."""
    reason: Sentence | None = None
    """Why it is free, or why there is no price."""
    url: Url | None = None
    """The page that announces these prices."""
    note: Sentence | None = None
    """What a reader of this row should know."""

    def covers(self, day: date) -> bool:
        """Whether these prices hold on the day."""
        return (self.starts is None or self.starts <= day) and (self.ends is None or day < self.ends)

    @property
    def mean_prices(self) -> TokenPrices:
        """The one price, or the mean of the bands over the hours of a week."""
        if not self.bands:
            return self
        known: dict[str, Decimal] = {}
        for name in PRICE_FIELDS:
            values = [getattr(band, name) for band in self.bands]
            if None not in values:
                # A share such as 35/168 is no round Decimal: the mean is taken in float, then cut to 9 places.
                mean = sum(float(value) * band.share for value, band in zip(values, self.bands, strict=True))
                known[name] = Decimal(repr(round(mean, 9)))
        return TokenPrices(**known)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.starts and self.ends and self.ends <= self.starts:
            raise ValueError("until must be after from")
        if self.bands and self.input is not None:
            raise ValueError("give either bands or one price")
        if self.bands and abs(sum(band.share for band in self.bands) - 1) > 1e-9:
            raise ValueError("the shares of the bands must add up to 1")
        priced = self.is_priced or bool(self.bands)
        zeros = [name for name, value in self._every_price() if value == 0]
        if self.free and (not priced or any(value != 0 for _, value in self._every_price())):
            raise ValueError("free: true needs every price at 0")
        if zeros and not self.free:
            raise ValueError(f"{zeros[0]} is 0: write free: true with a reason, or leave it empty when nobody knows")
        if (self.free or not priced) and self.reason is None:
            raise ValueError("a free or unpriced period needs a reason")
        if not priced and (self.over or self.batch):
            raise ValueError("an unpriced period cannot have steps or batch prices")
        if self.batch is not None:
            _must_be_priced(self.batch, "batch")
        if any(a.prompt_tokens >= b.prompt_tokens for a, b in pairwise(self.over)):
            raise ValueError("the steps under over must ascend")
        return self

    def _every_price(self) -> Iterator[tuple[str, Decimal]]:
        parts = [self, self.batch, *self.bands, *self.over, *(step.batch for step in self.over)]
        for part in parts:
            if part is not None:
                yield from part.given()


class Disagreement(Record):
    """Another source's price for the same offer."""

    source: Name
    """Who says so."""
    input: UsdPerMtok | None = None
    """Its price of 1M input tokens."""
    output: UsdPerMtok | None = None
    """Its price of 1M output tokens."""
    cache_read: UsdPerMtok | None = None
    """Its price of 1M input tokens that are read from the cache."""
    cache_write: UsdPerMtok | None = None
    """Its price of 1M input tokens that are written to the cache."""
    steps: Annotated[tuple[PositiveTokens, ...], _listed] = ()
    """Prompt lengths above which it has a dearer price that we do not."""
    retires_on: Day | None = None
    """The first day on which, as it says, the seller no longer serves the model."""
    settled: Sentence | None = None
    """Why our price is right all the same; empty while nobody knows."""


class Provenance(Record):
    """Where a price comes from."""

    source: Name
    """The table or page that the price was read from."""
    source_id: Name | None = None
    """The row's name in that table."""
    source_version: Name | None = None
    """The edition of that table."""
    url: Url | None = None
    """The seller's page."""
    as_of: Day
    """The day of which the source speaks."""
    checked_on: Day | None = None
    """The last day on which somebody compared it again."""
    rows: dict[Identifier, Name] = Field(default_factory=dict)
    """The row's name in further tables, where it does not follow from the seller's id of the model."""
    method: Literal["import", "manual", "sheet"]
    """Whether the row was imported, set by hand and therefore locked against refreshing, or is on a price sheet."""
    gone_from: Annotated[tuple[Name, ...], _listed] = ()
    """Sources that used to list the offer and no longer do; such a row is shown as stale and kept."""
    agrees: Annotated[tuple[Name, ...], _listed] = ()
    """Other sources with the same price."""
    disagrees: Annotated[tuple[Disagreement, ...], _listed] = ()
    """Other sources with another price."""
    note: Sentence | None = None
    """How doubts about this row were settled."""


class Fees(Record):
    """What is charged besides tokens."""

    per_request_usd: Annotated[float, Field(ge=0, le=1000)] | None = None
    """USD for each request."""
    web_search_usd_per_1k: Annotated[float, Field(ge=0, le=10_000)] | None = None
    """USD for a thousand web searches that the model makes."""


class Offer(Record):
    """One seller's offer of one model."""

    model: Identifier
    """The model that is sold."""
    seller: Identifier
    """Who sells it."""
    provider_model_id: Annotated[str, StringConstraints(pattern=r"^[^\s]{1,200}$")]
    """The id to send to the seller."""
    region: Name = "global"
    """The region to which the prices apply."""
    status: Status = "listed"
    """Listed, promotional, announced or retired, on the day of the provenance."""
    released: Day | None = None
    """First day of sale here, where it differs from the model's."""
    retires_on: Day | None = None
    """First day on which this seller no longer serves it, where it differs from the model's."""
    periods: Annotated[tuple[PricePeriod, ...], _listed, Field(min_length=1)]
    """The dated prices, oldest first."""
    uplifts: dict[Identifier, Annotated[Factor, Field(ge=1)]] = Field(default_factory=dict)
    """Factors on every price for a choice such as a region or a faster queue."""
    fees: Fees = Fees()
    """What is charged besides tokens."""
    provenance: Provenance
    """Where the prices come from."""

    @property
    def id(self) -> str:
        """The name of the offer: seller/model."""
        return f"{self.seller}/{self.model}"

    def __hash__(self) -> int:
        return hash((self.seller, self.model))

    def is_announced(self, period: PricePeriod) -> bool:
        """Whether the period lay in the future when its source was written."""
        return period.starts is not None and period.starts > self.provenance.as_of

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for before, after in pairwise(self.periods):
            if after.starts is None or before.ends is None or before.ends > after.starts:
                raise ValueError("the periods overlap or are out of order: give each an until, oldest first")
        for period in self.periods:
            told = period.url or self.provenance.url or self.provenance.method == "sheet"
            if self.is_announced(period) and not told:
                raise ValueError(f"the period from {period.starts} is announced and needs a url")
        if self.released and self.retires_on and self.retires_on <= self.released:
            raise ValueError("retires_on must be after released")
        if self.status == "announced" and not self.provenance.url:
            raise ValueError("an announced offer needs a url")
        return self


class Seller(Record):
    """Who takes the money."""

    id: Identifier
    """The seller's id, the name of its table."""
    display: Name
    """The name that people read."""
    vendor: Identifier | None = None
    """The vendor whose own shop this is, where its id is another."""
    kind: SellerKind
    """A lab sells its own models, a host serves others', a router passes requests on to hosts."""
    url: Url | None = None
    """The seller's price page."""
    known_as: dict[Identifier, Annotated[tuple[KnownAs, ...], _listed]] = Field(default_factory=dict)
    """What a table that we compare with writes before this seller's models."""
