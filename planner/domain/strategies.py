"""How a category's requests are routed. A strategy names endpoints and knows no prices."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from pricing.record import Record
from pricing.units import FACTOR, SHARE, USD

EndpointName = Annotated[str, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0, le=1), SHARE]
Usd = Annotated[float, Field(ge=0, le=1e6), USD]


class Single(Record):
    """One model answers everything."""

    kind: Literal["single"] = "single"
    model: EndpointName
    """The model or endpoint that answers."""


class Router(Record):
    """A classifier that decides before the call which model answers."""

    sens: Share | None = None
    """Share of complex requests that it sends to the large model."""
    spec: Share | None = None
    """Share of routine requests that it sends to the small model."""
    usd_per_request: Usd = 0.0
    """What routing one request costs."""


class Split(Record):
    """Some requests go to a small model, the rest to a large one, decided before the call."""

    kind: Literal["split"] = "split"
    small: EndpointName
    """The cheaper model."""
    large: EndpointName
    """The more able model."""
    small_share: Share | None = None
    """Share of requests sent to the small model, the easiest first."""
    random: bool = False
    """Whether the share is drawn at random instead of easiest first."""
    router: Router | None = None
    """A router with its own hit rates, in place of a fixed share."""

    @model_validator(mode="after")
    def _one_way(self) -> Split:
        if self.router is not None and self.small_share is not None:
            raise ValueError("small_share and router are both given: a router decides the share itself, keep one")
        if self.router is None and self.small_share is None:
            raise ValueError("small_share is missing: give a share from 0 to 1, or a router")
        if self.random and self.router is not None:
            raise ValueError("random and router are both given: keep one")
        return self


class JointCounts(Record):
    """How often two models were right or wrong on the same requests (first digit: the small one)."""

    n11: Annotated[float, Field(ge=0, le=1e12)]
    """Both right."""
    n10: Annotated[float, Field(ge=0, le=1e12)]
    """Only the small model right."""
    n01: Annotated[float, Field(ge=0, le=1e12)]
    """Only the large model right."""
    n00: Annotated[float, Field(ge=0, le=1e12)]
    """Both wrong."""

    @model_validator(mode="after")
    def _some(self) -> JointCounts:
        if self.total <= 0:
            raise ValueError("the four counts are all 0: give at least one observation")
        return self

    @property
    def total(self) -> float:
        """Number of requests that both models answered."""
        return self.n11 + self.n10 + self.n01 + self.n00


class Cascade(Record):
    """Try the first model, check its answer, ask the next one only if the check fails."""

    kind: Literal["cascade"] = "cascade"
    stages: Annotated[tuple[EndpointName, ...], Field(min_length=2, max_length=3)]
    """The models in the order they are tried."""
    accept_right: tuple[Share, ...] | None = None
    """Per check: share of right answers that it lets pass."""
    accept_wrong: tuple[Share, ...] | None = None
    """Per check: share of wrong answers that it lets pass."""
    usd_per_check: tuple[Usd, ...] | None = None
    """Per check: what checking one answer costs."""
    escalated_token_factor: Annotated[float, Field(ge=0.01, le=100), FACTOR] | None = None
    """Cost of a later stage relative to its mean request."""
    phi: Annotated[float, Field(ge=-1, le=1)] | None = None
    """Correlation of the two models' right answers, if you know it."""
    joint: JointCounts | None = None
    """Counted joint outcomes of the two models, if you have them."""
    sigma: Annotated[float, Field(ge=0, le=20)] | None = None
    """Spread of difficulty in logits, if you want another than the assumed one."""

    @model_validator(mode="after")
    def _lengths(self) -> Cascade:
        checks = len(self.stages) - 1
        for name in ("accept_right", "accept_wrong", "usd_per_check"):
            given = getattr(self, name)
            if given is not None and len(given) != checks:
                raise ValueError(f"{name} has {len(given)} entries: {len(self.stages)} stages need {checks}")
        if (self.phi is not None or self.joint is not None) and len(self.stages) != 2:
            raise ValueError("phi and joint describe two stages: remove them or keep two stages")
        if sum(given is not None for given in (self.phi, self.joint, self.sigma)) > 1:
            raise ValueError("phi, joint and sigma say the same thing in three ways: keep one")
        return self


class TwoModes(Record):
    """One model, with thinking for the hard requests and without for the rest."""

    kind: Literal["two_modes"] = "two_modes"
    model: EndpointName
    """The model that answers in both modes."""
    thinking_share: Share
    """Share of requests answered with thinking, the hardest first."""
    thinking_factor: Annotated[float, Field(ge=1, le=1000), FACTOR]
    """Billed output with thinking over output without."""


BasicStrategy: TypeAlias = Annotated[Single | Split | Cascade | TwoModes, Field(discriminator="kind")]


class Allocation(Record):
    """Each category has its own strategy."""

    kind: Literal["allocation"] = "allocation"
    default: BasicStrategy
    """The strategy of every category that is not named."""
    by_category: dict[str, BasicStrategy] = Field(default_factory=dict)
    """Strategy per category name."""


Strategy: TypeAlias = Annotated[Single | Split | Cascade | TwoModes | Allocation, Field(discriminator="kind")]

KINDS: tuple[type[Record], ...] = (Single, Split, Cascade, TwoModes, Allocation)


def endpoints_of(strategy: Single | Split | Cascade | TwoModes | Allocation) -> tuple[str, ...]:
    """Names of the endpoints that a strategy may call, each once, in reading order.

    >>> endpoints_of(Split(small="a", large="b", small_share=0.75))
    ('a', 'b')
    """
    match strategy:
        case Single(model=model) | TwoModes(model=model):
            names: tuple[str, ...] = (model,)
        case Split(small=small, large=large):
            names = (small, large)
        case Cascade(stages=stages):
            names = stages
        case Allocation(default=default, by_category=by_category):
            names = tuple(name for part in (default, *by_category.values()) for name in endpoints_of(part))
    return tuple(dict.fromkeys(names))


def strategy_for(strategy: Single | Split | Cascade | TwoModes | Allocation, category: str
                 ) -> Single | Split | Cascade | TwoModes:
    """The strategy that a category follows under ``strategy``."""
    if isinstance(strategy, Allocation):
        return strategy.by_category.get(category, strategy.default)
    return strategy
