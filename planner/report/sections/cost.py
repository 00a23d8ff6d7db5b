"""Page 3: where the money goes."""

from __future__ import annotations

import numpy as np

from planner.engine.evaluate import ScenarioResult
from planner.report.basis import Basis, cents, in_full, largest, left_out_note, seller_name, whole
from planner.report.document import Block, Column, Figure, Page, Row, Table
from planner.views.charts import scenario_bars, shortened
from planner.views.formatting import count_whole, in_cents, plural, share, usd, usd_cents, usd_whole
from planner.views.wording import called

MONEY = 51.0


def cost_page(basis: Basis, best: ScenarioResult) -> Page:
    """Invoice by category and option to the cent, what a thousand requests cost, and what each seller is paid."""
    blocks: list[Block] = [
        Figure(in_full(scenario_bars(basis.evaluation, best), basis)),
        _invoices(basis),
        _unit_costs(basis, best),
        _sellers(basis, best),
    ]
    if (other := _not_priced(basis)) is not None:
        blocks.append(other)
    return Page("Cost", _title(basis, best), (_lead(basis, best),), tuple(blocks))


def _title(basis: Basis, best: ScenarioResult) -> str:
    name, base = basis.title(best), basis.baseline
    invoice = best.total("invoice_usd") or 0.0
    if base is None:
        return f"{name} costs {usd_whole(invoice)} a month"
    saved_by = base.outcome.invoice_usd - best.outcome.invoice_usd
    saved = float(saved_by.sum())
    if round(saved) == 0:
        return f"{name} costs what {basis.title(base)} costs: {usd_whole(invoice)} a month"
    verb = "cuts the invoice by" if saved > 0 else "raises the invoice by"
    text = f"{name} {verb} {usd_whole(abs(saved))} a month"
    k = int(np.argmax(saved_by if saved > 0 else -saved_by))
    part = abs(float(saved_by[k]))
    if len(saved_by) > 1 and part <= abs(saved):
        text += f"; {basis.category(k)} brings {usd_whole(part)} of it"
    return text


def _lead(basis: Basis, best: ScenarioResult) -> str:
    errors, invoice = best.total("error_cost_usd") or 0.0, best.total("invoice_usd") or 0.0
    more = "more" if errors > invoice else "less"
    fixed = best.total("fixed_cost_usd") or 0.0
    hosting = f" {usd_whole(fixed)} of the invoice is fixed." if round(fixed) > 0 else ""
    return (
        f"With {shortened(called(best), 40)} wrong answers cost {more} than the models: {usd_whole(errors)} against "
        f"{usd_whole(invoice)} a month.{hosting}"
    )


def _invoices(basis: Basis) -> Table:
    """Invoice in dollars a month, category by option; parts add up to the totals below them."""
    shown = [each for each in basis.shown if each.is_priced]
    columns = [in_cents(each.outcome.invoice_usd.tolist()) for each in shown]
    names = basis.evaluation.demand.names
    rows = [Row((name, *(cents(column[k]) for column in columns))) for k, name in enumerate(names)]
    rows.append(Row(("Invoice", *(cents(sum(column)) for column in columns)), "total"))
    rows.append(Row(("Errors, review and hand-over", *(cents(_beside(each)) for each in shown))))
    rows.append(
        Row(
            ("Total", *(cents(sum(column) + _beside(each)) for each, column in zip(shown, columns, strict=True))),
            "total",
        )
    )
    heads = tuple(Column(basis.head(each), True, 60 if len(shown) > 4 else 72) for each in shown)
    hidden = len([each for each in basis.options if each.is_priced]) - len(shown)
    note = (f"{plural(hidden, 'more option')} in scenarios.csv.",) if hidden > 0 else ()
    return Table(
        (Column("Category", width="rest"), *heads), tuple(rows), "Invoice by category and option, $ a month", note
    )


def _beside(result: ScenarioResult) -> float:
    """Total less invoice, both rounded to cents, so that the three lines add up."""
    return round(result.total("total_usd") or 0.0, 2) - round(result.total("invoice_usd") or 0.0, 2)


def _unit_costs(basis: Basis, best: ScenarioResult) -> Table:
    """Dollars per thousand requests, with what answers the requests."""
    names, demand, base = basis.evaluation.demand.names, basis.evaluation.demand, basis.baseline
    mine = in_cents(best.outcome.invoice_usd.tolist())
    other = in_cents(base.outcome.invoice_usd.tolist()) if base is not None else None
    rows = []
    for k in largest(best.outcome.invoice_usd):
        name, n = names[k], float(demand.requests[k])
        row = [name, count_whole(n), _per_1k(float(best.outcome.invoice_usd[k]), n)]
        if base is not None and other is not None:
            row += [
                _per_1k(float(base.outcome.invoice_usd[k]), n),
                cents(other[k] - mine[k]),
                share(1 - mine[k] / other[k]) if other[k] else "–",
            ]
        rows.append(Row(tuple(row)))
    everything = ["All", count_whole(basis.requests), _per_1k(best.total("invoice_usd") or 0.0, basis.requests)]
    if base is not None and other is not None:
        everything += [
            _per_1k(base.total("invoice_usd") or 0.0, basis.requests),
            cents(sum(other) - sum(mine)),
            share(1 - sum(mine) / sum(other)) if sum(other) else "–",
        ]
    rows.append(Row(tuple(everything), "total"))
    columns = [
        Column("Category", width="rest"),
        Column("Requests a month", True, 54),
        Column(f"{basis.head(best)}, $ per 1K", True, 76),
    ]
    if base is not None:
        columns += [
            Column(f"{basis.head(base)}, $ per 1K", True, 76),
            Column("Saving $ a month", True, 56),
            Column("Saving", True, 42),
        ]
    note = left_out_note(len(names), "dearest", "categories.csv")
    return Table(tuple(columns), tuple(rows), "What a thousand requests cost", note)


def _per_1k(usd_per_month: float, requests: float) -> str:
    per_1k = usd_per_month / requests * 1000 if requests > 0 else None
    return usd_cents(per_1k) if per_1k is None or per_1k >= 0.1 or per_1k == 0 else usd(per_1k)


def _sellers(basis: Basis, best: ScenarioResult) -> Table:
    """What goes to whom; what is left of the invoice is upkeep."""
    uses = best.endpoints
    upkeep = (best.total("invoice_usd") or 0.0) - sum(use.spend_usd + use.fixed_cost_usd for use in uses)
    amounts = in_cents([*(use.spend_usd for use in uses), *(use.fixed_cost_usd for use in uses), upkeep])
    rows = []
    for i, use in enumerate(uses):
        spend, fixed = amounts[i], amounts[len(uses) + i]
        rows.append(
            Row(
                (
                    use.label,
                    "–" if use.seller == "own" else seller_name(basis, use.seller),
                    count_whole(use.requests),
                    cents(spend),
                    cents(fixed),
                    cents(spend + fixed),
                )
            )
        )
    if abs(amounts[-1]) >= 0.01:
        rows.append(
            Row(("Upkeep of further models and vendors", "–", "–", "–", cents(amounts[-1]), cents(amounts[-1])))
        )
    rows.append(
        Row(
            ("All", "", "", cents(sum(amounts[: len(uses)])), cents(sum(amounts[len(uses) :])), cents(sum(amounts))),
            "total",
        )
    )
    columns = (
        Column("Runs on", width="rest"),
        Column("Seller", width=76),
        Column("Calls a month", True, 54),
        Column("By use $", True, MONEY),
        Column("Fixed $", True, MONEY),
        Column("Invoice $ a month", True, MONEY),
    )
    return Table(columns, tuple(rows), "Who is paid")


def _not_priced(basis: Basis) -> Table | None:
    """Options that cannot be run or lack a price, with the reason."""
    rows = []
    for each in basis.options:
        if not each.is_priced:
            least = each.total("invoice_usd")
            words = f"at least {whole(least)}" if each.status == "partly_priced" else each.status
            rows.append(Row((each.name, words, each.reason or "")))
    if not rows:
        return None
    return Table(
        (Column("Option", width=130), Column("Invoice a month", width=80), Column("Why", width="rest")),
        tuple(rows),
        f"{plural(len(rows), 'option')} left out",
    )
