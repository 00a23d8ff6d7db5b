"""Page 6: how to get there, with the limits that this plan gives."""

from __future__ import annotations

import numpy as np

from planner.domain.matrix import load_matrix
from planner.engine.evaluate import ScenarioResult
from planner.report.basis import Basis, cents, spelled, whole
from planner.report.document import Block, Bold, Column, Page, Points, Rich, Row, Table
from planner.views.formatting import count_whole, share, usd

RULE = "R29"
STEPS = (("Shadow", 0.0), ("Trial", 0.05), ("Quarter", 0.25), ("All", 1.0))
HOURS_PER_DAY = 24.0
WATCHED = 8


def rollout_page(basis: Basis, best: ScenarioResult) -> Page | None:
    """Steps from the baseline to the recommended option; None where there is nothing to move from.

    At each step a share of the requests is drawn at random, so bills and errors lie on the straight line between the
    two options. In the shadow step both are paid for.
    """
    base = basis.baseline
    if base is None or basis.requests == 0:
        return None
    rule = load_matrix(basis.evaluation.register).rules[RULE]
    days = basis.evaluation.register.value("hours_per_month") / HOURS_PER_DAY
    blocks: list[Block] = [_steps(basis, best, base, days), _limits(basis, best, base), _watch(basis, best)]
    return Page(
        "Roll-out",
        f"Move from {basis.title(base)} in {spelled(len(STEPS)).lower()} steps; each can be undone by one flag",
        (f"{rule.answer}, with a way back at every step.",),
        tuple(blocks),
    )


def _steps(basis: Basis, best: ScenarioResult, base: ScenarioResult, days: float) -> Table:
    errors, errors_then = base.total("expected_errors") or 0.0, best.total("expected_errors") or 0.0
    rows = []
    for i, (name, part) in enumerate(STEPS):
        wrong = (1 - part) * errors + part * errors_then
        cells = (share(part), count_whole(part * basis.requests / days), whole(step_usd(base, best, part) / days))
        rows.append(Row((f"{i + 1} {name}", *cells, count_whole(wrong / days), _what(part))))
    columns = (
        Column("Step", width=52),
        Column("Of requests", True, 46),
        Column("Requests a day", True, 50),
        Column("Invoice $ a day", True, 50),
        Column("Errors a day", True, 44),
        Column("What happens", width="rest"),
    )
    fixed = (best.total("fixed_cost_usd") or 0.0) + (base.total("fixed_cost_usd") or 0.0)
    note = "Customers see the old answers until step 2."
    if round(fixed) > 0:
        note += " Fixed cost of both counts in full until the last step."
    return Table(columns, tuple(rows), "What each step costs, and how many errors to expect", (note,))


def step_usd(old: ScenarioResult, new: ScenarioResult, part: float) -> float:
    """Invoice of a month in which ``part`` of the requests, drawn at random, goes the new way.

    A shadow step (0) answers every request both ways. What is fixed does not shrink with the share: it is paid for both
    until the old way is switched off.
    """
    by_use, by_use_new = old.total("spend_usd") or 0.0, new.total("spend_usd") or 0.0
    fixed, fixed_new = old.total("fixed_cost_usd") or 0.0, new.total("fixed_cost_usd") or 0.0
    if part == 0:
        return by_use + by_use_new + fixed + fixed_new
    return (1 - part) * by_use + part * by_use_new + fixed_new + (fixed if part < 1 else 0.0)


def _what(part: float) -> str:
    if part == 0:
        return "two weeks: the new option answers a copy of the requests, and both bills are paid"
    return "the rest stays as it was" if part < 1 else "the old option stays switched on until two weeks hold"


def _limits(basis: Basis, best: ScenarioResult, base: ScenarioResult) -> Table:
    """Per category: what to expect, and from where on to go back a step."""
    demand, register = basis.evaluation.demand, basis.evaluation.register
    margin = basis.study.plan.limits.quality_margin
    margin = register.value("quality_margin_share") if margin is None else margin
    order = np.argsort(-best.outcome.follows.error_cost_usd, kind="stable")[:WATCHED]
    rows = []
    for k in order.tolist():
        expected = float(best.outcome.error_share[k])
        ceiling = min(expected + margin, float(demand.max_error_share[k]))
        escalates = float(best.outcome.escalation_share[k])
        rows.append(
            Row(
                (
                    demand.names[k],
                    share(float(base.outcome.error_share[k])),
                    share(expected),
                    share(ceiling),
                    share(escalates) if np.isfinite(escalates) else "–",
                )
            )
        )
    columns = (
        Column("Category", width="rest"),
        Column("Wrong today", True, 56),
        Column("Expected", True, 52),
        Column("Go back above", True, 56),
        Column("Expected to go on to the next model", True, 96),
    )
    hidden = len(demand.names) - len(order)
    note: Rich = (
        f"Expected plus the quality margin of {share(margin)}, or the plan’s own ceiling if that is lower."
        + (f" The {WATCHED} categories with the dearest errors of {len(demand.names)}." if hidden > 0 else ""),
    )
    return Table(columns, tuple(rows), "Stop and go back when", note)


def _watch(basis: Basis, best: ScenarioResult) -> Points:
    requests = basis.requests
    invoice, uncaught = best.total("invoice_usd") or 0.0, best.total("uncaught_errors") or 0.0
    served = best.total("served_requests") or 0.0
    paid = sum(
        best.total(field) or 0.0 for field in ("invoice_usd", "review_cost_usd", "handoff_cost_usd", "fix_cost_usd")
    )
    items: list[Rich] = [
        (Bold("Invoice"), f" per 1,000 requests against {usd(invoice / requests * 1000)}; alert at the budget line."),
        (
            Bold("Errors that reach a customer"),
            f" per 1,000 requests against {uncaught / requests * 1000:.1f}, from a checked sample every week.",
        ),
        (Bold("Slow answers"), ": the 95th and 99th percentile to the first word, by model."),
    ]
    if served > uncaught:
        items.append(
            (
                Bold("Cost per right answer"),
                f" against {cents_or_less(paid / (served - uncaught))}: invoice, "
                "review and fixes over answers without an uncaught error.",
            )
        )
    if np.isfinite(best.outcome.escalation_share).any():
        items.append(
            (Bold("Share that goes on to the next model"), " against the table above: it moves the bill first.")
        )
    return Points(tuple(items), "Watch every week")


def cents_or_less(value: float) -> str:
    """A small amount: to the cent from a dollar on, two digits below.

    >>> cents_or_less(1.5), cents_or_less(0.00418)
    ('$1.50', '$0.0042')
    """
    return cents(value) if value >= 1 else usd(value)
