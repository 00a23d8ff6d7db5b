"""The workload: task categories with their volume, difficulty and the cost of a wrong answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from planner.domain.quantities import Quantity, Within, likely
from pricing.record import Name, Record
from pricing.units import FACTOR, REQUESTS, SECONDS, SHARE, TOKENS, USD

Task: TypeAlias = Literal[
    "classification", "extraction", "moderation", "summarisation", "qa", "translation", "routing", "chat", "rag",
    "routine_code", "creative", "reasoning", "advanced_code", "long_context", "agent", "other",
]
Complexity: TypeAlias = Literal["low", "medium", "high"]
ErrorCostClass: TypeAlias = Literal["low", "medium", "high", "critical"]
Latency: TypeAlias = Literal["batch", "background", "interactive", "real_time"]
Load: TypeAlias = Literal["always_on", "office_hours", "batch"]

Requests: TypeAlias = Annotated[Quantity, AfterValidator(Within(0, 1e12)), REQUESTS]
RequestTokens: TypeAlias = Annotated[Quantity, AfterValidator(Within(0, 1e8)), TOKENS]
MonthTokens: TypeAlias = Annotated[Quantity, AfterValidator(Within(0, 1e18)), TOKENS]
ShareQuantity: TypeAlias = Annotated[Quantity, AfterValidator(Within(0, 1)), SHARE]
UsdQuantity: TypeAlias = Annotated[Quantity, AfterValidator(Within(0, 1e9)), USD]
FactorQuantity: TypeAlias = Annotated[Quantity, AfterValidator(Within(1e-3, 1e3)), FACTOR]
PlainShare = Annotated[float, Field(ge=0, le=1), SHARE]
PlainUsd = Annotated[float, Field(ge=0, le=1e9), USD]

VOLUME_TOLERANCE = 0.005


class Review(Record):
    """People who look at answers before they count."""

    share: PlainShare = 0.0
    """Share of answers that a person reviews."""
    catch: PlainShare | None = None
    """Share of wrong answers under review that the reviewer finds; the register's value if left out."""
    false_alarm: PlainShare = 0.0
    """Share of right answers under review that are reworked all the same."""
    usd_per_review: PlainUsd = 0.0
    """What one review costs."""
    usd_per_fix: PlainUsd = 0.0
    """What it costs to put one answer right after review."""


class HandOff(Record):
    """Requests that end with a person instead of a model."""

    rate: PlainShare = 0.0
    """Share of requests handed to a person."""
    usd: PlainUsd = 0.0
    """What one hand-over costs."""


class Retries(Record):
    """Attempts that fail, such as time-outs or answers that do not parse."""

    fail_rate: PlainShare = 0.0
    """Share of attempts that fail."""
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 1
    """Most attempts per request."""
    billed_share: PlainShare = 1.0
    """Share of a failed attempt that is billed."""


class SegmentRates(Record):
    """Error rates entered apart for routine and complex requests."""

    routine: PlainShare
    """Share of routine requests answered wrong."""
    complex: PlainShare
    """Share of complex requests answered wrong."""


class Category(Record):
    """One kind of request: what it is, how much of it there is, and what a wrong answer costs."""

    name: Name
    """What you call this kind of request."""
    task: Task = "other"
    """What the model is asked to do; decides the rule of thumb and which evidence applies."""
    requests_per_month: Requests | None = None
    """Calls to a model in a month."""
    input_tokens_per_request: RequestTokens | None = None
    """Mean tokens sent with one request, cached ones included."""
    output_tokens_per_request: RequestTokens | None = None
    """Mean tokens billed as output of one request, reasoning included."""
    monthly_input_tokens: MonthTokens | None = None
    """Input tokens of a month, if you know the sum rather than the requests."""
    monthly_output_tokens: MonthTokens | None = None
    """Output tokens of a month, if you know the sum rather than the requests."""
    input_tokens_p95: RequestTokens | None = None
    """Input length that 95 of 100 requests stay under; widens the risk band."""
    requests_per_unit: Annotated[float, Field(gt=0, le=1e6)] | None = None
    """Calls that make up one unit of your business, such as 3 per conversation."""
    unit: Name | None = None
    """Name of that unit, such as conversation or invoice."""
    cached_input_share: ShareQuantity = 0.0
    """Share of input tokens read from the seller's prompt cache."""
    cache_write_share: ShareQuantity = 0.0
    """Share of input tokens written to the prompt cache."""
    batch_share: ShareQuantity = 0.0
    """Share of requests sent through the seller's batch service."""
    complexity: Complexity | None = None
    """How hard the requests are as a whole; sets the complex share unless you enter one. Medium if neither is given."""
    complex_share: ShareQuantity | None = None
    """Share of requests that need judgement or several steps."""
    complex_token_factor: FactorQuantity = 1.0
    """How many times longer a complex request is than a routine one."""
    error_cost: ErrorCostClass | None = None
    """Class of what one uncaught wrong answer costs, if you have no figure."""
    error_cost_usd: UsdQuantity | None = None
    """What one uncaught wrong answer costs you."""
    error_rates: dict[str, PlainShare | SegmentRates] = Field(default_factory=dict)
    """Share of wrong answers you know or expect, per model."""
    max_error_rate: PlainShare | None = None
    """Highest share of wrong answers after review that you accept."""
    review: Review = Review()
    """Human review of answers."""
    handoff: HandOff = HandOff()
    """Requests handed to a person."""
    retries: Retries = Retries()
    """Failed attempts."""
    latency: Latency = "background"
    """How soon the first word of the answer must come."""
    p95_latency_s: Annotated[float, Field(gt=0, le=86_400), SECONDS] | None = None
    """Seconds to the first answer token that 95 of 100 requests must stay under."""
    in_house_only: bool = False
    """Whether these requests may only be answered on machines you control."""
    max_prompt_tokens: RequestTokens | None = None
    """Longest prompt that occurs."""
    long_prompt_share: PlainShare | None = None
    """Share of tokens in requests above the seller's long-prompt price step."""
    load: Load | None = None
    """When the requests come: around the clock, in office hours, or whenever capacity is free."""
    peak_factor: FactorQuantity | None = None
    """Busiest hour over mean hour, if you know it."""

    @model_validator(mode="after")
    def _consistent(self) -> Category:
        faults = list(self._faults())
        if faults:
            raise ValueError(" · ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if likely(self.cached_input_share) + likely(self.cache_write_share) > 1 + 1e-12:
            yield (
                f"cached_input_share {likely(self.cached_input_share):g} and cache_write_share "
                f"{likely(self.cache_write_share):g} add up to more than 1"
            )
        if self.error_cost is not None and self.error_cost_usd is not None:
            yield "error_cost and error_cost_usd are both given: keep one"
        if self.latency == "batch" and self.p95_latency_s is not None:
            yield "latency batch has no p95_latency_s: remove one of the two"
        if self.load is not None and self.peak_factor is not None:
            yield "load and peak_factor are both given: keep one"
        yield from volume_faults(self)


def volume_of(category: Category) -> tuple[float, float, float]:
    """Requests a month, input tokens and output tokens per request, at the likely values (the method, section 1).

    Any two of requests, tokens per request and tokens a month give the third; where all three are given, requests and
    tokens per request govern.

    >>> volume_of(Category(name="x", input_tokens_per_request=600.0, monthly_input_tokens=6e6,
    ...                    output_tokens_per_request=20.0))
    (10000.0, 600.0, 20.0)
    """
    requests = _requests(category)
    return (
        requests or 0.0,
        _per_request(category.input_tokens_per_request, category.monthly_input_tokens, requests),
        _per_request(category.output_tokens_per_request, category.monthly_output_tokens, requests),
    )


def scaled_volume(category: Category, multiple: float) -> Category:
    """The same category with ``multiple`` times the requests and unchanged tokens per request."""
    requests, tokens_in, tokens_out = volume_of(category)
    return category.model_copy(
        update={
            "requests_per_month": requests * multiple, "input_tokens_per_request": tokens_in,
            "output_tokens_per_request": tokens_out, "monthly_input_tokens": None, "monthly_output_tokens": None,
        }
    )


def _requests(category: Category) -> float | None:
    if category.requests_per_month is not None:
        return likely(category.requests_per_month)
    for month, each in (
        (category.monthly_input_tokens, category.input_tokens_per_request),
        (category.monthly_output_tokens, category.output_tokens_per_request),
    ):
        if month is not None and each is not None and likely(each) > 0:
            return likely(month) / likely(each)
    return None


def _per_request(each: Quantity | None, month: Quantity | None, requests: float | None) -> float:
    if each is not None:
        return likely(each)
    return likely(month) / requests if month is not None and requests else 0.0


def volume_faults(category: Category) -> Iterator[str]:
    """What is missing or contradictory in the volume of a category, in words with all figures."""
    requests = _requests(category)
    if requests is None:
        yield (
            "the volume is not known: give requests_per_month, or the tokens of a month beside the tokens per request"
        )
        return
    for side in ("input", "output"):
        each: Quantity | None = getattr(category, f"{side}_tokens_per_request")
        month: Quantity | None = getattr(category, f"monthly_{side}_tokens")
        if each is None and month is None:
            yield f"{side}_tokens_per_request is missing: give it or monthly_{side}_tokens"
        elif each is None and month is not None and requests == 0 and likely(month) > 0:
            yield f"monthly_{side}_tokens {likely(month):,.0f} cannot come from 0 requests_per_month"
        elif each is not None and month is not None:
            product, told = requests * likely(each), likely(month)
            if abs(product - told) > VOLUME_TOLERANCE * max(abs(product), abs(told)):
                yield (
                    f"{requests:,.0f} requests_per_month x {likely(each):,.6g} {side}_tokens_per_request = "
                    f"{product:,.0f}, but monthly_{side}_tokens says {told:,.0f}: make them agree within 0.5 % or "
                    "leave one out"
                )


class Workload(Record):
    """All categories that the plan covers."""

    name: Name = "Workload"
    """What you call this workload."""
    categories: tuple[Category, ...] = ()
    """The kinds of requests, in the order you want to read them."""

    @property
    def requests_per_month(self) -> float:
        """Requests of all categories in a month, at the likely values."""
        return sum(volume_of(category)[0] for category in self.categories)


def token_totals(workload: Workload) -> tuple[float, float]:
    """Input and output tokens of a month over all categories, at the likely values."""
    volumes = [volume_of(category) for category in workload.categories]
    return sum(n * i for n, i, _ in volumes), sum(n * o for n, _, o in volumes)


