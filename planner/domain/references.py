"""Names in a plan that must point at something: models, endpoints, categories, scenarios."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from planner.domain.assumptions import register_of
from planner.domain.endpoints import SelfHosted
from planner.domain.strategies import Allocation, endpoints_of
from pricing.catalog import Catalog
from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.hardware import load_hardware

if TYPE_CHECKING:
    from planner.domain.plan import Plan

THINKING = "#thinking"
"""Suffix that names a model's thinking mode in error rates."""


ROUTING_AND_CHECKS = "routing and checks"
"""The line under which a scenario's routers and checks are listed beside its endpoints."""


def reference_problems(plan: Plan, place: str, catalog: Catalog) -> list[Problem]:
    """Every name that points nowhere or stands twice, with the nearest names."""
    return [
        *_duplicates([category.name for category in plan.workload.categories], f"{place} > categories", "category"),
        *_duplicates([scenario.name for scenario in plan.scenarios], f"{place} > scenarios", "scenario"),
        *_misnamed_endpoints(plan, place),
        *_unknown_endpoints(plan, place, catalog),
        *_unknown_names(plan, place, catalog),
        *_two_names(plan, place, catalog),
        *_beliefs(plan, place),
    ]


def folded(name: str) -> str:
    """A name as a hurried reader sees it: compatibility forms, case and outer blanks folded."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _duplicates(names: list[str], place: str, kind: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for name in names:
        if folded(name) in seen:
            yield Problem(f"{place} > {name[:60]}", f"a second {kind} called {quoted(name)}",
                          "told apart from the first", "Give each its own name.")
        seen.add(folded(name))


def _beliefs(plan: Plan, place: str) -> Iterator[Problem]:
    """Own values for assumptions that do not exist, or that cannot be."""
    try:
        register_of(plan.assumptions, f"{place} > assumptions")
    except InputError as error:
        yield from error.problems


def _misnamed_endpoints(plan: Plan, place: str) -> Iterator[Problem]:
    """An own endpoint must not look like an offer (seller/model) or like a model's thinking mode."""
    for name in plan.endpoints:
        clean = name.isprintable() and name == name.strip() and 0 < len(name) <= 200
        if folded(name) == ROUTING_AND_CHECKS:
            yield Problem(f"{place} > endpoints", quoted(name), "free: routers and checks are listed under it",
                          "Give the endpoint another name.")
        elif not clean or "/" in name or "#" in name:
            yield Problem(f"{place} > endpoints", quoted(name), "a name for an endpoint",
                          "Write 1 to 200 printable characters without / and #, which stand for seller and mode.")


def _two_names(plan: Plan, place: str, catalog: Catalog) -> Iterator[Problem]:
    """One model given two figures under two of its names: nobody could say which one counts."""
    for category in plan.workload.categories:
        yield from _same_meaning(category.error_rates, f"{place} > categories > {category.name} > error_rates", plan,
                                 catalog)
    for evaluation in plan.evaluations:
        where = f"{place} > evaluations > {evaluation.category}"
        for pair in evaluation.pairs:
            yield from _same_meaning((pair.small, pair.large), f"{where} > pairs", plan, catalog)
    for name in dict.fromkeys(evaluation.category for evaluation in plan.evaluations):
        models = [model for each in plan.evaluations if each.category == name for model in each.models]
        yield from _same_meaning(models, f"{place} > evaluations > {name} > models", plan, catalog)
    yield from _same_meaning(plan.discounts, f"{place} > discounts", plan, catalog)


def _same_meaning(names: Iterable[str], where: str, plan: Plan, catalog: Catalog) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name in names:
        meant = rate_key(name, plan, catalog)
        if meant in seen:
            again = f"{quoted(name)}, another name for {quoted(seen[meant])},"
            yield Problem(where, f"{quoted(name)}, named twice," if name == seen[meant] else again,
                          "told apart from it", "Keep one of the two.")
        seen.setdefault(meant, name)


def rate_key(name: str, plan: Plan, catalog: Catalog) -> str:
    """What a name with a figure behind it stands for: an own endpoint, one seller's offer, or a model at any seller.

    The thinking mode of each is apart. A name that stands for nothing is returned as it is.
    """
    base, mode = name.removesuffix(THINKING), THINKING if name.endswith(THINKING) else ""
    if base in plan.endpoints:
        return name
    try:
        return (catalog.resolve(base).id if "/" in base else catalog.resolve_model(base).id) + mode
    except InputError:
        return name


def _unknown_endpoints(plan: Plan, place: str, catalog: Catalog) -> Iterator[Problem]:
    for scenario in plan.scenarios:
        where = f"{place} > scenarios > {scenario.name}"
        for name in endpoints_of(scenario.strategy):
            yield from _unresolved(name, f"{where} > strategy", plan, catalog)
        if isinstance(scenario.strategy, Allocation):
            known = [category.name for category in plan.workload.categories]
            for name in scenario.strategy.by_category:
                if name not in known:
                    yield Problem(f"{where} > by_category", quoted(name), "a category of this plan",
                                  did_you_mean(name, known, _listed(known)))
    for name, endpoint in plan.endpoints.items():
        if endpoint.kind == "self_hosted":
            yield from _model_only(endpoint.model, f"{place} > endpoints > {name} > model", catalog)
            yield from _machine(endpoint, f"{place} > endpoints > {name}")
        elif endpoint.ability_like is not None:
            yield from _model_only(endpoint.ability_like, f"{place} > endpoints > {name} > ability_like", catalog)


def _listed(names: list[str]) -> str:
    return f"The plan has: {', '.join(map(quoted, names))}." if names else "The plan has none yet."


def _unknown_names(plan: Plan, place: str, catalog: Catalog) -> Iterator[Problem]:
    categories = [category.name for category in plan.workload.categories]
    scenarios = [scenario.name for scenario in plan.scenarios]
    if plan.baseline is not None and plan.baseline not in scenarios:
        yield Problem(f"{place} > baseline", quoted(plan.baseline), "a scenario of this plan",
                      did_you_mean(plan.baseline, scenarios, _listed(scenarios)))
    for evaluation in plan.evaluations:
        where = f"{place} > evaluations > {evaluation.category}"
        if evaluation.category not in categories:
            yield Problem(where, quoted(evaluation.category), "a category of this plan",
                          did_you_mean(evaluation.category, categories, "Use a category's exact name."))
        pairs = [name for pair in evaluation.pairs for name in (pair.small, pair.large)]
        stages = [name for cascade in evaluation.cascades for name in cascade.stages]
        for name in dict.fromkeys((*evaluation.models, *pairs, *stages)):
            yield from _unrated(name.removesuffix(THINKING), where, plan, catalog)
    for category in plan.workload.categories:
        for name in category.error_rates:
            yield from _unrated(name.removesuffix(THINKING),
                                f"{place} > categories > {category.name} > error_rates", plan, catalog)
    sellers = {offer.seller for offer in catalog.offers.values()}
    for name in plan.discounts:
        if name not in sellers and not (_resolves(catalog.resolve, name) or _resolves(catalog.resolve_model, name)):
            yield Problem(f"{place} > discounts", quoted(name), "a seller or a model",
                          did_you_mean(name, sorted(sellers), "Use a seller's or a model's id."))
    if plan.tokens_counted_with is not None:
        yield from _model_only(plan.tokens_counted_with, f"{place} > tokens_counted_with", catalog)


def _unrated(name: str, where: str, plan: Plan, catalog: Catalog) -> Iterator[Problem]:
    """A rate may also belong to a model that its maker does not sell: it then holds at every seller."""
    if catalog.find_model(name) is None:
        yield from _unresolved(name, where, plan, catalog)


def _unresolved(name: str, where: str, plan: Plan, catalog: Catalog) -> Iterator[Problem]:
    if name in plan.endpoints:
        return
    try:
        catalog.resolve(name, where)
    except InputError as error:
        for problem in error.problems:
            near = did_you_mean(name, list(plan.endpoints), "")
            yield Problem(problem.place, problem.found, problem.expected, near or problem.mend)


def _model_only(name: str, where: str, catalog: Catalog) -> Iterator[Problem]:
    try:
        catalog.resolve_model(name, where)
    except InputError as error:
        yield from error.problems


def _machine(own: SelfHosted, where: str) -> Iterator[Problem]:
    """A GPU or a number format that the hardware tables do not know."""
    hardware = load_hardware()
    for field, named, look_up in (("gpu", own.gpu, hardware.gpu), ("precision", own.precision, hardware.weight_class)):
        if named is None:
            continue
        try:
            look_up(named)
        except InputError as error:
            for problem in error.problems:
                yield Problem(f"{where} > {field}", quoted(named), problem.expected, problem.mend)


def _resolves(resolve: Callable[[str], object], name: str) -> bool:
    try:
        resolve(name)
    except InputError:
        return False
    return True
