"""The last page: what the result rests on."""

from __future__ import annotations

from collections.abc import Iterable

from planner.domain.assumptions import Assumption
from planner.domain.endpoints import Custom, SelfHosted
from planner.domain.strategies import Allocation, Cascade, Split, TwoModes
from planner.report.basis import Basis, seller_name, spelled
from planner.report.document import Block, Column, Page, Points, Row, Table
from planner.views.formatting import plural, share, usd_per_mtok
from pricing.quotes import usd as one_rate

HOSTING_GROUPS = ("self_hosting", "capacity")


def assumptions_page(basis: Basis) -> Page:
    """Assumptions and prices in use with their source and date, and what is not counted."""
    used = used_assumptions(basis)
    judged = sum(each.kind == "judgement" and each.origin == "default" for each in used)
    own = sum(each.origin == "plan" for each in used)
    title = (
        f"{plural(len(used), 'assumption carries', 'assumptions carry')} the result; {judged or 'none'} of them "
        f"{'is' if judged == 1 else 'are'} judgement"
    )
    lead = (
        f"{spelled(own) if own else 'None'} {'is' if own == 1 else 'are'} set in the plan, the others by default. "
        "Volumes, tokens and error rates of the plan stand under Workload and Quality."
    )
    blocks: list[Block] = [_register(basis, used), *_prices(basis), _not_counted(basis), *_warnings(basis)]
    return Page("Assumptions", title, (lead,), tuple(blocks))


def used_assumptions(basis: Basis) -> tuple[Assumption, ...]:
    """Entries of the register that have a part in this plan's figures, and all that the plan sets itself."""
    register = basis.evaluation.register
    wanted = {
        "materiality_usd",
        "planning_margin_share",
        "hours_per_month",
        *_quality(basis),
        *_routing(basis),
        *_hosting(basis),
    }
    models = {state.model_id for state in basis.advice.setting.states.values()}
    if len(models) > 1:
        wanted |= {"upkeep_usd_per_extra_model", "upkeep_usd_per_extra_vendor"}
    return tuple(each for each in register.values() if each.id in wanted or each.origin == "plan")


def _quality(basis: Basis) -> Iterable[str]:
    demand, plan, rates = basis.evaluation.demand, basis.study.plan, basis.advice.setting.rates
    for k, category in enumerate(plan.workload.categories):
        if category.complex_share is None:
            yield f"complex_share_{demand.complexity[k]}"
        if category.error_cost is not None:
            yield f"error_cost_usd_{category.error_cost}"
        if rates.origin.size and (rates.origin[k] == 3).any():
            yield f"accuracy_at_ability_zero_{demand.complexity[k]}"
    if (rates.origin == 2).any():
        yield "evidence_cap_logits"
    if plan.limits.quality_margin is None:
        yield "quality_margin_share"


def _parts(basis: Basis) -> list[object]:
    found: list[object] = []
    for scenario in basis.options:
        strategy = scenario.strategy
        found += [strategy.default, *strategy.by_category.values()] if isinstance(strategy, Allocation) else [strategy]
    return found


def _routing(basis: Basis) -> Iterable[str]:
    for part in _parts(basis):
        if isinstance(part, Split | Cascade | TwoModes):
            yield "difficulty_sigma_logits"
        if isinstance(part, Split) and part.router is not None:
            yield from ("router_sensitivity", "router_specificity")
        if isinstance(part, Cascade):
            if part.accept_right is None:
                yield "cascade_accept_right"
            if part.accept_wrong is None:
                yield "cascade_accept_wrong"
            if part.escalated_token_factor is None:
                yield "escalated_token_factor"


def _hosting(basis: Basis) -> Iterable[str]:
    register = basis.evaluation.register
    hosted = {each.id: each for scenario in basis.options for each in scenario.hosted}
    loads = {
        category.load or ("batch" if category.latency == "batch" else "always_on")
        for category in basis.study.plan.workload.categories
    }
    for name, each in hosted.items():
        own = basis.study.plan.endpoints.get(name)
        if not isinstance(own, SelfHosted):
            continue
        given = {
            "overhead_share": own.overhead,
            "self_host_fte": own.fte,
            "fte_usd_per_month": own.fte_usd_per_month,
            "self_host_one_off_usd": own.one_off_usd,
            "dual_run_months": own.dual_run_months,
            "egress_usd_per_gb": own.egress_usd_per_gb,
            "bytes_per_token": own.bytes_per_token,
            "redundancy_replicas": own.redundancy,
            "min_replicas": own.min_replicas,
            "target_utilization": own.target_utilization,
        }
        yield from (key for key, value in given.items() if value is None)
        if own.latency_factor is None:
            yield f"latency_factor_{each.latency_class}"
        if own.peak_factor is None:
            yield from (f"peak_factor_{load}" for load in loads)
        yield from ("kv_sequences", "gpu_memory_utilization", "memory_reserve_gb_per_gpu")
        if own.mode == "buy":
            family = each.machine.gpu.name.split()[0].split("-")[0].lower()
            yield from (
                key
                for key in register
                if register[key].group == "buying"
                and (not key.startswith(("capex_", "kw_per_server")) or key.endswith(f"_{family}"))
            )


def _plain(value: float, unit: str) -> str:
    if unit.startswith("share"):
        return share(value)
    return f"{value:,.6g}"


def _with_unit(value: float, unit: str) -> str:
    """A value with its unit.

    >>> _with_unit(20000, "USD a month"), _with_unit(0.9, "share"), _with_unit(1, "replicas"), _with_unit(1.1, "times")
    ('$20,000 a month', '90 %', '1 replica', '1.1×')
    """
    shown = _plain(value, unit)
    if unit.startswith("USD"):
        return f"${shown}{unit.removeprefix('USD')}"
    if unit == "times":
        return f"{shown}×"
    words = unit.removeprefix("share").strip()
    return f"{shown} {words.removesuffix('s') if value == 1 else words}".strip()


def _register(basis: Basis, used: tuple[Assumption, ...]) -> Table:
    register = basis.evaluation.register
    rows: list[Row] = []
    for group, title in register.groups.items():
        inside = [each for each in used if each.group == group]
        if inside:
            rows.append(Row((title,), "group"))
        for each in inside:
            unit = register.unit(each.id).label
            low, high = _plain(each.low, unit), _plain(each.high, unit)
            rows.append(
                Row(
                    (
                        each.label,
                        _with_unit(each.value, unit),
                        "–" if each.low == each.high else f"{low} to {high}",
                        "plan" if each.origin == "plan" else each.kind,
                        "Set in this plan" if each.origin == "plan" else each.source,
                        "" if each.origin == "plan" else each.as_of,
                    )
                )
            )
    columns = (
        Column("Assumption", width=90),
        Column("Value", width=74),
        Column("Plausible", width=62),
        Column("Kind", width=48),
        Column("Source", width="rest"),
        Column("Date", width=47),
    )
    return Table(columns, tuple(rows), is_dense=True)


def _prices(basis: Basis) -> list[Block]:
    """Catalogue prices in use, then prices of the plan’s own."""
    states = {state.id: state for state in basis.advice.setting.states.values()}
    rows = []
    for state in states.values():
        if state.quote is None:
            continue
        quote, rates = state.quote, state.quote.rates
        figures = (
            ["–"] * 3
            if rates is None
            else [
                usd_per_mtok(one_rate(rates.input)),
                usd_per_mtok(one_rate(rates.cache_read)) if quote.cache_read_known else "–",
                usd_per_mtok(one_rate(rates.output)),
            ]
        )
        changes = f"; from {quote.next_change[0].isoformat()} {quote.next_change[1]}" if quote.next_change else ""
        rows.append(
            Row(
                (
                    quote.model.display,
                    seller_name(basis, quote.offer.seller),
                    *figures,
                    quote.as_of.isoformat(),
                    f"{quote.url or quote.source}{changes}",
                )
            )
        )
    blocks: list[Block] = []
    if rows:
        dates = sorted(state.quote.as_of for state in states.values() if state.quote is not None)
        listed_on = (
            dates[0].isoformat() if dates[0] == dates[-1] else f"{dates[0].isoformat()} to {dates[-1].isoformat()}"
        )
        columns = (
            Column("Model", width=104),
            Column("Seller", width=62),
            Column("Input $/1M", True, 42),
            Column("Cached $/1M", True, 46),
            Column("Output $/1M", True, 46),
            Column("Listed on", width=50),
            Column("Source", width="rest"),
        )
        title = f"Prices in force on {basis.evaluation.day.isoformat()}, read on {listed_on}"
        blocks.append(Table(columns, tuple(rows), title, is_dense=True))
    own = [(name, endpoint) for name, endpoint in basis.study.plan.endpoints.items() if isinstance(endpoint, Custom)]
    if own:
        lines = tuple(
            Row((name, usd_per_mtok(each.input_usd_per_mtok), usd_per_mtok(each.output_usd_per_mtok)))
            for name, each in own
        )
        blocks.append(
            Table(
                (Column("Own endpoint", width="rest"), Column("Input $/1M", True, 60), Column("Output $/1M", True, 60)),
                lines,
                "Prices of the plan’s own",
                is_dense=True,
            )
        )
    return blocks


def _not_counted(basis: Basis) -> Points:
    plan = basis.study.plan
    discounts = ", ".join(f"{name} {share(part)}" for name, part in plan.discounts.items())
    items = [
        (f"Discounts counted: {discounts}. Taxes are not." if discounts else "Taxes and discounts.",),
        ("People’s time to change prompts, to test and to move; staff for own machines is counted.",),
        ("What faster answers are worth, and what an outage of a seller costs.",),
        ("Tokens of tests and of the shadow step of a roll-out.",),
    ]
    return Points(tuple(items), "What is not counted")


def _warnings(basis: Basis) -> list[Block]:
    best = basis.best
    said = dict.fromkeys([*(best.warnings if best is not None else ()), *basis.evaluation.warnings])
    return [Points(tuple((each,) for each in said), "To keep in mind")] if said else []
