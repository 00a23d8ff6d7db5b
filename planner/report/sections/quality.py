"""Page 4: how often answers are wrong, what that costs, and how well the rates are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.domain.strategies import Split
from planner.engine.error_rates import ORIGINS
from planner.engine.evaluate import ScenarioResult
from planner.engine.sweep import split_sweep
from planner.report.basis import Basis, cents, change_usd, in_full, largest, spelled
from planner.report.document import Block, Bold, Column, Figure, Page, Points, Rich, Row, Table
from planner.report.typography import number
from planner.views.charts import error_scatter, split_chart
from planner.views.formatting import count_whole, in_cents, listed, seconds, share, usd, usd_whole

ORIGIN_ROWS = 24
LEAD_WORDS = {
    "measured": "measured",
    "entered": "entered",
    "evidence": "carried over from public tests",
    "assumed": "assumed",
}
ORIGIN_WORDS = {
    "measured": "measured on answers that were checked",
    "entered": "entered in the plan",
    "evidence": "carried over from public tests",
    "assumed": "assumption, not evidence",
}


def quality_page(basis: Basis, best: ScenarioResult) -> Page:
    """Expected errors and their cost by category, and where every rate comes from."""
    split = _split(basis, best)
    scatter = in_full(error_scatter(basis.evaluation, best), basis)
    blocks: list[Block] = [
        Figure(scatter, 150.0 if split else 190.0),
        _errors(basis, best),
        *split,
        _origins(basis, best),
        *_waits(basis, best),
        *_review(basis),
        *_better_alone(basis),
    ]
    return Page("Quality and risk", _title(basis, best), (_lead(basis, best),), tuple(blocks))


def _split(basis: Basis, best: ScenarioResult) -> list[Block]:
    """Total against the share sent to the small model, where that share is what is recommended."""
    strategy, setting = best.strategy, basis.advice.setting
    if not isinstance(strategy, Split) or strategy.small_share is None:
        return []
    sweep = split_sweep(setting, strategy.small, strategy.large)
    chart = split_chart(sweep, strategy.small, strategy.large, strategy.small_share, setting.states)
    # the screen speaks to whoever moves the slider, paper to whoever reads the plan
    marks = tuple(replace(mark, label=mark.label.replace("You", "Plan", 1)) for mark in chart.marks)
    return [Figure(replace(chart, marks=marks), 140.0)]


def _errors_of(result: ScenarioResult) -> float:
    return result.total("expected_errors") or 0.0


def _title(basis: Basis, best: ScenarioResult) -> str:
    name, base = basis.title(best), basis.baseline
    if base is None:
        return (
            f"{name}: {count_whole(_errors_of(best))} wrong answers a month, which cost "
            f"{usd_whole(best.total('error_cost_usd'))}"
        )
    more = round(_errors_of(best)) - round(_errors_of(base))
    dearer = round(best.total("error_cost_usd") or 0.0) - round(base.total("error_cost_usd") or 0.0)
    first = (
        f"{name} makes {count_whole(abs(more))} {'more' if more > 0 else 'fewer'} errors a month"
        if more
        else f"{name} makes as many errors as {basis.title(base)}"
    )
    second = (
        f"all errors cost {usd_whole(abs(dearer))} {'more' if dearer > 0 else 'less'}"
        if dearer
        else "all errors cost the same"
    )
    joint = "; " if (more > 0) == (dearer > 0) or not more else ", yet "
    return f"{first}{joint}{second}"


def _lead(basis: Basis, best: ScenarioResult) -> str:
    names, origin = basis.evaluation.demand.names, best.outcome.origin
    parts = []
    for i, word in enumerate(ORIGINS):
        ks = np.nonzero(origin == i)[0]
        if ks.size:
            who = (
                "all categories"
                if ks.size == len(names)
                else (listed([basis.category(int(k)) for k in ks]) if ks.size <= 3 else f"{ks.size} categories")
            )
            parts.append(f"{LEAD_WORDS[word]} for {who}")
    rates = f"Error rates are {'; '.join(parts)}." if parts else ""
    return f"{rates} Where several models share a category, the least certain rate counts."


def _errors(basis: Basis, best: ScenarioResult) -> Table:
    names, demand, base = basis.evaluation.demand.names, basis.evaluation.demand, basis.baseline
    mine, costs = best.outcome.follows, in_cents(best.outcome.follows.error_cost_usd.tolist())
    columns = [Column("Category", width="rest")]
    if base is not None:
        columns += [
            Column(f"Wrong, {basis.head(base)}", True, 52),
            Column(f"Wrong, {basis.head(best)}", True, 62),
            Column("Errors before", True, 42),
            Column("Errors then", True, 42),
        ]
    else:
        columns += [Column("Wrong answers", True, 52), Column("Errors a month", True, 48)]
    columns += [Column("$ per error", True, 38), Column("Cost $ a month", True, 56)]
    columns += [Column("Change $ a month", True, 56)] if base is not None else []
    columns.append(Column("Rates", width=48))
    before = in_cents(base.outcome.follows.error_cost_usd.tolist()) if base is not None else None
    rows = []
    for k, name in enumerate(names):
        row = [name]
        if base is not None:
            row += [
                share(float(base.outcome.error_share[k])),
                share(float(best.outcome.error_share[k])),
                count_whole(float(base.outcome.follows.expected_errors[k])),
                count_whole(float(mine.expected_errors[k])),
            ]
        else:
            row += [share(float(best.outcome.error_share[k])), count_whole(float(mine.expected_errors[k]))]
        row += [usd(float(demand.error_cost_usd[k])), cents(costs[k])]
        row += [_signed(costs[k] - before[k])] if before is not None else []
        rows.append(Row((*row, ORIGINS[int(best.outcome.origin[k])])))
    everything = ["All"]
    if base is not None:
        everything += [
            share(_errors_of(base) / basis.requests),
            share(_errors_of(best) / basis.requests),
            count_whole(_errors_of(base)),
            count_whole(_errors_of(best)),
        ]
    else:
        everything += [share(_errors_of(best) / basis.requests), count_whole(_errors_of(best))]
    everything += ["", cents(sum(costs))]
    everything += [_signed(sum(costs) - sum(before))] if before is not None else []
    rows.append(Row((*everything, ORIGINS[int(best.outcome.origin.max(initial=0))]), "total"))
    reviewed = bool((demand.review_share > 0).any())
    note: Rich = () if reviewed else ("No human review is counted on: every wrong answer counts at its full cost.",)
    return Table(tuple(columns), tuple(rows), "Expected errors, and what they cost", note)


def _signed(value: float) -> str:
    return f"+{cents(value)}" if round(value, 2) > 0 else cents(value)


def _origins(basis: Basis, best: ScenarioResult) -> Table:
    """The rate of every model that the recommended option uses, with its ground; the dearest errors first."""
    setting = basis.advice.setting
    weight = best.outcome.follows.error_cost_usd
    used = {use.id: use for use in best.endpoints}
    found = []
    for column, m in setting.columns.items():
        state = setting.states[column.name]
        use = used.get(state.id)
        if use is None:
            continue
        for k in np.nonzero(use.calls_by_category > 0)[0].tolist():
            origin = ORIGINS[int(setting.rates.origin[k, m])]
            label = f"{state.short}, thinking" if column.thinking else state.short
            found.append(
                (
                    -float(weight[k]),
                    k,
                    label,
                    float(setting.rates.share[k, m]),
                    origin,
                    setting.rates.grounds.get((k, m), ORIGIN_WORDS[origin]).removeprefix(f"{origin}: "),
                )
            )
    found.sort(key=lambda each: (each[0], each[1], -each[3]))
    names = setting.demand.names
    rows = tuple(
        Row((names[k], label, share(rate), origin, ground)) for _, k, label, rate, origin, ground in found[:ORIGIN_ROWS]
    )
    columns = (
        Column("Category", width=118),
        Column("Model", width=92),
        Column("Wrong", True, 38),
        Column("Rate is", width=48),
        Column("Ground", width="rest"),
    )
    note: Rich = (f"The {ORIGIN_ROWS} with the dearest errors of {len(found)}.",) if len(found) > ORIGIN_ROWS else ()
    return Table(columns, rows, "Where the rates come from", note, is_dense=True)


def _review(basis: Basis) -> list[Block]:
    """What human review is counted on."""
    demand, plan = basis.evaluation.demand, basis.study.plan
    items: list[Rich] = []
    for k in np.nonzero(demand.review_share > 0)[0].tolist():
        review = plan.workload.categories[k].review
        items.append(
            (
                Bold(demand.names[k]),
                f": {share(review.share)} of answers are read by a person at "
                f"{usd(review.usd_per_review)} each; {share(review.catch)} of the wrong ones are found and put right "
                f"for "
                f"{usd(review.usd_per_fix)}, and {share(review.false_alarm)} of the right ones are changed in vain.",
            )
        )
    for k in np.nonzero(demand.handoff_share > 0)[0].tolist():
        items.append(
            (
                Bold(demand.names[k]),
                f": {share(float(demand.handoff_share[k]))} of requests end with a person, "
                f"at {usd(float(demand.handoff_usd[k]))} each.",
            )
        )
    return [Points(tuple(items), "Human review counted on")] if items else []


def _waits(basis: Basis, best: ScenarioResult) -> list[Block]:
    """How long people wait, where somebody waits and the models' times are measured."""
    names, limits, latency = basis.evaluation.demand.names, basis.evaluation.demand.p95_latency_s, best.latency
    rows = tuple(
        Row(
            (
                names[k],
                seconds(float(latency.p50_s[k])),
                seconds(float(latency.p95_s[k])),
                seconds(float(latency.total_p50_s[k])),
                seconds(float(latency.total_p95_s[k])),
                seconds(float(limits[k])),
            )
        )
        for k in largest(np.nan_to_num(latency.p95_s))
        if np.isfinite(latency.p95_s[k])
    )
    if not rows:
        return []
    columns = (
        Column("Category", width="rest"),
        Column("First word, median", True, 60),
        Column("First word, p95", True, 60),
        Column("Whole answer, median", True, 66),
        Column("Whole answer, p95", True, 66),
        Column("Limit, first word", True, 56),
    )
    return [Table(columns, rows, "How long people wait")]


def _better_alone(basis: Basis) -> list[Block]:
    """Categories for which another choice has the lower total, and why it was not taken."""
    rows = []
    for choice in basis.advice.categories:
        if choice.total_usd is None or choice.least_total_usd is None:
            continue
        gap = choice.total_usd - choice.least_total_usd
        if gap >= 0.5:
            open_ = [
                each for each in choice.alternatives if each.infeasible_because is None and each.total_usd is not None
            ]
            least = min(open_, key=lambda each: each.total_usd or 0.0, default=None)
            known = least is not None and abs((least.total_usd or 0.0) - choice.least_total_usd) < 0.5
            words = basis.phrase(least.strategy) if known and least is not None else "another split or cascade"
            rows.append(Row((choice.name, words, number(change_usd(-gap)))))
    if not rows:
        return []
    limit = basis.study.plan.limits.materiality_usd
    limit = basis.evaluation.register.value("materiality_usd") if limit is None else limit
    note = (
        f"A difference of up to {usd_whole(limit)} a month in one category is not chosen by cost: there fewer errors, "
        "or one way of running everything, come first.",
    )
    columns = (Column("Category", width=170), Column("Lower total with", width="rest"), Column("$ a month", True, 60))
    return [
        Table(
            columns,
            tuple(rows),
            f"{spelled(len(rows))} {'category' if len(rows) == 1 else 'categories'} could cost less "
            "with another choice",
            note,
        )
    ]
