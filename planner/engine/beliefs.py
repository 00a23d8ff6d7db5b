"""Which numbers of a plan are uncertain, and by how much (the method, section 12).

A number in the plan is uncertain where it was entered as low, likely and high; a value of the register where the plan
rests on it and it has a range. What the register says in place of a fact about one category (its error cost, its
complex share, its peak) is drawn for each category apart; what it says about the world (spread of difficulty, routers,
checks, own servers) is drawn once. Sellers' prices are scenarios, never random.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.domain.assumptions import Register
from planner.domain.plan import Plan
from planner.domain.quantities import Quantity, Range, likely
from planner.domain.strategies import Cascade, Single, Split, TwoModes
from planner.domain.workload import Category
from planner.engine.demand import complexity_level
from planner.engine.draws import Key, UncertainInput, category_key
from planner.engine.hosting import Hosted
from planner.engine.spread import GrowthFactor, Lognormal, Pert
from pricing.hardware import load_hardware

Basic = Single | Split | Cascade | TwoModes

_FIELDS = {
    "requests_per_month": ("Requests", "requests", 1e12),
    "input_tokens_per_request": ("Input tokens", "tokens", 1e8),
    "output_tokens_per_request": ("Output tokens", "tokens", 1e8),
    "monthly_input_tokens": ("Monthly input tokens", "tokens", 1e18),
    "monthly_output_tokens": ("Monthly output tokens", "tokens", 1e18),
    "cached_input_share": ("Cached share", "share", 1.0),
    "cache_write_share": ("Cache write share", "share", 1.0),
    "batch_share": ("Batch share", "share", 1.0),
    "complex_share": ("Complex share", "share", 1.0),
    "complex_token_factor": ("Length of complex requests", "factor", 1e3),
    "error_cost_usd": ("Error cost", "usd", 1e9),
    "peak_factor": ("Busiest hour", "factor", 1e3),
}
"""Quantities of a category: label, unit and highest value."""

SELF_HOST_KEYS = {
    "target_utilization": "target_utilization", "overhead": "overhead_share", "fte": "self_host_fte",
    "fte_usd_per_month": "fte_usd_per_month", "egress_usd_per_gb": "egress_usd_per_gb",
    "bytes_per_token": "bytes_per_token",
}
"""Terms of own servers by the register's entry that stands in where the plan gives none."""
BUY_KEYS = {
    "residual_share": "residual_share", "cost_of_capital": "cost_of_capital_share_per_year",
    "usd_per_kw_month": "colo_usd_per_kw_month", "maintenance_share": "maintenance_share_per_year",
    "load_share": "power_load_share", "pue": "pue", "usd_per_kwh": "usd_per_kwh",
}
_PRICES = ("egress_usd_per_gb", "colo_usd_per_kw_month", "usd_per_kwh")
"""Sellers' prices: uncertain only where the plan gives a range of its own."""
UPKEEP_KEYS = ("upkeep_usd_per_extra_model", "upkeep_usd_per_extra_vendor")
"""Nothing unless the user wants it counted: uncertain only where the plan gives a range of its own."""


def assumption_key(name: str) -> Key:
    """The name of a value of the register that is drawn once."""
    return ("assumption", name)


GROWTH_KEY: Key = ("plan", "monthly_growth")
DRIFT_KEY: Key = ("plan", "monthly_price_drift")


def _of_quantity(key: Key, label: str, unit: str, quantity: Quantity | None, at_most: float
                 ) -> Iterator[UncertainInput]:
    if isinstance(quantity, Range) and quantity.low < quantity.high:
        spread = Pert(quantity.low, quantity.likely, quantity.high, 0.0, at_most)
        yield UncertainInput(key, label, unit, spread, quantity.likely)


def of_register(key: Key, label: str, name: str, register: Register) -> Iterator[UncertainInput]:
    """An entry of the register as an uncertain input, if it has a range."""
    entry, unit = register[name], register.unit(name)
    if entry.low < entry.high:
        written = "usd" if entry.unit.startswith("usd") else entry.unit
        yield UncertainInput(key, label, "share" if written.endswith("share") else written,
                             Pert(entry.low, entry.value, entry.high, unit.at_least, unit.at_most), entry.value)


def category_inputs(category: Category, register: Register, is_hosted: bool) -> Iterator[UncertainInput]:
    """Volume, lengths, shares and costs of one category."""
    name = category.name
    for field, (label, unit, at_most) in _FIELDS.items():
        key = category_key(name, field)
        yield from _of_quantity(key, f"{label} of {name}", unit, getattr(category, field), at_most)
    mean, p95 = category.input_tokens_per_request, category.input_tokens_p95
    if mean is not None and p95 is not None and not _has_range(mean):
        spread = Lognormal(likely(mean), likely(p95))
        if spread.spread > 0:
            yield UncertainInput(category_key(name, "input_tokens_per_request"), f"Input tokens of {name}", "tokens",
                                 spread, likely(mean))
    for field, entry in _stand_ins(category, register, is_hosted):
        yield from of_register(category_key(name, field), f"{_FIELDS[field][0]} of {name}" if field in _FIELDS
                               else f"Errors that review of {name} catches", entry, register)


def _has_range(quantity: Quantity) -> bool:
    return isinstance(quantity, Range) and quantity.low < quantity.high


def _stand_ins(category: Category, register: Register, is_hosted: bool) -> Iterator[tuple[str, str]]:
    """Fields that the category leaves open, with the register's entry that fills them."""
    if category.complex_share is None:
        yield "complex_share", f"complex_share_{complexity_level(category, register)}"
    if category.error_cost_usd is None and category.error_cost is not None:
        yield "error_cost_usd", f"error_cost_usd_{category.error_cost}"
    if category.review.share > 0 and category.review.catch is None:
        yield "review_catch_share", "review_catch_share"
    if is_hosted and category.peak_factor is None:
        load = category.load or ("batch" if category.latency == "batch" else "always_on")
        yield "peak_factor", f"peak_factor_{load}"


def routing_inputs(strategies: list[Basic], register: Register) -> Iterator[UncertainInput]:
    """What the register says of routers, checks and the spread of difficulty, as far as the strategies rest on it."""
    wanted: dict[str, None] = {}
    for strategy in strategies:
        wanted |= dict.fromkeys(_routing_entries(strategy))
    for name in wanted:
        yield from of_register(assumption_key(name), register[name].label, name, register)


def _routing_entries(strategy: Basic) -> Iterator[str]:
    match strategy:
        case Split(router=router, random=is_random):
            if router is not None and router.sens is None:
                yield "router_sensitivity"
            if router is not None and router.spec is None:
                yield "router_specificity"
            if not is_random:
                yield "difficulty_sigma_logits"
        case Cascade():
            if strategy.sigma is None:
                yield "difficulty_sigma_logits"
            if strategy.accept_right is None:
                yield "cascade_accept_right"
            if strategy.accept_wrong is None:
                yield "cascade_accept_wrong"
            if strategy.escalated_token_factor is None:
                yield "escalated_token_factor"
        case TwoModes():
            yield "difficulty_sigma_logits"
        case _:
            return


def hosting_inputs(hosted: list[Hosted], plan: Plan, register: Register) -> Iterator[UncertainInput]:
    """What the register says of own servers, as far as the plan leaves it open."""
    wanted: dict[str, None] = {}
    for each in hosted:
        own = plan.endpoints[each.id]
        if own.kind != "self_hosted" or each.cost is None:
            continue
        keys = SELF_HOST_KEYS | (BUY_KEYS if own.mode == "buy" else {})
        wanted |= dict.fromkeys(name for field, name in keys.items() if getattr(own, field) is None)
        if own.latency_factor is None and own.measured_requests_per_s is None:
            wanted[latency_entry(each)] = None
    for name in wanted:
        if name not in _PRICES or register[name].origin == "plan":
            yield from of_register(assumption_key(name), register[name].label, name, register)


def latency_entry(hosted: Hosted) -> str:
    """The register's entry behind the latency factor of an endpoint."""
    model, from_b_params = load_hardware().memory(hosted.machine.model_id), hosted.machine.latency_factors[-1]
    is_large = model is not None and model.is_mixture and model.total_params_b >= from_b_params
    return f"latency_factor_{'large_moe' if is_large and hosted.latency_class != 'batch' else hosted.latency_class}"


def upkeep_inputs(register: Register) -> Iterator[UncertainInput]:
    """Upkeep of further models and vendors, where the plan gives a range."""
    for name in UPKEEP_KEYS:
        if register[name].origin == "plan":
            yield from of_register(assumption_key(name), register[name].label, name, register)


def growth_inputs(plan: Plan) -> Iterator[UncertainInput]:
    """Growth and drift that the plan gives with a range; one factor holds for all months of a draw."""
    for key, label, given in ((GROWTH_KEY, "Growth a month", plan.monthly_growth),
                              (DRIFT_KEY, "Price drift a month", plan.monthly_price_drift)):
        if isinstance(given, Range) and given.low < given.high:
            yield UncertainInput(key, label, "share", GrowthFactor(given.low, given.likely, given.high), given.likely)

