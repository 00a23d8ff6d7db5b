"""Where error rates come from: measured, entered, evidence, assumed - the first that exists (the method, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from planner.domain.assumptions import Register
from planner.domain.evidence import Ability, Evidence, SkillLink
from planner.domain.plan import CountedPair, Plan
from planner.domain.references import THINKING
from planner.domain.workload import Category, SegmentRates
from planner.engine.demand import Demand
from planner.engine.difficulty import logistic, logit, quadrature, solve_ability, solve_ability_on
from planner.engine.endpoints import Column, EndpointState
from pricing.catalog import Catalog
from pricing.errors import InputError

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

    def abilities(self, sigma: float) -> tuple[Floats, Floats]:
        """theta on the routine and on the complex segment, in logits; shape (categories, columns)."""
        theta = solve_ability(1.0 - self.share, sigma)
        routine, complex_ = theta.copy(), theta.copy()
        if self.segments:
            k, m = np.array(list(self.segments)).T
            given = np.array([(each.routine, each.complex) for each in self.segments.values()])
            slices = quadrature(1.0 - self.complex_share[k][:, None])
            routine[k, m], complex_[k, m] = solve_ability_on(1.0 - given, slices.z, slices.weight, sigma).T
        return routine, complex_


@dataclass(frozen=True)
class _Known:
    """A rate that somebody gave."""

    share: float
    origin: int
    segments: SegmentRates | None = None
    ground: str = ""


def rate_key(name: str, plan: Plan, catalog: Catalog) -> str:
    """What a name in ``error_rates`` or ``evaluations`` stands for: an endpoint, an offer, or a model at any seller."""
    base, thinking = name.removesuffix(THINKING), THINKING if name.endswith(THINKING) else ""
    if base in plan.endpoints:
        return name
    try:
        return (catalog.resolve(base).id if "/" in base else catalog.resolve_model(base).id) + thinking
    except InputError:
        return name


def _known_rates(category: Category, plan: Plan, catalog: Catalog, complex_share: float) -> dict[str, _Known]:
    known: dict[str, _Known] = {}
    for name, entered in category.error_rates.items():
        segments = entered if isinstance(entered, SegmentRates) else None
        share = (
            (1 - complex_share) * segments.routine + complex_share * segments.complex
            if segments else float(entered)  # type: ignore[arg-type]
        )
        known[rate_key(name, plan, catalog)] = _Known(share, 1, segments, "entered by you")
    for evaluation in plan.evaluations:
        if evaluation.category != category.name:
            continue
        for pair in evaluation.pairs:
            for name, right in ((pair.small, pair.n11 + pair.n10), (pair.large, pair.n11 + pair.n01)):
                known[rate_key(name, plan, catalog)] = _Known(
                    1 - right / pair.total, 0, None, f"measured by you, n = {pair.total:,.0f}"
                )
        for name, counted in evaluation.models.items():
            known[rate_key(name, plan, catalog)] = _Known(
                1 - counted.correct / counted.n, 0, None, f"measured by you, n = {counted.n:,}"
            )
    return known


def _lookup(known: Mapping[str, _Known], column: Column, state: EndpointState) -> _Known | None:
    suffix = THINKING if column.thinking else ""
    for key in (column.name, state.id, state.model_id):
        if key is not None and (found := known.get(key + suffix)) is not None:
            return found
    return None


def error_rates(
    plan: Plan, demand: Demand, columns: list[Column], states: Mapping[str, EndpointState], register: Register,
    evidence: Evidence, catalog: Catalog,
) -> ErrorRates:
    """Error rates and abilities of every category and column. Always ends in a rate."""
    shape = (len(demand.names), len(columns))
    share, origin = np.full(shape, np.nan), np.full(shape, 3, np.int8)
    segments: dict[tuple[int, int], SegmentRates] = {}
    grounds: dict[tuple[int, int], str] = {}
    stand_ins: dict[str, str] = {}
    strangers: set[str] = set()
    cap = register.value("evidence_cap_logits")
    for k, category in enumerate(plan.workload.categories):
        known = _known_rates(category, plan, catalog, float(demand.complex_share[k]))
        link = evidence.link(category.task)
        anchors = _anchors(known, plan, evidence, link)
        level = demand.complexity[k]
        assumed = register.value(f"accuracy_at_ability_zero_{level}")
        for m, column in enumerate(columns):
            state = states[column.name]
            found = _lookup(known, column, state)
            if found is not None:
                share[k, m], origin[k, m] = found.share, found.origin
                grounds[k, m] = found.ground
                if found.segments is not None:
                    segments[k, m] = found.segments
                continue
            ability = evidence.ability(state.model_id, link.axis, column.thinking)
            if ability is None:
                strangers.add(state.label)
            elif ability.stand_in is not None:
                stand_ins[state.label] = catalog.models[ability.stand_in].display
            if anchors and ability is not None:
                share[k, m], origin[k, m] = _predicted(anchors, ability, link, cap), 2
                grounds[k, m] = (
                    f"{ability.evidence}, anchored on {len(anchors)} of your {'rate' if len(anchors) == 1 else 'rates'}"
                )
            else:
                step = np.clip(link.slope_logit_per_sd * (ability.z if ability else 0.0), -cap, cap)
                share[k, m] = 1.0 - float(logistic(logit(assumed) + step))
                grounds[k, m] = f"assumption, not evidence: {level} complexity"
    notes = [f"No public evidence for {label}; {earlier} stands in." for label, earlier in stand_ins.items()]
    if strangers and (origin >= 2).any():
        notes.append(f"No public evidence for {_listed(sorted(strangers))}: taken as average.")
    return ErrorRates(share, segments, demand.complex_share, origin, tuple(notes), grounds)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _anchors(known: Mapping[str, _Known], plan: Plan, evidence: Evidence, link: SkillLink
             ) -> list[tuple[float, float]]:
    """(logit of the accuracy, ability) of every model whose accuracy somebody gave and whose ability is known."""
    found = []
    for key, rate in known.items():
        base, thinking = key.removesuffix(THINKING), key.endswith(THINKING)
        own = plan.endpoints.get(base)
        model_id = base.rsplit("/", 1)[-1]
        if own is not None:
            model_id = own.model if own.kind == "self_hosted" else (own.ability_like or "")
        ability = evidence.ability(model_id, link.axis, thinking)
        if ability is not None:
            found.append((float(logit(np.clip(1.0 - rate.share, *ANCHOR_BOUNDS))), ability.z))
    return found


@cache
def _normal_nodes() -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    return nodes, weights


def _predicted(anchors: list[tuple[float, float]], ability: Ability, link: SkillLink, cap_logits: float) -> float:
    """Error rate from the anchors' mean logit, averaged over the link's band."""
    logits = [
        anchor + float(np.clip(link.slope_logit_per_sd * (ability.z - z), -cap_logits, cap_logits))
        for anchor, z in anchors
    ]
    nodes, weights = _normal_nodes()
    spread = link.half_width80_logit * SD_PER_HALF_WIDTH80
    right = float((logistic(np.mean(logits) + spread * nodes) * weights).sum() / weights.sum())
    return 1.0 - right


def counted_pair(plan: Plan, category: str, small: str, large: str, catalog: Catalog) -> CountedPair | None:
    """The measured joint outcomes of two endpoints in a category, if there are any."""
    wanted = tuple(rate_key(name, plan, catalog) for name in (small, large))
    for evaluation in plan.evaluations:
        for pair in evaluation.pairs if evaluation.category == category else ():
            if tuple(rate_key(name, plan, catalog) for name in (pair.small, pair.large)) == wanted:
                return pair
    return None
