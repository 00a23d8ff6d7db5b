"""The plan: workload, scenarios, limits, beliefs and price date in one document."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from planner.domain.endpoints import Endpoint
from planner.domain.quantities import Quantity, Within
from planner.domain.reading import problems_of
from planner.domain.references import reference_problems
from planner.domain.strategies import JointCounts, Strategy
from planner.domain.workload import Workload
from pricing.catalog import Catalog, load_catalog
from pricing.documents import load_document, parse_document
from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.record import Name, Record
from pricing.units import GROWTH, MONTHS, SHARE, USD, Day

Share = Annotated[float, Field(ge=0, le=1), SHARE]
Growth = Annotated[Quantity, AfterValidator(Within(-0.5, 1.0)), GROWTH]
Season = Annotated[tuple[Annotated[float, Field(ge=0, le=100)], ...], Field(min_length=12, max_length=12)]


class Limits(Record):
    """What a recommendation must keep to."""

    monthly_budget_usd: Annotated[float, Field(ge=0, le=1e12), USD] | None = None
    """Highest invoice a month."""
    min_vendors: Annotated[int, Field(ge=1, le=20)] = 1
    """Fewest sellers that must share the work."""
    max_vendor_share: Share = 1.0
    """Highest share of the invoice that may go to one seller."""
    max_error_rate: Share | None = None
    """Highest share of wrong answers after review, in every category."""
    materiality_usd: Annotated[float, Field(ge=0, le=1e9), USD] | None = None
    """Difference a month below which it is not worth choosing by cost."""
    quality_margin: Share | None = None
    """Difference in error rate below which two models count as equally good."""


class CountedModel(Record):
    """How many answers of one model were checked, and how many were right."""

    n: Annotated[int, Field(ge=1, le=10**9)]
    """Answers checked."""
    correct: Annotated[int, Field(ge=0, le=10**9)]
    """Answers that were right."""

    @model_validator(mode="after")
    def _at_most_all(self) -> CountedModel:
        if self.correct > self.n:
            raise ValueError(f"correct {self.correct} is more than n {self.n}")
        return self


class CountedPair(JointCounts):
    """Joint outcomes of two models on the same requests."""

    small: Annotated[str, Field(min_length=1, max_length=200)]
    """The cheaper model."""
    large: Annotated[str, Field(min_length=1, max_length=200)]
    """The dearer model."""


class CountedCascade(Record):
    """What a check let pass and what came out, counted request by request."""

    stages: Annotated[tuple[Annotated[str, Field(min_length=1, max_length=200)], ...],
                      Field(min_length=2, max_length=3)]
    """The models in the order they are tried."""
    cells: Annotated[dict[Annotated[str, Field(pattern=r"^[01]{3}([01]{2})?$")],
                          Annotated[float, Field(ge=0, le=1e12)]], Field(min_length=1)]
    """Requests by outcome, each digit 0 or 1: first right, first accepted, second right[, second accepted, third
    right]."""
    token_factors: tuple[Annotated[float, Field(ge=0.01, le=100)], ...] | None = None
    """Per later stage: what a request that reaches it costs there over the mean of all requests."""

    @model_validator(mode="after")
    def _widths(self) -> CountedCascade:
        width = 2 * len(self.stages) - 1
        if any(len(cell) != width for cell in self.cells):
            raise ValueError(f"cells of {len(self.stages)} stages have {width} digits: write them all that way")
        if sum(self.cells.values()) <= 0:
            raise ValueError("the cells are all 0: give at least one request")
        if self.token_factors is not None and len(self.token_factors) != len(self.stages) - 1:
            raise ValueError(f"token_factors has {len(self.token_factors)} entries: {len(self.stages)} stages need "
                             f"{len(self.stages) - 1}")
        return self


class Evaluation(Record):
    """Measured results for one category."""

    category: Name
    """The category that was measured."""
    models: dict[str, CountedModel] = Field(default_factory=dict)
    """Right answers per model."""
    pairs: tuple[CountedPair, ...] = ()
    """Joint outcomes of pairs of models."""
    cascades: tuple[CountedCascade, ...] = ()
    """Outcomes of cascades whose check was run on the same requests."""


class Scenario(Record):
    """A named way of running the whole workload."""

    name: Name
    """What you call it."""
    strategy: Strategy
    """How requests are routed."""


class Plan(Record):
    """Everything that a recommendation rests on, apart from the shipped tables."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    """Version of this file's form."""
    name: Name = "My plan"
    """What you call this plan."""
    price_date: Day | None = None
    """Day whose prices apply; today if left out."""
    horizon_months: Annotated[int, Field(ge=1, le=120), MONTHS] = 24
    """Months that forecasts and paybacks look ahead."""
    monthly_growth: Growth = 0.0
    """Growth of requests from month to month."""
    monthly_price_drift: Growth = 0.0
    """Assumed change of API prices from month to month, on top of announced ones."""
    season: Season | None = None
    """Twelve factors, January to December, on the requests of that month."""
    tokens_counted_with: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Model whose tokenizer your counts come from."""
    baseline: Name | None = None
    """Scenario that savings are measured against; the first one if left out."""
    limits: Limits = Limits()
    """What the recommendation must keep to."""
    discounts: dict[str, Share] = Field(default_factory=dict)
    """Discount off list prices by seller or model, as a share."""
    workload: Workload = Workload()
    """The work to be done."""
    evaluations: tuple[Evaluation, ...] = ()
    """Measured results."""
    endpoints: dict[str, Endpoint] = Field(default_factory=dict)
    """Endpoints with an own price or on own hardware."""
    scenarios: tuple[Scenario, ...] = ()
    """Ways of running the workload."""
    assumptions: dict[str, Quantity] = Field(default_factory=dict)
    """Your own values for entries of the register of assumptions."""

    @property
    def baseline_name(self) -> str | None:
        """The scenario that savings are measured against."""
        return self.baseline or (self.scenarios[0].name if self.scenarios else None)

    def scenario(self, name: str) -> Scenario:
        """The scenario of that name. Raises InputError with the nearest names."""
        for scenario in self.scenarios:
            if scenario.name == name:
                return scenario
        names = [scenario.name for scenario in self.scenarios]
        raise InputError(
            Problem("scenario", quoted(name), "a scenario of this plan",
                    did_you_mean(name, names, f"The plan has: {', '.join(map(quoted, names))}."))
        )

    def priced_on(self, today: date) -> date:
        """The day whose prices apply."""
        return self.price_date or today


def parse_plan(text: str, place: str = "plan", catalog: Catalog | None = None) -> Plan:
    """A plan from YAML or JSON text. Raises :class:`InputError` with every problem found."""
    return build_plan(parse_document(text, place), place, catalog)


def load_plan(path: Path, catalog: Catalog | None = None) -> Plan:
    """A plan from a file; see :func:`parse_plan`."""
    return build_plan(load_document(path), path.name, catalog)


def build_plan(document: Any, place: str = "plan", catalog: Catalog | None = None) -> Plan:
    """A plan from plain values (what a YAML reader returns). Raises :class:`InputError` with every problem found."""
    if not isinstance(document, dict):
        raise InputError(
            Problem(place, "this document", "a plan", "Start from `planner init`: a plan is a mapping with a workload.")
        )
    if isinstance(document.get("version"), int) and document["version"] > 1:
        raise InputError(
            Problem(f"{place} > version", str(document["version"]), "a version this planner reads",
                    "Update the planner; the file is left as it is.")
        )
    try:
        plan = Plan.model_validate(_as_tuples(document))
    except ValidationError as error:
        raise InputError(problems_of(error, document, place)) from None
    problems = reference_problems(plan, place, catalog or load_catalog())
    if problems:
        raise InputError(problems)
    return plan


def _as_tuples(value: Any) -> Any:
    """Lists become tuples, since frozen records hold tuples and strict reading takes nothing else for them."""
    if isinstance(value, dict):
        return {key: _as_tuples(part) for key, part in value.items()}
    return tuple(_as_tuples(part) for part in value) if isinstance(value, list) else value


def plan_document(plan: Plan) -> dict[str, Any]:
    """Plain values of a plan, defaults left out, in the order of the form."""
    document = plan.model_dump(mode="json", exclude_defaults=True)
    kinds = {name: endpoint.kind for name, endpoint in plan.endpoints.items()}
    for name, kind in kinds.items():
        document["endpoints"][name] = {"kind": kind, **document["endpoints"][name]}
    for scenario, written in zip(plan.scenarios, document.get("scenarios", []), strict=False):
        written["strategy"] = _strategy_document(scenario.strategy)
    return {"version": plan.version, **document}


def _strategy_document(strategy: Any) -> dict[str, Any]:
    written: dict[str, Any] = {"kind": strategy.kind, **strategy.model_dump(mode="json", exclude_defaults=True)}
    if strategy.kind == "allocation":
        written["default"] = _strategy_document(strategy.default)
        written["by_category"] = {name: _strategy_document(part) for name, part in strategy.by_category.items()}
    return written


class _Dumper(yaml.SafeDumper):
    """Quotes every text that starts like a number: YAML's editions differ on which of them are numbers (1e5)."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="'" if text[:1] in "+-.0123456789" else None)


_Dumper.add_representer(str, _text)


def dump_plan(plan: Plan) -> str:
    """The plan as YAML text that :func:`parse_plan` reads back to an equal plan."""
    return yaml.dump(plan_document(plan), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def dump_part(plan: Plan, key: str) -> str:
    """One part of a plan as YAML text in compact form, to be put in its place in a plan file.

    >>> dump_part(Plan(limits=Limits(min_vendors=2)), "limits")
    'limits: {min_vendors: 2}\\n'
    """
    part = {key: plan_document(plan).get(key)}
    return yaml.safe_dump(part, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def plan_hash(plan: Plan) -> str:
    """Twelve hexadecimal digits that name the plan's content.

    >>> plan_hash(Plan()) == plan_hash(Plan()) != plan_hash(Plan(name="Other"))
    True
    """
    text = json.dumps(plan_document(plan), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]

