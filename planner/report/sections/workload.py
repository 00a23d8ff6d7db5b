"""Page 2: what is asked of the models."""

from __future__ import annotations

import math

import numpy as np

from planner.domain.matrix import Band, Position, load_matrix
from planner.report.basis import Basis, largest, left_out_note, spelled, whole
from planner.report.document import Block, Bold, Column, Figure, Page, Rich, Row, Spot, Table
from planner.views.charts import shortened, workload_shares
from planner.views.formatting import count, count_whole, listed, plural, share, usd

MARKS_IN_CELL = 3
FORM_WORDS = {
    "single": "",
    "batch": " in batch",
    "review": " with a check",
    "split": ", hybrid",
    "hosted_open": ", hosted open model",
    "cascade": " first",
    "router": " by a router",
    "two_modes": " in two modes",
    "fine_tuned": ", fine-tuned",
    "allocation": " by category",
}


def workload_page(basis: Basis) -> Page:
    """Volumes, shares and the place of each category in the decision matrix."""
    blocks: list[Block] = [_categories(basis)]
    blocks += [*_shares(basis), _matrix(basis), _verdicts(basis)]
    return Page("Workload", _title(basis), (_lead(basis),), tuple(blocks))


def _tokens(basis: Basis) -> np.ndarray:
    demand = basis.evaluation.demand
    return demand.requests * (demand.input_tokens + demand.output_tokens)


def _title(basis: Basis) -> str:
    demand, tokens = basis.evaluation.demand, _tokens(basis)
    kinds = f"{spelled(len(demand.names))} kinds of request make"
    total = float(tokens.sum())
    if total == 0:
        return "No traffic yet"
    if len(demand.names) == 1:
        return f"{basis.category(0)}: {count(total)} tokens a month"
    order = np.argsort(-tokens, kind="stable")
    most = next(n for n in range(1, len(order) + 1) if tokens[order[:n]].sum() >= 0.5 * total)
    if most > 2:
        return f"{kinds} {count(total)} tokens a month; {most} of them are half of it"
    top = [basis.category(int(k)) for k in order[:most]]
    part = share(float(tokens[order[:most]].sum()) / total)
    return f"{kinds} {count(total)} tokens a month; {listed(top)} {'is' if most == 1 else 'are'} {part} of them"


def _lead(basis: Basis) -> str:
    demand = basis.evaluation.demand
    sent = float((demand.requests * demand.input_tokens).sum())
    cached = float((demand.requests * demand.input_tokens * demand.cached_share).sum())
    answered = float((demand.requests * demand.output_tokens).sum())
    read = f" ({share(cached / sent)} read from the prompt cache)" if sent > 0 and cached > 0 else ""
    return (
        f"{count_whole(basis.requests)} requests a month: {count(sent)} tokens in{read}, {count(answered)} tokens out."
    )


def _categories(basis: Basis) -> Table:
    demand, tokens = basis.evaluation.demand, _tokens(basis)
    rows = [
        Row(
            (
                name,
                count_whole(float(demand.requests[k])),
                count_whole(float(demand.input_tokens[k])),
                count_whole(float(demand.output_tokens[k])),
                share(float(demand.cached_share[k])),
                share(float(demand.complex_share[k])),
                count(float(tokens[k])),
                usd(float(demand.error_cost_usd[k])),
            )
        )
        for k, name in enumerate(demand.names)
    ]
    rows.append(Row(("All", count_whole(basis.requests), "", "", "", "", count(float(tokens.sum())), ""), "total"))
    columns = (
        Column("Category", width="rest"),
        Column("Requests a month", True, 52),
        Column("Tokens in", True, 42),
        Column("Tokens out", True, 42),
        Column("Cached", True, 42),
        Column("Complex", True, 46),
        Column("Tokens a month", True, 46),
        Column("$ per error", True, 42),
    )
    return Table(columns, tuple(rows), note=_reading(basis))


def _shares(basis: Basis) -> list[Block]:
    """Shares of requests, tokens and bill; a single category has none to show."""
    return [Figure(workload_shares(basis.evaluation))] if len(basis.evaluation.demand.names) > 1 else []


def _band_words(band: Band) -> str:
    if band.at_least is None:
        return f"below {count(band.below)} tokens"
    return (
        f"{count(band.at_least)} and more" if band.below is None else f"{count(band.at_least)} to {count(band.below)}"
    )


def _middle(band: Band, highest: float) -> float:
    low = band.at_least or 0.0
    return (low + (highest if band.below is None else band.below)) / 2


def _matrix(basis: Basis) -> Table:
    """What the rules say of ordinary work by volume and complexity, and where the categories lie."""
    matrix = load_matrix(basis.evaluation.register)
    volumes, levels = matrix.bands("volume"), matrix.bands("complexity")
    costs = next(band for band in matrix.bands("error_cost") if band.name == "medium")
    tokens = _tokens(basis)
    here: dict[tuple[str, str], list[str]] = {}
    for k in np.argsort(-tokens, kind="stable"):
        choice = basis.advice.categories[int(k)]
        bands = choice.rule.bands
        here.setdefault((bands.volume, bands.complexity), []).append(
            f"{shortened(choice.name, 30)} {count(float(tokens[k]))}: {choice.rule.size}"
        )
    rows = []
    for level in levels:
        cells = [f"{level.name.capitalize()}"]
        spots = []
        for volume in volumes:
            verdict = matrix.verdict(
                Position(
                    tokens_per_month=_middle(volume, 10 * (volume.at_least or 0.0)),
                    complex_share=_middle(level, 1.0),
                    error_cost_usd=_middle(costs, math.inf),
                    latency="interactive",
                )
            )
            marks = here.get((volume.name, level.name), [])
            more = len(marks) - MARKS_IN_CELL
            shown = (*marks[:MARKS_IN_CELL], *((f"and {more} more",) if more > 0 else ()))
            spots.append(Spot(f"{verdict.size}{FORM_WORDS.get(verdict.strategy, '')}", shown))
        rows.append(Row((*cells, *spots)))
    found = sum(len(marks) for marks in here.values())
    title = f"You are here: {_spread(basis, here, found)}"
    columns = (Column("Complexity"), *(Column(_band_words(band), width="rest") for band in volumes))
    note = (
        "Size of model that the rules ask for by tokens a month and complexity, for interactive work of medium error "
        "cost. Behind each category stands its own verdict, which also weighs its task, limits and error cost.",
    )
    return Table(columns, tuple(rows), title, note, is_grid=True)


def _spread(basis: Basis, here: dict[tuple[str, str], list[str]], found: int) -> str:
    if len(basis.advice.categories) == 1:
        bands = basis.advice.categories[0].rule.bands
        return f"{count(float(_tokens(basis).sum()))} tokens a month of {bands.complexity} complexity"
    top = load_matrix(basis.evaluation.register).bands("volume")[-1]
    large = sum(len(marks) for (volume, _), marks in here.items() if volume == top.name)
    hard = sum(len(marks) for (_, level), marks in here.items() if level == "high")
    above = f"{large} of {plural(found, 'category', 'categories')} above {count(top.at_least)} tokens a month"
    return f"{above}, {hard or 'none'} of high complexity"


def _verdicts(basis: Basis) -> Table:
    choices = basis.advice.categories
    rows = []
    totals = np.array([choice.total_usd or 0.0 for choice in choices])
    for k in largest(totals):
        choice = choices[k]
        runs = "nothing feasible" if choice.strategy is None else basis.phrase(choice.strategy)
        size = "your own machines" if choice.rule.tier == "self_hosted" else choice.rule.size
        rows.append(
            Row(
                (
                    choice.name,
                    size,
                    ", ".join(choice.rule.rules),
                    runs,
                    whole(choice.total_usd),
                    "yes" if choice.agree else "no",
                )
            )
        )
    agreed = sum(choice.agree for choice in choices)
    columns = (
        Column("Category", width="rest"),
        Column("Rules ask for", width=58),
        Column("By", width=62),
        Column("The figures choose", width=140),
        Column("Total $ a month", True, 48),
        Column("Same size", width=36),
    )
    every = plural(len(choices), "category", "categories")
    title = f"Rules and figures ask for the same size of model in {agreed} of {every}"
    if len(choices) == 1:
        title = f"Rules and figures {'agree' if agreed else 'differ'} on the size of model"
    return Table(columns, tuple(rows), title, left_out_note(len(choices), "dearest", "recommendation.csv"))


def _reading(basis: Basis) -> Rich:
    hours = basis.evaluation.register.value("hours_per_month")
    return (
        Bold("Complex"),
        ": share of requests that need judgement or several steps. ",
        Bold("Cached"),
        ": share of input tokens read from the seller’s prompt cache. ",
        Bold("$ per error"),
        f": cost of one wrong answer that nobody catches. A month is {count(hours)} hours ({hours / 24:.1f} days).",
    )
