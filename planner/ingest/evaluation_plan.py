"""Measured results into a plan: a new one, or an existing one whose other content stays as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from planner.domain.measured import MeasuredRequests
from planner.domain.plan import Evaluation, Plan, Scenario, build_plan, dump_part, dump_plan, parse_plan, plan_document
from planner.domain.references import THINKING, folded, rate_key
from planner.domain.strategies import Single
from planner.domain.workload import Category, Workload
from pricing.catalog import Catalog
from pricing.errors import InputError, Problem, did_you_mean, quoted

UNNAMED = "Evaluated work"
"""Category of a new plan for results that name none."""


def plan_categories(requests: MeasuredRequests, plan: Plan | None, category: str | None) -> dict[str, MeasuredRequests]:
    """The requests by the category of the plan that they belong to.

    ``category`` takes all of them together. Else the file's categories must be the plan's; where both have only one,
    they are the same. Raises :class:`InputError` with every name that does not fit.
    """
    known = None if plan is None else {folded(each.name): each.name for each in plan.workload.categories}
    wanted: Mapping[str | None, MeasuredRequests] = (
        {category: requests} if category is not None
        else {name: requests.rows(name) for name in requests.category_names}
    )
    if known is None:
        return {name or UNNAMED: part for name, part in wanted.items()}
    if category is None and len(wanted) == len(known) == 1:
        return {next(iter(known.values())): requests}
    problems = []
    for name in wanted:
        if name is None or folded(name) not in known:
            listed = ", ".join(map(quoted, known.values()))
            mend = did_you_mean(name or "", list(known.values()), f"The plan has {listed}.")
            problems.append(Problem("category", "no category" if name is None else quoted(name),
                                    "a category of the plan", f"{mend} Or give all results to one: --category NAME."))
    if problems:
        raise InputError(problems)
    return {known[folded(name)]: part for name, part in wanted.items() if name is not None}


def with_evaluations(plan: Plan, found: Sequence[Evaluation], catalog: Catalog) -> Plan:
    """The plan with new results: they replace those of the same category and models, and nothing else."""
    new = {each.category: each for each in found}
    kept = [_merged(each, new.pop(each.category), plan, catalog) if each.category in new else each
            for each in plan.evaluations]
    changed = plan.model_copy(update={"evaluations": (*kept, *new.values())})
    return build_plan(plan_document(changed), "plan", catalog)


def _merged(old: Evaluation, new: Evaluation, plan: Plan, catalog: Catalog) -> Evaluation:
    """New results before old ones; old pairs with a model that was measured anew belong to another sample."""
    again = {rate_key(name, plan, catalog) for name in new.models}

    def is_old(*names: str) -> bool:
        return not any(rate_key(name, plan, catalog) in again for name in names)

    return Evaluation(
        category=old.category,
        models={**{name: counted for name, counted in old.models.items() if is_old(name)}, **new.models},
        pairs=(*(pair for pair in old.pairs if is_old(pair.small, pair.large)), *new.pairs),
        cascades=(*(each for each in old.cascades if is_old(*each.stages)), *new.cascades),
    )


def new_plan(parts: Mapping[str, MeasuredRequests], found: Sequence[Evaluation], name: str, catalog: Catalog) -> Plan:
    """A plan around the results: one category each, tokens as measured, no volume yet, one scenario per model."""
    categories = tuple(
        Category(
            name=category, requests_per_month=0.0, input_tokens_per_request=_mean_tokens(part.input_tokens),
            output_tokens_per_request=_mean_tokens(part.output_tokens),
        )
        for category, part in parts.items()
    )
    models = dict.fromkeys(name.removesuffix(THINKING) for each in found for name in each.models)
    sold = [model for model in models if _sold(model, catalog)]
    plan = Plan(
        name=name, workload=Workload(name=name, categories=categories), evaluations=tuple(found),
        scenarios=tuple(Scenario(name=model, strategy=Single(model=model)) for model in sold),
    )
    return build_plan(plan_document(plan), name, catalog)


def _sold(model: str, catalog: Catalog) -> bool:
    try:
        catalog.resolve(model)
    except InputError:
        return False
    return True


def _mean_tokens(tokens: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    known = tokens[np.isfinite(tokens)]
    return round(float(known.mean()), 1) if known.size else 0.0


def rewritten(text: str, path: Path, plan: Plan, catalog: Catalog) -> str:
    """A plan file's text with the plan's evaluations in place of its own; comments and everything else stay.

    Where the file is written in a way that a replaced block does not fit, the whole plan is written anew.
    """
    if path.suffix.casefold() == ".json":
        return json.dumps(plan_document(plan), ensure_ascii=False, indent=2) + "\n"
    block = dump_part(plan, "evaluations")
    body = re.compile(r"^evaluations:.*\n(?:(?:[ \t-].*)?\n)*", re.MULTILINE)
    whole = text if text.endswith("\n") else text + "\n"
    changed = body.sub(lambda _: block + "\n", whole, count=1) if body.search(whole) else f"{whole}\n{block}"
    try:
        if parse_plan(changed, path.name, catalog) == plan:
            return changed
    except InputError:
        pass
    return dump_plan(plan)
