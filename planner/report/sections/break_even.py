"""Page 5: when own machines pay."""

from __future__ import annotations

import numpy as np

from planner.engine.crossover import Crossover
from planner.engine.hosting import Hosted
from planner.report.basis import Basis, whole
from planner.report.document import Block, Bold, Column, Figure, Page, Pair, Points, Rich, Row, Table
from planner.report.sections.staircase_chart import staircase_chart
from planner.views.formatting import count, count_whole, plural, share, times, usd, usd_whole
from planner.views.wording import break_even_verdict

PARTS = {
    "rent_usd": "Rent",
    "overhead_usd": "Overhead on rent",
    "depreciation_usd": "Depreciation",
    "capital_usd": "Capital",
    "colocation_usd": "Rack space",
    "maintenance_usd": "Maintenance",
    "power_usd": "Electricity",
    "people_usd": "Staff",
    "other_fixed_usd": "Other fixed cost",
    "egress_usd": "Network out",
}


def break_even_page(basis: Basis) -> Page | None:
    """Verdict, every crossing, and what self-hosting would need; None if the plan has no own machines to compare."""
    main = basis.study.self_host
    if not isinstance(main, Crossover):
        return None
    verdict, when = break_even_verdict(main)
    hosted = main.challenger.hosted
    blocks: list[Block] = [Figure(staircase_chart(basis), 212.0), _crossings(basis)]
    for each in hosted:
        blocks.append(Pair(_needs(basis, each), _month(each), 1.35))
    blocks.append(_not_in(main, hosted))
    return Page("Break-even", verdict.rstrip("."), (when,), tuple(blocks))


def _crossings(basis: Basis) -> Table:
    """Against every other option: where self-hosting becomes the cheaper, and from where on for good."""
    rows = []
    for each in basis.rivals:
        found, today = each.invoice, each.invoice.today
        rising = [crossing for crossing in found.crossings if crossing.direction == "rising"]
        spans = len(rising)
        first = count(rising[0].requests_per_month) if rising else ("0" if found.permanent else "never")
        if spans > 1:
            first += f" ({spans} spans)" if not found.crossings_not_listed else f" (more than {spans} spans)"
        settled = found.permanent
        good = "never" if settled is None else count(settled.requests_per_month)
        tokens = "–" if settled is None else count(settled.tokens_per_month)
        multiple = (
            "–"
            if settled is None or not today.requests_per_month
            else times(settled.requests_per_month / today.requests_per_month)
        )
        including = each.including_errors.permanent
        rows.append(
            Row(
                (
                    basis.label(each.incumbent),
                    whole(today.incumbent_usd),
                    first,
                    good,
                    multiple,
                    tokens,
                    "never" if including is None else count(including.requests_per_month),
                ),
                "chosen" if each.incumbent is basis.best else "plain",
            )
        )
    columns = (
        Column("Against", width="rest"),
        Column("Its invoice today, $", True, 56),
        Column("Cheaper from, requests", True, 84),
        Column("For good from", True, 52),
        Column("Of today", True, 42),
        Column("In tokens", True, 46),
        Column("With errors, for good from", True, 70),
    )
    today = basis.rivals[0].invoice.today
    note: Rich = (
        f"Requests a month; today {count_whole(today.requests_per_month)}. A span ends where one more server makes "
        "self-hosting the dearer again.",
    )
    return Table(columns, tuple(rows), _crossings_title(basis), note)


def _crossings_title(basis: Basis) -> str:
    pays = [each for each in basis.rivals if each.invoice.permanent is not None]
    against = plural(len(basis.rivals), "option")
    if not pays:
        return f"Every crossing: self-hosting pays for good against none of {against}"
    first = min(each.invoice.permanent.requests_per_month for each in pays if each.invoice.permanent is not None)
    since = f"first from {count(first)} requests a month" if first > 0 else "against one from the first request on"
    return f"Every crossing: self-hosting pays for good against {len(pays)} of {against}, {since}"


def _number(value: object) -> float:
    return float(np.asarray(value, float))


def _needs(basis: Basis, hosted: Hosted) -> Table:
    """What has to be set up, with the origin of each figure."""
    machine, terms = hosted.machine, hosted.machine.terms
    own = basis.study.plan.endpoints[hosted.id]

    def origin(*keys: str) -> str:
        return "plan" if any(getattr(own, key, None) is not None for key in keys) else "default"

    carrying = max(hosted.replicas - terms.redundancy, 1)
    rows = [
        ("Servers (load + standby)", f"{carrying} + {hosted.replicas - carrying}", "computed"),
        ("GPUs per server", f"{machine.gpus_per_replica} × {machine.gpu.name}", origin("gpus_per_replica")),
        ("Load at the busy hour", f"{_number(hosted.load):.2f} servers", "computed"),
        ("Usable share of capacity", share(_number(hosted.usable)), f"{hosted.latency_class}"),
    ]
    if terms.mode == "rent":
        rate_origin = "plan" if getattr(own, "usd_per_gpu_hour", None) is not None else "median, on demand"
        rows.append(("Price per GPU hour", usd(_number(terms.usd_per_gpu_hour)), rate_origin))
        rows.append(("Overhead on rent", share(_number(terms.overhead)), origin("overhead")))
    elif terms.buy is not None:
        rows.append(
            ("Price of a server", usd_whole(_number(terms.buy.capex_usd_per_server)), origin("capex_usd_per_server"))
        )
        rows.append(
            ("Written off over", f"{_number(terms.buy.amortisation_months):.0f} months", origin("amortisation_months"))
        )
    rows.append(
        (
            "Staff",
            f"{_number(terms.fte):g} × {usd_whole(_number(terms.fte_usd_per_month))}",
            origin("fte", "fte_usd_per_month"),
        )
    )
    columns = (Column("Item", width="rest"), Column("Value", True), Column("Origin"))
    return Table(columns, tuple(Row(row) for row in rows), f"What {machine.model_name} on own machines needs")


def _month(hosted: Hosted) -> Table:
    """A month of own machines by part."""
    parts = {} if hosted.cost is None else hosted.cost.parts
    amounts = [(PARTS.get(name, name), float(np.asarray(usd_))) for name, usd_ in parts.items()]
    rows = [Row((name, whole(amount))) for name, amount in amounts if round(amount) > 0]
    rows.append(Row(("A month at today’s volume", whole(hosted.monthly_usd)), "total"))
    return Table((Column("Cost", width="rest"), Column("$ a month", True)), tuple(rows), "What it costs")


def _not_in(main: Crossover, hosted: tuple[Hosted, ...]) -> Points:
    months = max((_number(each.machine.terms.dual_run_months) for each in hosted), default=0.0)
    once: Rich = (
        Bold("One-off cost"),
        f" of {usd_whole(main.one_off_usd)} and {plural(months, 'month')} of running both",
    )
    timing = main.timing
    if timing.sustained_payback_month is not None:
        once += (f"; counted in, it has paid for itself for good in month {timing.sustained_payback_month}.",)
    else:
        once += ("; counted in, it does not pay for itself within the plan’s horizon.",)
    return Points(
        (
            once,
            (
                Bold("Uptime"),
                " of the seller against your own, on-call work beyond the staff above, and security reviews.",
            ),
            (Bold("Better models"), " that sellers bring out, and the work of moving your own machines to them."),
            (Bold("Data that must stay in house"), ": where it must, the seller’s price is no longer the alternative."),
        ),
        "Not in this comparison",
    )
