"""The method once more, in plain scalar Python: one number at a time, so that the engine's arrays have a judge.

Written from the method alone. It shares the plan's records and the quotes of the catalogue with the engine, no formula:
integrals are Simpson's rule on a fine grid (the engine uses Gauss-Legendre), roots are found by bisection, orders by
sorting. It is slow and says what it means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache, partial
from statistics import NormalDist

from planner.domain.assumptions import register_of
from planner.domain.endpoints import Custom, SelfHosted
from planner.domain.plan import Plan
from planner.domain.quantities import likely
from planner.domain.strategies import Allocation, Cascade, Router, Single, Split, TwoModes
from planner.domain.workload import Category, SegmentRates
from pricing.catalog import Catalog, Quote
from pricing.charge import Rates

NORMAL = NormalDist()
EDGE = 9.0
STEPS = 600
SEGMENTS = ("routine", "complex")


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def density(z: float) -> float:
    return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def boundary(share_below: float) -> float:
    """The difficulty (in sigmas) below which that share of queries lies."""
    if share_below <= 0:
        return -EDGE
    return EDGE if share_below >= 1 else min(max(NORMAL.inv_cdf(share_below), -EDGE), EDGE)


@lru_cache(maxsize=4096)
def nodes(low: float, high: float) -> tuple[tuple[float, float], ...]:
    """Points between two difficulties with Simpson's weights times the normal density."""
    step = (high - low) / STEPS
    found = []
    for i in range(STEPS + 1):
        weight = 1 if i in (0, STEPS) else 4 if i % 2 else 2
        z = low + i * step
        found.append((z, weight * density(z) * step / 3))
    return tuple(found)


def integral(what: Callable[[float], float], low: float, high: float) -> float:
    """Integral of ``what`` over the normal density between two difficulties, by Simpson's rule."""
    if high <= low:
        return 0.0
    return sum(weight * what(z) for z, weight in nodes(low, high))


@dataclass(frozen=True)
class Skill:
    """How likely one endpoint is right at each difficulty: theta on either side of the segment boundary."""

    cut: float
    sigma: float
    theta: Mapping[str, float]
    constant: Mapping[str, float] = field(default_factory=dict)

    def right(self, z: float) -> float:
        segment = "routine" if z < self.cut else "complex"
        if segment in self.constant:
            return self.constant[segment]
        return logistic(self.theta[segment] - self.sigma * z)


@lru_cache(maxsize=4096)
def solve_theta(right: float, sigma: float, low: float = -EDGE, high: float = EDGE) -> float:
    """theta at which the mean of P(right | D) between two difficulties is ``right``, by bisection."""
    mass = integral(lambda z: 1.0, low, high)
    small, large = -120.0, 120.0
    while large - small > 1e-10:
        middle = (small + large) / 2
        reached = integral(partial(_right_at, middle, sigma), low, high) / mass
        small, large = (middle, large) if reached < right else (small, middle)
    return (small + large) / 2


def _right_at(theta: float, sigma: float, z: float) -> float:
    return logistic(theta - sigma * z)


def skill_of(errors: float | tuple[float, float], complex_share: float, sigma: float) -> Skill:
    """The skill behind one error rate, or behind one per segment."""
    cut = boundary(1 - complex_share)
    pieces: list[tuple[tuple[str, ...], float, float, float]]
    if isinstance(errors, tuple):
        pieces = [(("routine",), errors[0], -EDGE, cut), (("complex",), errors[1], cut, EDGE)]
    else:
        pieces = [(SEGMENTS, errors, -EDGE, EDGE)]
    theta: dict[str, float] = {}
    constant: dict[str, float] = {}
    for segments, wrong, low, high in pieces:
        if high <= low or wrong in (0.0, 1.0):
            constant |= dict.fromkeys(segments, 1 - wrong)
        else:
            theta |= dict.fromkeys(segments, solve_theta(1 - wrong, sigma, low, high))
    return Skill(cut, sigma, theta, constant)


def error_between(skill: Skill, low: float, high: float) -> float:
    """Share of all queries that lie between two difficulties and are answered wrong."""
    middle = min(max(skill.cut, low), high)
    return integral(lambda z: 1 - skill.right(min(z, skill.cut - 1e-12)), low, middle) + integral(
        lambda z: 1 - skill.right(max(z, skill.cut)), middle, high
    )


@lru_cache
def even_queries(grid: int) -> tuple[float, ...]:
    """Equally likely difficulties."""
    return tuple(boundary((i + 0.5) / grid) for i in range(grid))


def best_order_error(small: Skill, large: Skill, small_share: float, grid: int = 4_000) -> float:
    """Error share if the queries that lose least by it go to the small model: sort a fine grid of queries."""
    queries = even_queries(grid)
    loss = sorted(large.right(z) - small.right(z) for z in queries)
    base = sum(1 - large.right(z) for z in queries)
    whole = int(small_share * grid)
    gained = sum(loss[:whole]) + (small_share * grid - whole) * (loss[whole] if whole < grid else 0.0)
    return (base + gained) / grid


# Prices ----------------------------------------------------------------------------------------------------------


def charge(rates: Rates, tokens_in: float, tokens_out: float, category: Category, off: float = 0.0) -> float:
    read, write = likely(category.cached_input_share), likely(category.cache_write_share)
    p_in, p_read, p_write, p_out, fee = (float(x) for x in rates)  # type: ignore[arg-type]
    fresh = 1 - read - write
    usd = tokens_in * (fresh * p_in + read * p_read + write * p_write) + tokens_out * p_out
    return (usd / 1e6 + fee) * (1 - off)


def paid(share: float, usd: float) -> float:
    """An endpoint that gets nothing costs nothing, even where its price is not known."""
    return share * usd if share > 0 else 0.0


def in_batch(standard: float, batch: float | None, category: Category) -> float:
    share = likely(category.batch_share)
    if share == 0:
        return standard
    if batch is None:
        return math.nan
    return (1 - share) * standard + share * batch


def quoted_price(quote: Quote, off: float) -> Callable[[float, float, Category, float], float]:
    """USD of one request: tokens in and out, the category, and the mean prompt that decides about the step."""

    def price(tokens_in: float, tokens_out: float, category: Category, mean_prompt: float) -> float:
        assert quote.rates is not None
        step = quote.step_for(mean_prompt)
        share = category.long_prompt_share
        if share is None:
            share = 0.0 if step is None else 1.0
        if step is None and quote.steps:
            step = quote.steps[0]
        parts = [(1.0, quote.rates, quote.batch)]
        if step is not None:
            parts = [(1 - share, quote.rates, quote.batch), (share, step.rates, step.batch)]
        total = 0.0
        for weight, rates, batch in parts:
            if weight == 0:
                continue
            standard = charge(rates, tokens_in, tokens_out, category, off)
            cheap = None if batch is None else charge(batch, tokens_in, tokens_out, category, off)
            total += weight * in_batch(standard, cheap, category)
        return total

    return price


# One category ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """What one category does in one scenario."""

    requests: float
    spend_usd: float
    error_share: float
    error_cost_usd: float
    review_cost_usd: float
    handoff_cost_usd: float
    fix_cost_usd: float
    residual_error_share: float
    served_requests: float
    worst_case_spend_usd: float
    escalation_share: float
    random_error_share: float
    best_order_error_share: float
    independent_error_share: float
    calls: Mapping[tuple[str, str], float]
    """Calls per request before retries: (endpoint, segment), as a share of all requests."""
    load: Mapping[tuple[str, str], float]

    @property
    def variable_usd(self) -> float:
        return self.spend_usd + self.error_cost_usd + self.review_cost_usd + self.handoff_cost_usd


def volume(category: Category) -> tuple[float, float, float]:
    """Requests, and tokens in and out per request: any two give the third."""
    n = category.requests_per_month
    per = [category.input_tokens_per_request, category.output_tokens_per_request]
    month = [category.monthly_input_tokens, category.monthly_output_tokens]
    if n is None:
        for each, total in zip(per, month, strict=True):
            if n is None and each is not None and total is not None and likely(each) > 0:
                n = likely(total) / likely(each)
    assert n is not None
    requests = likely(n)
    tokens = [
        likely(each) if each is not None else (likely(total) / requests if total is not None and requests else 0.0)
        for each, total in zip(per, month, strict=True)
    ]
    return requests, tokens[0], tokens[1]


class Judge:
    """The method for one plan on one day."""

    def __init__(self, plan: Plan, day: date, catalog: Catalog, rates: Callable[[Category, str], object] | None = None):
        self.plan, self.day, self.catalog = plan, day, catalog
        self.register = register_of(plan.assumptions)
        self.sigma = self.register.value("difficulty_sigma_logits")
        self.rates = rates or self._entered
        self._skills: dict[tuple[str, str, float], Skill] = {}

    # Inputs ------------------------------------------------------------------------------------------------------

    def complex_share(self, category: Category) -> float:
        if category.complex_share is not None:
            return likely(category.complex_share)
        return self.register.value(f"complex_share_{category.complexity or 'medium'}")

    def _entered(self, category: Category, name: str) -> float | tuple[float, float]:
        """A measured rate, or the one that the plan enters."""
        for evaluation in self.plan.evaluations:
            if evaluation.category == category.name and name in evaluation.models:
                counted = evaluation.models[name]
                return (counted.n - counted.correct) / counted.n
        given = category.error_rates[name]
        return (given.routine, given.complex) if isinstance(given, SegmentRates) else given

    def skill(self, category: Category, name: str, sigma: float | None = None) -> Skill:
        spread = self.sigma if sigma is None else sigma
        key = (category.name, name, spread)
        if key not in self._skills:
            errors = self.rates(category, name)
            self._skills[key] = skill_of(errors, self.complex_share(category), spread)  # type: ignore[arg-type]
        return self._skills[key]

    def mean_error(self, category: Category, name: str) -> float:
        errors = self.rates(category, name)
        if isinstance(errors, tuple):
            complex_share = self.complex_share(category)
            return (1 - complex_share) * errors[0] + complex_share * errors[1]
        return float(errors)  # type: ignore[arg-type]

    def segment_error(self, category: Category, name: str, segment: str) -> float:
        errors = self.rates(category, name)
        if isinstance(errors, tuple):
            return float(errors[SEGMENTS.index(segment)])
        skill = self.skill(category, name)
        low, high = (-EDGE, skill.cut) if segment == "routine" else (skill.cut, EDGE)
        mass = integral(lambda z: 1.0, low, high)
        return error_between(skill, low, high) / mass if mass > 0 else 0.0

    def unit_usd(self, category: Category, name: str, segment: str, thinking_factor: float = 1.0) -> float:
        """USD of one call in a segment."""
        _, tokens_in, tokens_out = volume(category)
        complex_share, factor = self.complex_share(category), likely(category.complex_token_factor)
        routine = 1 / (1 - complex_share + complex_share * factor)
        length = routine * (factor if segment == "complex" else 1.0)
        own = self.plan.endpoints.get(name)
        if isinstance(own, SelfHosted):
            return 0.0
        if isinstance(own, Custom):
            tokenizer = self._tokenizer(own.tokenizer_factor)
            read, write = own.cache_read_usd_per_mtok, own.cache_write_usd_per_mtok
            rates = Rates(
                own.input_usd_per_mtok,
                own.input_usd_per_mtok if read is None else read,
                own.input_usd_per_mtok if write is None else write,
                own.output_usd_per_mtok,
                own.usd_per_request,
            )
            out = tokens_out * length * tokenizer * own.thinking_factor * thinking_factor
            standard = charge(rates, tokens_in * length * tokenizer, out, category)
            cheap = None if own.batch_factor is None else standard * own.batch_factor
            return in_batch(standard, cheap, category)
        offer = self.catalog.resolve(name)
        quote = self.catalog.quote(offer, self.day)
        tokenizer = self._tokenizer(quote.model.tokenizer_factor)
        off = self.plan.discounts.get(offer.model, self.plan.discounts.get(offer.seller, 0.0))
        return quoted_price(quote, off)(
            tokens_in * length * tokenizer, tokens_out * length * tokenizer * thinking_factor, category,
            tokens_in * tokenizer,
        )

    def _tokenizer(self, factor: float) -> float:
        counted = self.plan.tokens_counted_with
        return 1.0 if counted is None else factor / self.catalog.resolve_model(counted).tokenizer_factor

    # Strategies --------------------------------------------------------------------------------------------------

    def answer(self, category: Category, strategy: object) -> Answer:
        if isinstance(strategy, Allocation):
            return self.answer(category, strategy.by_category.get(category.name, strategy.default))
        if isinstance(strategy, Single):
            usd = self._mean_usd(category, strategy.model)
            weights = self._weights(category)
            calls = {(strategy.model, g): weights[g] for g in SEGMENTS}
            return self._consequences(category, usd, usd, self.mean_error(category, strategy.model), calls, calls)
        if isinstance(strategy, Split):
            return self._split(category, strategy)
        if isinstance(strategy, TwoModes):
            return self._two_modes(category, strategy)
        assert isinstance(strategy, Cascade)
        return self._cascade(category, strategy)

    def _weights(self, category: Category) -> dict[str, float]:
        complex_share = self.complex_share(category)
        return {"routine": 1 - complex_share, "complex": complex_share}

    def _mean_usd(self, category: Category, name: str, thinking_factor: float = 1.0) -> float:
        weights = self._weights(category)
        return sum(weights[g] * self.unit_usd(category, name, g, thinking_factor) for g in SEGMENTS)

    def _split(self, category: Category, strategy: Split) -> Answer:
        weights = self._weights(category)
        e_s, e_l = (self.mean_error(category, name) for name in (strategy.small, strategy.large))
        extra = 0.0
        if strategy.router is not None:
            sens, spec = self._router(strategy.router)
            extra = strategy.router.usd_per_request
            small = {"routine": weights["routine"] * spec, "complex": weights["complex"] * (1 - sens)}
            f = small["routine"] + small["complex"]
            error = sum(
                small[g] * self.segment_error(category, strategy.small, g)
                + (weights[g] - small[g]) * self.segment_error(category, strategy.large, g)
                for g in SEGMENTS if weights[g] > 0
            )
        else:
            assert strategy.small_share is not None
            f = strategy.small_share
            if strategy.random:
                small = {g: f * weights[g] for g in SEGMENTS}
                error = f * e_s + (1 - f) * e_l
            else:
                small = {"routine": min(f, weights["routine"]), "complex": max(0.0, f - weights["routine"])}
                at = boundary(f)
                error = error_between(self.skill(category, strategy.small), -EDGE, at) + error_between(
                    self.skill(category, strategy.large), at, EDGE
                )
        usd, worst, calls = extra, extra, {}
        for g in SEGMENTS:
            c_s, c_l = (self.unit_usd(category, name, g) for name in (strategy.small, strategy.large))
            usd += paid(small[g], c_s) + paid(weights[g] - small[g], c_l)
            calls[strategy.small, g] = calls.get((strategy.small, g), 0.0) + small[g]
            calls[strategy.large, g] = calls.get((strategy.large, g), 0.0) + weights[g] - small[g]
        worst = usd
        best = best_order_error(self.skill(category, strategy.small), self.skill(category, strategy.large), f)
        return self._consequences(category, usd, worst, error, calls, calls, random=f * e_s + (1 - f) * e_l, best=best)

    def _router(self, router: Router) -> tuple[float, float]:
        sens = self.register.value("router_sensitivity") if router.sens is None else router.sens
        spec = self.register.value("router_specificity") if router.spec is None else router.spec
        return sens, spec

    def _two_modes(self, category: Category, strategy: TwoModes) -> Answer:
        weights, f = self._weights(category), 1 - strategy.thinking_share
        thinking = f"{strategy.model}#thinking"
        plain = {"routine": min(f, weights["routine"]), "complex": max(0.0, f - weights["routine"])}
        usd = sum(
            paid(plain[g], self.unit_usd(category, strategy.model, g))
            + paid(weights[g] - plain[g], self.unit_usd(category, strategy.model, g, strategy.thinking_factor))
            for g in SEGMENTS
        )
        at = boundary(f)
        error = error_between(self.skill(category, strategy.model), -EDGE, at) + error_between(
            self.skill(category, thinking), at, EDGE
        )
        calls = {(strategy.model, g): plain[g] for g in SEGMENTS} | {
            (thinking, g): weights[g] - plain[g] for g in SEGMENTS
        }
        e_s, e_l = self.mean_error(category, strategy.model), self.mean_error(category, thinking)
        best = best_order_error(self.skill(category, strategy.model), self.skill(category, thinking), f)
        return self._consequences(category, usd, usd, error, calls, calls, random=f * e_s + (1 - f) * e_l, best=best)

    def _cascade(self, category: Category, strategy: Cascade) -> Answer:
        k = len(strategy.stages)
        accept_right = strategy.accept_right or (self.register.value("cascade_accept_right"),) * (k - 1)
        accept_wrong = strategy.accept_wrong or (self.register.value("cascade_accept_wrong"),) * (k - 1)
        check = (*(strategy.usd_per_check or (0.0,) * (k - 1)), 0.0)
        factor = likely(category.complex_token_factor)
        gamma = strategy.escalated_token_factor
        if gamma is None:
            gamma = self.register.value("escalated_token_factor") if factor == 1 else 1.0
        usd = {
            (i, g): self.unit_usd(category, name, g) * (1.0 if i == 0 else gamma) + check[i]
            for i, name in enumerate(strategy.stages) for g in SEGMENTS
        }
        weights = self._weights(category)
        wrong = [self.mean_error(category, name) for name in strategy.stages]
        worst = sum(weights[g] * usd[i, g] for i in range(k) for g in SEGMENTS)
        independent = _chain([1 - e for e in wrong], accept_right, accept_wrong)[1]
        joint = self._joint(strategy, wrong)
        if joint is not None:
            pi_11, pi_10, pi_01, pi_00 = joint
            a, b = accept_right[0], accept_wrong[0]
            escalation = (pi_11 + pi_10) * (1 - a) + (pi_01 + pi_00) * (1 - b)
            error = (pi_01 + pi_00) * b + (1 - a) * pi_10 + (1 - b) * pi_00
            q1, q2 = pi_01 + pi_00, pi_10 + pi_00
            independent = q1 * b + (1 - a) * (1 - q1) * q2 + (1 - b) * q1 * q2
            first, second = (sum(weights[g] * usd[i, g] for g in SEGMENTS) for i in range(2))
            calls = {(strategy.stages[0], g): weights[g] for g in SEGMENTS}
            load = dict(calls)
            for g in SEGMENTS:
                place = (strategy.stages[1], g)
                calls[place] = calls.get(place, 0.0) + weights[g] * escalation
                load[place] = load.get(place, 0.0) + weights[g] * escalation * gamma
            return self._consequences(category, first + paid(escalation, second), worst, error, calls, load,
                                      escalation=escalation, independent=independent)
        sigma = self.sigma if strategy.sigma is None else strategy.sigma
        skills = [self.skill(category, name, sigma) for name in strategy.stages]
        cut = skills[0].cut
        cost = error = escalation = 0.0
        calls, load = {}, {}
        for g, low, high in (("routine", -EDGE, cut), ("complex", cut, EDGE)):
            inside = min(max((low + high) / 2, low), high)

            def chain(z: float, low: float = low, high: float = high, inside: float = inside
                      ) -> tuple[list[float], float]:
                at = z if low < z < high else z + math.copysign(1e-12, inside - z)
                return _chain([skill.right(at) for skill in skills], accept_right, accept_wrong)

            reach = [integral(lambda z, i=i: chain(z)[0][i], low, high) for i in range(k)]
            error += integral(lambda z: chain(z)[1], low, high)
            cost += sum(paid(reach[i], usd[i, g]) for i in range(k))
            escalation += reach[1]
            for i, name in enumerate(strategy.stages):
                calls[name, g] = calls.get((name, g), 0.0) + reach[i]
                load[name, g] = load.get((name, g), 0.0) + reach[i] * (1.0 if i == 0 else gamma)
        return self._consequences(category, cost, worst, error, calls, load,
                                  escalation=escalation, independent=independent)

    def _joint(self, strategy: Cascade, wrong: list[float]) -> tuple[float, float, float, float] | None:
        if strategy.joint is not None:
            counts = strategy.joint
            return tuple(n / counts.total for n in (counts.n11, counts.n10, counts.n01, counts.n00))  # type: ignore[return-value]
        if strategy.phi is None:
            return None
        q1, q2 = wrong
        both = q1 * q2 + strategy.phi * math.sqrt(q1 * (1 - q1) * q2 * (1 - q2))
        pi_00 = min(max(both, max(0.0, q1 + q2 - 1)), min(q1, q2))
        pi_01, pi_10 = q1 - pi_00, q2 - pi_00
        return 1 - pi_00 - pi_01 - pi_10, pi_10, pi_01, pi_00

    # What follows ------------------------------------------------------------------------------------------------

    def _consequences(
        self, category: Category, usd: float, worst: float, error: float,
        calls: Mapping[tuple[str, str], float], load: Mapping[tuple[str, str], float],
        escalation: float = math.nan, random: float = math.nan, best: float = math.nan, independent: float = math.nan,
    ) -> Answer:
        requests, _, _ = volume(category)
        fail, attempts = category.retries.fail_rate, category.retries.max_attempts
        unserved = fail**attempts
        expected_attempts = sum(fail**i for i in range(attempts))
        spend_factor = (1 - unserved) + category.retries.billed_share * (expected_attempts - (1 - unserved))
        served = requests * (1 - unserved)
        review = category.review
        loss, fix = self._error_cost(category), review.usd_per_fix
        catch = self.register.value("review_catch_share") if review.catch is None else review.catch
        caught = review.share * catch
        alarms = served * (1 - error) * review.share * review.false_alarm * fix
        return Answer(
            requests=requests,
            spend_usd=requests * usd * spend_factor,
            error_share=error,
            error_cost_usd=served * error * ((1 - caught) * loss + caught * fix),
            review_cost_usd=served * review.share * review.usd_per_review + alarms,
            handoff_cost_usd=requests * (category.handoff.rate + unserved) * category.handoff.usd,
            fix_cost_usd=served * error * caught * fix,
            residual_error_share=error * (1 - caught),
            served_requests=served,
            worst_case_spend_usd=requests * worst * attempts,
            escalation_share=escalation,
            random_error_share=random,
            best_order_error_share=best,
            independent_error_share=independent,
            calls=calls,
            load=load,
        )

    def _error_cost(self, category: Category) -> float:
        if category.error_cost_usd is not None:
            return likely(category.error_cost_usd)
        return 0.0 if category.error_cost is None else self.register.value(f"error_cost_usd_{category.error_cost}")


def _chain(right: list[float], accept_right: tuple[float, ...], accept_wrong: tuple[float, ...]
           ) -> tuple[list[float], float]:
    """Share that reaches each stage, and the share answered wrong, when the stages are independent."""
    reach, error = [1.0], 0.0
    for i, p in enumerate(right):
        if i == len(right) - 1:
            error += reach[i] * (1 - p)
        else:
            error += reach[i] * (1 - p) * accept_wrong[i]
            reach.append(reach[i] * (1 - p * accept_right[i] - (1 - p) * accept_wrong[i]))
    return reach, error


# Evidence --------------------------------------------------------------------------------------------------------


def linked_error(anchors: list[tuple[float, float]], z: float, slope: float, cap: float, half_width: float) -> float:
    """Error share of a model of ability ``z`` from anchors (error share, ability), averaged over the 80 % band."""
    predicted = [logit(1 - wrong) + min(max(slope * (z - of), -cap), cap) for wrong, of in anchors]
    middle, spread = sum(predicted) / len(predicted), half_width / NORMAL.inv_cdf(0.9)
    return 1 - integral(lambda x: logistic(middle + spread * x), -EDGE, EDGE)


def assumed_error(right_at_zero: float, z: float, slope: float, cap: float) -> float:
    """Error share that is assumed where nothing is known of the category."""
    return 1 - logistic(logit(right_at_zero) + min(max(slope * z, -cap), cap))


# Self-hosting ----------------------------------------------------------------------------------------------------


def busy_replicas(judge: Judge, name: str, answers: Mapping[str, Answer], thinking_factor: float = 1.0) -> float:
    """Replicas of an own endpoint that the busiest hour keeps busy, over all categories and modes.

    ``peak * calls * N * t / 3600 / 730`` with ``t = a*I + b*O + c*O*(I + O/2)``; hours, peaks and lengths are the
    plan's.
    """
    own = judge.plan.endpoints[name]
    assert isinstance(own, SelfHosted)
    total = 0.0
    for category in judge.plan.workload.categories:
        answer = answers[category.name]
        requests, tokens_in, tokens_out = volume(category)
        complex_share, factor = judge.complex_share(category), likely(category.complex_token_factor)
        routine = 1 / (1 - complex_share + complex_share * factor)
        fail, attempts = category.retries.fail_rate, category.retries.max_attempts
        expected_attempts = sum(fail**i for i in range(attempts))
        peak = own.peak_factor
        if peak is None:
            load = category.load or ("batch" if category.latency == "batch" else "always_on")
            given = category.peak_factor
            peak = judge.register.value(f"peak_factor_{load}") if given is None else likely(given)
        for segment in SEGMENTS:
            length = routine * (factor if segment == "complex" else 1.0)
            prompt = tokens_in * length * (1 - own.prefix_hit_share)
            for mode, written in (("", 1.0), ("#thinking", thinking_factor)):
                calls = answer.load.get((name + mode, segment), 0.0)
                out = tokens_out * length * own.thinking_factor * written
                total += peak * calls * expected_attempts * requests * _seconds(own, prompt, out) / 3600 / 730
    return total


def _seconds(own: SelfHosted, prompt: float, answer: float) -> float:
    if own.measured_requests_per_s is not None:
        return 1 / own.measured_requests_per_s
    law = own.capacity
    assert law is not None
    a, b, c = law.a_s_per_input_token, law.b_s_per_output_token, law.c_s_per_output_token_per_context_token
    return a * prompt + b * answer + c * answer * (prompt + answer / 2)


def replicas_for(load: float, usable: float, redundancy: int, least: int = 1) -> int:
    return max(least, max(1, math.ceil(load / usable - 1e-9)) + redundancy)
