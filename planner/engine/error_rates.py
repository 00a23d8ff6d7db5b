"""Where error rates come from: measured, entered, evidence, assumed - the first that exists (the method, section 4)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.domain.assumptions import Register
from planner.domain.evidence import Evidence, SkillLink
from planner.domain.plan import CountedCascade, CountedPair, Plan
from planner.domain.references import THINKING, rate_key
from planner.domain.workload import Category, SegmentRates
from planner.engine.demand import Demand
from planner.engine.difficulty import logistic, logit, solve_ability, solve_segments
from planner.engine.endpoints import Column, EndpointState
from planner.engine.paired import interval80
from pricing.catalog import Catalog

Floats = NDArray[np.float64]

ORIGINS = ("measured", "entered", "evidence", "assumed")
"""Best first; a scenario's origin is its weakest."""

SD_PER_HALF_WIDTH80 = 1.0 / 1.2816
ANCHOR_BOUNDS = (0.001, 0.999)


@dataclass(frozen=True)
class ErrorRates:
    """Per category (axis -2) and endpoint column (axis -1)."""

    share: Floats
    """Share of served requests answered wrong, before review."""
    low: Floats
    """The error share that is undercut in one case out of ten."""
    high: Floats
    """The error share that is passed in one case out of ten."""
    segments: Mapping[tuple[int, int], SegmentRates]
    """Rates entered apart for routine and complex requests, by (category, column)."""
    complex_share: Floats
    """Share of complex requests per category."""
    origin: NDArray[np.int8]
    """Index into ORIGINS."""
    notes: tuple[str, ...]
    """What a reader should know about these rates."""
    grounds: Mapping[tuple[int, int], str]
    """Words on the ground of one cell, by (category, column)."""
    checked: Mapping[tuple[int, int], float] = field(default_factory=dict)
    """Answers that were checked in measured cells, by (category, column)."""

    def tells_apart(self, category: int, first: int, second: int) -> bool:
        """Whether two columns' 80 % bands lie apart; where they overlap there is no measurable difference."""
        low, high = self.low[category], self.high[category]
        return bool(high[first] < low[second] or high[second] < low[first])

    def abilities(self, sigma: float) -> tuple[Floats, Floats]:
        """theta on the routine and on the complex segment, in logits; shape (categories, columns)."""
        theta = solve_ability(1.0 - self.share, sigma)
        routine, complex_ = theta.copy(), theta.copy()
        if self.segments:
            k, m = np.array(list(self.segments)).T
            given = np.array([(each.routine, each.complex) for each in self.segments.values()])
            routine[k, m], complex_[k, m] = solve_segments(1.0 - given, 1.0 - self.complex_share[k], sigma).T
        return routine, complex_


@dataclass(frozen=True)
class _Known:
    """A rate that somebody gave."""

    share: float
    origin: int
    ground: str
    segments: SegmentRates | None = None
    low: float = np.nan
    high: float = np.nan
    checked: float = 0.0


def _known_rates(category: Category, plan: Plan, catalog: Catalog, complex_share: float) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for name, entered in category.error_rates.items():
        segments = entered if isinstance(entered, SegmentRates) else None
        share = (
            (1 - complex_share) * segments.routine + complex_share * segments.complex
            if segments else float(entered)  # type: ignore[arg-type]
        )
        known[rate_key(name, plan, catalog)] = _Known(share, 1, "entered by you", segments, share, share)
    for evaluation in plan.evaluations:
        if evaluation.category != category.name:
            continue
        for pair in evaluation.pairs:
            for name, right in ((pair.small, pair.n11 + pair.n10), (pair.large, pair.n11 + pair.n01)):
                known[rate_key(name, plan, catalog)] = _measured(right, pair.total)
        for name, counted in evaluation.models.items():
            known[rate_key(name, plan, catalog)] = _measured(counted.correct, counted.n)
    return known


def _measured(right: float, n: float) -> _Known:
    low, high = interval80(n - right, n)
    return _Known(1 - right / n, 0, f"measured by you, n = {n:,.0f}", None, low, high, n)


def _lookup(known: Mapping[str, _Known], column: Column, state: EndpointState) -> _Known | None:
    suffix = THINKING if column.thinking else ""
    # what is known of the model that an own endpoint resembles is an anchor for it, not a measurement of it
    model_id = None if state.kind == "custom" else state.model_id
    for key in (column.name, state.id, model_id):
        if key is not None and (found := known.get(key + suffix)) is not None:
            return found
    return None


@dataclass(frozen=True)
class _Anchors:
    """The models of a category whose accuracy somebody gave and whose ability is known."""

    known: tuple[tuple[float, float], ...]
    """Logit of the accuracy and ability of each."""
    words: str
    """``anchored on claude-haiku-4-5 92 % (yours)``, or on how many."""


class _Predicted(NamedTuple):
    """A cell that evidence or an assumption fills; gathered, so that one array operation computes them all."""

    cell: tuple[int, int]
    logit: float
    """Logit of the expected accuracy, before averaging."""
    low_logit: float
    """Logit of an accuracy that is undercut in one case out of ten."""
    high_logit: float
    spread: float
    """Standard deviation over which the accuracy is averaged; 0: taken as it is."""
    words: str
    """Ground of the cell, with {band} where the band is to stand."""


def error_rates(
    plan: Plan, demand: Demand, columns: list[Column], states: Mapping[str, EndpointState], register: Register,
    evidence: Evidence, catalog: Catalog,
) -> ErrorRates:
    """Error rates and their 80 % bands for every category and column. Always ends in a rate."""
    shape = (len(demand.names), len(columns))
    share, low, high = (np.full(shape, np.nan) for _ in range(3))
    origin = np.full(shape, 3, np.int8)
    segments: dict[tuple[int, int], SegmentRates] = {}
    grounds: dict[tuple[int, int], str] = {}
    checked: dict[tuple[int, int], float] = {}
    said = _Said({}, {}, [])
    predicted: list[_Predicted] = []
    listed = [(column, states[column.name]) for column in columns]
    cap = register.value("evidence_cap_logits")
    for k, category in enumerate(plan.workload.categories):
        known = _known_rates(category, plan, catalog, float(demand.complex_share[k]))
        link = evidence.link(category.task)
        anchors = _anchors(known, plan, evidence, link, catalog)
        level = register[f"accuracy_at_ability_zero_{demand.complexity[k]}"]
        assumed = logit((level.value, level.low, level.high)).tolist()
        open_before = len(predicted)
        for m, (column, state) in enumerate(listed):
            found = _lookup(known, column, state)
            if found is None:
                origin[k, m] = _predict((k, m), column, state, anchors, assumed, link, cap, evidence, predicted, said)
                continue
            share[k, m], low[k, m], high[k, m], origin[k, m] = found.share, found.low, found.high, found.origin
            grounds[k, m] = found.ground
            if found.checked:
                checked[k, m] = found.checked
            if found.segments is not None:
                segments[k, m] = found.segments
        if link.hardly_separates and len(predicted) > open_before:
            said.alike.append(category.name)
    _fill(predicted, share, low, high, grounds)
    return ErrorRates(share, low, high, segments, demand.complex_share, origin, said.notes(catalog), grounds,
                      checked)


@dataclass
class _Said:
    """What the notes speak of."""

    stand_ins: dict[str, str]
    strangers: dict[str, None]
    alike: list[str]
    """Categories whose kind of work hardly separates models."""

    def notes(self, catalog: Catalog) -> tuple[str, ...]:
        """The notes, in reading order."""
        notes = []
        for label, earlier in self.stand_ins.items():
            model = catalog.models.get(earlier)
            notes.append(f"No public evidence for {label}; predecessor {model.display if model else earlier} "
                         "as a stand-in.")
        if self.strangers:
            notes.append(f"No public evidence for {_listed(sorted(self.strangers))}: taken as average.")
        if self.alike:
            notes.append(f"{_listed(self.alike)}: public benchmarks hardly separate models here; measure before "
                         "paying more.")
        return tuple(notes)


def _predict(
    cell: tuple[int, int], column: Column, state: EndpointState, anchors: _Anchors | None,
    assumed: list[float], link: SkillLink, cap: float, evidence: Evidence, into: list[_Predicted], said: _Said,
) -> int:
    """Fill a cell that nobody gave from evidence, else from the assumption; returns its origin."""
    half = link.half_width80_logit
    if anchors is None:
        rate = evidence.published_rate(state.model_id, link.skill, column.thinking)
        if rate is not None:
            if rate.stand_in is not None:
                said.stand_ins[state.label] = rate.stand_in
            middle = math.log((1.0 - rate.error_share) / rate.error_share)
            words = rate.words if rate.stand_in is None else f"{rate.words}, {rate.stand_in} as a stand-in"
            into.append(_Predicted(cell, middle, middle - half, middle + half, 0.0, words))
            return 2
    ability = evidence.ability(state.model_id, link.axis, column.thinking)
    if ability is None:
        said.strangers[state.label] = None
    elif ability.stand_in is not None:
        said.stand_ins[state.label] = ability.stand_in
    if anchors is not None and ability is not None:
        slope = link.slope_logit_per_sd
        # plain sums: a handful of numbers is added faster than an array is made
        predicted = [right + min(max(slope * (ability.z - z), -cap), cap) for right, z in anchors.known]
        middle = sum(predicted) / len(predicted)
        instead = "" if ability.stand_in is None else f" of {ability.stand_in} as a stand-in"
        same = f"{anchors.words}, the same for every model"
        source = f"{ability.evidence}{instead}, {anchors.words}" if slope else same
        into.append(_Predicted(cell, middle, middle - half, middle + half, half * SD_PER_HALF_WIDTH80,
                               f"{'weak ' if link.is_weak else ''}evidence: {source}; 80 % band {{band}}"))
        return 2
    step = min(max(link.slope_logit_per_sd * (ability.z if ability else 0.0), -cap), cap)
    likely, low, high = (each + step for each in assumed)
    into.append(_Predicted(cell, likely, low, high, 0.0, "assumption, not evidence"))
    return 3


def _fill(predicted: list[_Predicted], share: Floats, low: Floats, high: Floats, grounds: dict[tuple[int, int], str]
          ) -> None:
    """Turn the gathered logits into error shares; where a band is given the share is the mean over it."""
    if not predicted:
        return
    nodes, weights = _normal_nodes()
    cells, logits, low_logits, high_logits, spreads, words = zip(*predicted, strict=True)
    index = tuple(np.array(cells).T)
    at_nodes = np.array(logits)[:, None] + np.array(spreads)[:, None] * nodes
    share[index] = (logistic(-at_nodes) * weights).sum(axis=-1)
    low[index], high[index] = logistic(-np.array(high_logits)), logistic(-np.array(low_logits))
    ends = zip(low[index].tolist(), high[index].tolist(), strict=True)
    for cell, ground, (least, most) in zip(cells, words, ends, strict=True):
        band = f"{_percent(least)}–{_percent(most)} %" if "{" in ground else ""
        grounds[cell] = ground.replace("{band}", band)


def _percent(share: float) -> str:
    """A share in per cent: whole numbers, one decimal below 2."""
    return f"{100.0 * share:.{0 if share >= 0.02 else 1}f}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _anchors(known: Mapping[str, _Known], plan: Plan, evidence: Evidence, link: SkillLink, catalog: Catalog
             ) -> _Anchors | None:
    found: list[tuple[float, float]] = []
    named = ""
    for key, rate in known.items():
        base, thinking = key.removesuffix(THINKING), key.endswith(THINKING)
        own = plan.endpoints.get(base)
        model_id = base.rsplit("/", 1)[-1]
        if own is not None:
            like = catalog.find_model(own.model if own.kind == "self_hosted" else own.ability_like or "")
            model_id = "" if like is None else like.id
        ability = evidence.ability(model_id, link.axis, thinking)
        if ability is not None:
            right = min(max(1.0 - rate.share, ANCHOR_BOUNDS[0]), ANCHOR_BOUNDS[1])
            found.append((math.log(right / (1.0 - right)), ability.z))
            named = f"{key} {_percent(1.0 - rate.share)} %"
    if not found:
        return None
    return _Anchors(
        tuple(found), f"anchored on {named} (yours)" if len(found) == 1 else f"anchored on {len(found)} models"
    )


@cache
def _normal_nodes() -> tuple[Floats, Floats]:
    """Nodes of the standard normal distribution and weights that add up to 1."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    return nodes, weights / weights.sum()


def counted_pair(plan: Plan, category: str, small: str, large: str, catalog: Catalog) -> CountedPair | None:
    """The measured joint outcomes of two endpoints in a category, if there are any, whichever was written first."""
    wanted = tuple(rate_key(name, plan, catalog) for name in (small, large))
    for evaluation in plan.evaluations:
        for pair in evaluation.pairs if evaluation.category == category else ():
            named = tuple(rate_key(name, plan, catalog) for name in (pair.small, pair.large))
            if named == wanted:
                return pair
            if named == wanted[::-1]:
                return pair.model_copy(
                    update={"small": pair.large, "large": pair.small, "n10": pair.n01, "n01": pair.n10}
                )
    return None


def counted_cascade(plan: Plan, category: str, stages: tuple[str, ...], catalog: Catalog) -> CountedCascade | None:
    """The outcomes of a cascade counted request by request in a category, if there are any."""
    wanted = tuple(rate_key(name, plan, catalog) for name in stages)
    for evaluation in plan.evaluations:
        for counted in evaluation.cascades if evaluation.category == category else ():
            if tuple(rate_key(name, plan, catalog) for name in counted.stages) == wanted:
                return counted
    return None
