"""What an evaluation file says: error rates, overlap of failures, dominated models, cascades replayed exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cmp_to_key
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from planner.domain.measured import MeasuredRequests
from planner.domain.plan import CountedCascade, CountedModel, CountedPair, Evaluation
from planner.domain.references import THINKING
from planner.engine.cascade import CountedOutcome, counted_outcome
from planner.engine.paired import Paired, jeffreys_interval, paired
from pricing.catalog import Catalog
from pricing.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeasuredModel:
    """One model's results."""

    name: str
    n: int
    correct: int
    error_share: float
    low: float
    """Lower end of the 95 % interval of the error share."""
    high: float
    usd_per_request: float | None
    """Mean cost in the file, else its tokens at today's prices; None where neither is known."""
    latency_p50_s: float | None
    latency_p95_s: float | None
    dominated_by: str | None = None
    """A model that is no dearer, errs no more, and is better in one of the two."""


@dataclass(frozen=True)
class MeasuredPair:
    """Two models on the same requests; small is the cheaper one or, unpriced, the less accurate one."""

    counts: CountedPair
    paired: Paired


@dataclass(frozen=True)
class MeasuredCascade:
    """A cascade replayed request by request."""

    counted: CountedCascade
    outcome: CountedOutcome
    usd_per_request: float | None
    """Mean cost of the replayed cascade; None where a cost is missing."""


@dataclass(frozen=True)
class Measured:
    """All results of some requests."""

    category: str | None
    models: tuple[MeasuredModel, ...]
    pairs: tuple[MeasuredPair, ...]
    cascades: tuple[MeasuredCascade, ...]

    def evaluation(self, category: str, unknown: tuple[str, ...]) -> Evaluation:
        """The counts as a plan holds them, models that nobody sells left out."""
        out = set(unknown)
        return Evaluation(
            category=category,
            models={each.name: CountedModel(n=each.n, correct=each.correct)
                    for each in self.models if each.name not in out},
            pairs=tuple(each.counts for each in self.pairs if not {each.counts.small, each.counts.large} & out),
            cascades=tuple(each.counted for each in self.cascades if not set(each.counted.stages) & out),
        )


def measure(requests: MeasuredRequests, catalog: Catalog, day: date, margin: float) -> Measured:
    """Results of all requests together; ``margin`` is how many more errors still count as good enough."""
    usd = _usd(requests, catalog, day)
    models = _models(requests, usd)
    prices = _Prices(models, catalog, day)
    pairs = tuple(_pairs(requests, models, prices, margin))
    cascades = tuple(_cascades(requests, models, prices, usd))
    names = requests.category_names
    return Measured(names[0] if len(names) == 1 else None, _with_dominated(models, pairs, prices), pairs, cascades)


def measure_by_category(requests: MeasuredRequests, catalog: Catalog, day: date, margin: float
                        ) -> dict[str, Measured]:
    """Results per category of the file; empty where it has none."""
    return {name: measure(requests.rows(name), catalog, day, margin)
            for name in requests.category_names if name is not None}


def _usd(requests: MeasuredRequests, catalog: Catalog, day: date) -> Floats:
    """Cost of every answer: as noted, else its tokens at the prices of ``day``; NaN where not known."""
    usd = requests.usd.copy()
    for column, name in enumerate(requests.models):
        if np.isfinite(usd[:, column]).any():
            continue
        try:
            quote = catalog.quote(catalog.resolve(name.removesuffix(THINKING)), day)
        except InputError:
            continue
        if quote.rates is not None:
            usd[:, column] = (
                requests.input_tokens[:, column] * np.asarray(quote.rates.input, float)
                + requests.output_tokens[:, column] * np.asarray(quote.rates.output, float)
            ) / 1e6
    return usd


def _blended(name: str, catalog: Catalog, day: date) -> float:
    """List price of a model, 3 parts input to 1 part output; NaN where there is none."""
    try:
        price = catalog.quote(catalog.resolve(name.removesuffix(THINKING)), day).blended_usd_per_mtok
    except InputError:
        return np.nan
    return np.nan if price is None else float(price)


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _models(requests: MeasuredRequests, usd: Floats) -> tuple[MeasuredModel, ...]:
    answered = np.isfinite(requests.correct)
    n, correct = answered.sum(axis=0), np.nansum(requests.correct, axis=0)
    some = np.nonzero(n > 0)[0]
    low, high = jeffreys_interval((n - correct)[some], n[some])
    found = []
    for position, column in enumerate(some.tolist()):
        seconds = requests.latency_s[:, column]
        seconds = seconds[np.isfinite(seconds)]
        p50, p95 = np.quantile(seconds, (0.5, 0.95)).tolist() if seconds.size else (None, None)
        found.append(MeasuredModel(
            requests.models[column], int(n[column]), int(correct[column]), float(1.0 - correct[column] / n[column]),
            float(low[position]), float(high[position]), _mean(usd[answered[:, column], column]), p50, p95,
        ))
    return tuple(found)


class _Prices:
    """Which of two models is the cheaper: by what the requests cost both, else by list price."""

    def __init__(self, models: tuple[MeasuredModel, ...], catalog: Catalog, day: date) -> None:
        self._models = {each.name: each for each in models}
        self._listed = {each.name: _blended(each.name, catalog, day) for each in models}

    def pair(self, first: str, second: str) -> tuple[float, float] | None:
        """Costs of the two on one footing; None where there is none."""
        measured = [self._models[name].usd_per_request for name in (first, second)]
        if measured[0] is not None and measured[1] is not None:
            return measured[0], measured[1]
        listed = self._listed[first], self._listed[second]
        return listed if np.isfinite(listed).all() else None

    def is_small(self, first: str, second: str) -> bool:
        """Whether the first is the small one of the two: cheaper or, where prices do not tell, less accurate."""
        costs = self.pair(first, second)
        if costs is not None and costs[0] != costs[1]:
            return costs[0] < costs[1]
        return self._models[first].error_share >= self._models[second].error_share


def _pairs(requests: MeasuredRequests, models: tuple[MeasuredModel, ...], prices: _Prices, margin: float
           ) -> Iterator[MeasuredPair]:
    for one, other in combinations([each.name for each in models], 2):
        small, large = (one, other) if prices.is_small(one, other) else (other, one)
        right = requests.correct[:, [requests.models.index(small), requests.models.index(large)]]
        right = right[np.isfinite(right).all(axis=1)]
        if not len(right):
            continue
        first, second = right.T.astype(bool)
        counts = CountedPair(
            small=small, large=large, n11=float((first & second).sum()), n10=float((first & ~second).sum()),
            n01=float((~first & second).sum()), n00=float((~first & ~second).sum()),
        )
        yield MeasuredPair(counts, paired(counts, margin))


def _with_dominated(models: tuple[MeasuredModel, ...], pairs: tuple[MeasuredPair, ...], prices: _Prices
                    ) -> tuple[MeasuredModel, ...]:
    """Models that another one beats on the same requests: no dearer, no more errors, and one of the two strictly."""
    worse: dict[str, str] = {}
    for pair in pairs:
        counts = pair.counts
        costs = prices.pair(counts.small, counts.large)
        if costs is None:
            continue
        gained = counts.n01 - counts.n10
        if gained <= 0 and (gained < 0 or costs[0] < costs[1]):
            worse.setdefault(counts.large, counts.small)
        elif costs[0] == costs[1] and gained > 0:
            worse.setdefault(counts.small, counts.large)
    return tuple(replace(each, dominated_by=worse.get(each.name)) for each in models)


def _cascades(requests: MeasuredRequests, models: tuple[MeasuredModel, ...], prices: _Prices, usd: Floats
              ) -> Iterator[MeasuredCascade]:
    """Cascades from small to large whose checks were run: of two stages, then of three."""

    def order(one: str, other: str) -> int:
        return prices.is_small(other, one) - prices.is_small(one, other)

    ordered = sorted((each.name for each in models), key=cmp_to_key(order))
    for count in (2, 3):
        for stages in combinations(ordered, count):
            found = replay(requests, stages, usd)
            if found is not None:
                yield found


def replay(requests: MeasuredRequests, stages: tuple[str, ...], usd: Floats) -> MeasuredCascade | None:
    """The cascade over the stages on every request whose outcomes are all known; None where there is none."""
    columns = [requests.models.index(name) for name in stages]
    outcome = np.stack([
        part for column in columns for part in (requests.correct[:, column], requests.accepted[:, column])
    ][:-1], axis=1)
    known = np.isfinite(outcome).all(axis=1)
    if not known.any():
        return None
    digits = outcome[known].astype(int)
    cells = Counter("".join(map(str, row)) for row in digits.tolist())
    onward = np.ones((len(digits), len(stages)), bool)
    for stage in range(1, len(stages)):
        onward[:, stage] = onward[:, stage - 1] & (digits[:, 2 * stage - 1] == 0)
    paid = usd[known][:, columns]
    all_paid = bool(np.isfinite(paid).all())
    factors = None
    if all_paid and onward.any(axis=0).all() and (paid.mean(axis=0) > 0).all():
        factors = tuple(
            min(max(float(paid[onward[:, stage], stage].mean() / paid[:, stage].mean()), 0.01), 100.0)
            for stage in range(1, len(stages))
        )
    counted = CountedCascade(stages=stages, cells={cell: float(n) for cell, n in sorted(cells.items())},
                             token_factors=factors)
    return MeasuredCascade(counted, counted_outcome(counted.cells),
                           float((paid * onward).sum(axis=1).mean()) if all_paid else None)
