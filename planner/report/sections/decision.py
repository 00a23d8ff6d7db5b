"""Page 1: the decision on one page, for somebody who reads no further."""

from __future__ import annotations

import math
from datetime import date

import numpy as np

from planner.domain.strategies import strategy_for
from planner.engine.crossover import Crossover, one_off_usd
from planner.engine.error_rates import ORIGINS
from planner.engine.evaluate import ScenarioResult
from planner.engine.recommend import RECOMMENDED
from planner.report.basis import OPTIONS_IN_MEMO, Basis, longest_wait_s, short_usd, whole
from planner.report.document import (
    Ask,
    Bar,
    Block,
    Bold,
    Cell,
    Column,
    Headline,
    Headlines,
    Page,
    Pair,
    Points,
    Rich,
    Row,
    Table,
    Words,
)
from planner.views.charts import shortened
from planner.views.formatting import count, count_whole, day, listed, plural, seconds, share, times, usd, usd_whole
from planner.views.records import changes_if_values
from planner.views.wording import CONFIDENCE, deck, reasons, sentence

OFF_SCALE = 1.6
"""A total this many times the one before it is drawn as a broken bar."""
NAMED_CATEGORIES = 8
THRESHOLDS = 4


def decision_page(basis: Basis) -> Page:
    """The memo: sentence, four numbers, options, reasons, what would change them, and what to approve."""
    study, best = basis.study, basis.best
    dateline = f"{study.plan.name}  ·  {day(basis.today)}  ·  prices in force on {day(basis.evaluation.day)}"
    if basis.requests == 0 or best is None or not best.is_priced:
        return _without_answer(basis, dateline)
    blocks: list[Block] = [_headlines(basis, best), _options_table(basis, best)]
    if (placed := _placed(basis, best)) is not None:
        blocks.append(placed)
    blocks += [Pair(_because(basis), _changes(basis))]
    return Page(
        section="Decision memo",
        title=sentence(study),
        lead=(deck(study),),
        blocks=tuple(blocks),
        dateline=dateline,
        badge=f"Confidence: {CONFIDENCE[basis.advice.confidence].lower()}",
        is_memo=True,
        ask=_ask(basis, best),
    )


def _without_answer(basis: Basis, dateline: str) -> Page:
    """The memo of a plan that has no traffic, or that nothing can serve."""
    if basis.requests == 0:
        title, lead = "No traffic yet: there is nothing to choose between", "Every option costs what it costs unused."
        blocks: tuple[Block, ...] = (
            Words((("Enter requests a month for at least one category, or start from a template.",),)),
            Table(
                (Column("Option", width=190), Column("Runs on", width="rest"), Column("Unused, $ a month", True, 70)),
                tuple(
                    Row((basis.label(each), basis.phrase(each.strategy), whole(each.total("invoice_usd"))))
                    for each in basis.options
                ),
                "Options of this plan",
            ),
        )
    else:
        title = sentence(basis.study).replace(" See what stands in the way below.", "")
        lead = "What stands in the way, by category:"
        stops = [
            (
                choice.name,
                next((each.infeasible_because for each in choice.alternatives if each.infeasible_because), None),
            )
            for choice in basis.advice.categories
        ]
        known = [(name, why) for name, why in stops if why is not None] or [
            (result.name, result.reason or result.status) for result in basis.evaluation.scenarios
        ]
        blocks = (
            Table(
                (Column("Where", width=150), Column("What stands in the way", width="rest")),
                tuple(Row((name, why)) for name, why in known),
            ),
        )
    return Page("Decision memo", title, (lead,), blocks, dateline, is_memo=True)


def _headlines(basis: Basis, best: ScenarioResult) -> Headlines:
    invoice, total = best.total("invoice_usd") or 0.0, best.total("total_usd") or 0.0
    base = basis.baseline
    per_1k = f"{usd(invoice / basis.requests * 1000)} per 1,000 requests"
    numbers = [Headline("Invoice", short_usd(invoice), "/month", per_1k)]
    if base is not None:
        paid, whole_cost = base.total("invoice_usd") or 0.0, base.total("total_usd") or 0.0
        saved = paid - invoice
        numbers.append(
            Headline(
                "Saving on the invoice" if saved >= 0 else "More on the invoice",
                short_usd(abs(saved)),
                "/month",
                f"{basis.head(base)}: {usd_whole(paid)}",
            )
        )
        numbers.append(
            Headline("Total with errors", short_usd(total), "/month", f"{basis.head(base)}: {usd_whole(whole_cost)}")
        )
    else:
        errors = best.total("expected_errors") or 0.0
        numbers.append(
            Headline("Expected errors", count(errors), "/month", f"{share(errors / basis.requests)} of requests")
        )
        numbers.append(Headline("Total with errors", short_usd(total), "/month", "invoice, errors, review"))
    numbers.append(_hosting_headline(basis, best))
    return Headlines(tuple(numbers))


def _hosting_headline(basis: Basis, best: ScenarioResult) -> Headline:
    found = basis.study.self_host
    if isinstance(found, Crossover):
        permanent, here = found.invoice.permanent, found.invoice.today
        if permanent is None:
            return Headline(
                "Self-host break-even",
                "none",
                "",
                "pays in between only" if found.invoice.crossings else "pays at no volume",
            )
        if permanent.requests_per_month == 0:
            return Headline("Self-host break-even", "0", "requests", "the cheaper from the first request on")
        multiple = here.requests_per_month / permanent.requests_per_month
        return Headline(
            "Self-host break-even",
            times(multiple),
            "of the way" if multiple < 1 else "past it",
            f"{count(here.requests_per_month)} of {count(permanent.requests_per_month)} requests",
        )
    errors = best.total("expected_errors") or 0.0
    if basis.baseline is None:
        return Headline(
            "Categories", str(len(basis.evaluation.demand.names)), "", f"{count(basis.requests)} requests a month"
        )
    return Headline("Expected errors", count(errors), "/month", f"{share(errors / basis.requests)} of requests")


def _options_table(basis: Basis, best: ScenarioResult) -> Table:
    options = list(basis.options[:OPTIONS_IN_MEMO])
    if basis.baseline is not None and basis.baseline not in options:
        options[-1] = basis.baseline
    scale, cut = _bar_scale([each.total("total_usd") for each in options if each.is_priced])
    columns = (
        Column("Option", width="rest"),
        Column("Invoice $ a month", True, 48),
        Column("Where the total goes", width=92),
        Column("Total $ a month", True, 48),
        Column("Errors a month", True, 42),
        Column("Error rates", width=50),
        Column("First word, p95", True, 42),
        Column("Sellers", True, 38),
    )
    rows = tuple(Row(_option(each, basis, scale, cut), "chosen" if each is best else "plain") for each in options)
    beside = [
        name
        for name, field in (
            ("errors", "error_cost_usd"),
            ("review", "review_cost_usd"),
            ("hand-over", "handoff_cost_usd"),
        )
        if any((each.total(field) or 0.0) > 0 for each in options)
    ]
    key = [("invoice", "invoice (blue: recommended)"), ("errors", f"cost of {listed(beside or ['errors'])}")]
    if cut < math.inf:
        key.append(("", "broken bar: off scale"))
    left_out = len(basis.options) - len(options)
    if left_out > 0:
        key.append(("", f"{plural(left_out, 'more option')} under Cost"))
    return Table(columns, rows, title=_options_title(basis, best), key=tuple(key))


def _bar_scale(totals: list[float | None]) -> tuple[float, float]:
    """The total that fills the column, and the total from which on a bar is drawn broken."""
    known = sorted(total for total in totals if total)
    if len(known) > 2 and known[-1] > OFF_SCALE * known[-2]:
        return known[-2] * 1.05, known[-1]
    return (known[-1] if known else 1.0), math.inf


def _option(result: ScenarioResult, basis: Basis, scale: float, cut: float) -> tuple[Cell, ...]:
    name = basis.label(result)
    if result is basis.best and result.name != RECOMMENDED:
        name += " (recommended)"
    elif result is basis.advice.baseline:
        name += " (baseline)"
    if not result.is_priced:
        least = result.total("invoice_usd")
        words = {"infeasible": "cannot run", "retired": "retired", "unpriced": "no price"}.get(result.status, "")
        at_least = f"at least {usd_whole(least)}" if result.status == "partly_priced" else words
        return name, at_least, "", "–", "–", "–", "–", "–"
    invoice, total = result.total("invoice_usd") or 0.0, result.total("total_usd") or 0.0
    bar = Bar(
        min(invoice / scale, 1.0), max(min((total - invoice) / scale, 1.0), 0.0), result is basis.best, total >= cut
    )
    sellers = {use.seller for use in result.endpoints if use.requests > 0 and use.seller != "own"}
    return (
        name,
        whole(invoice),
        bar,
        whole(total),
        count_whole(result.total("expected_errors")),
        ORIGINS[int(result.outcome.origin.max(initial=0))],
        seconds(longest_wait_s(result)),
        str(len(sellers)),
    )


def _options_title(basis: Basis, best: ScenarioResult) -> str:
    """Which option has the least total, and by how much."""
    priced = [each for each in basis.options if each.is_priced]
    mine = best.total("total_usd") or 0.0
    rest = sorted(
        ((each.total("total_usd") or 0.0, each) for each in priced if each is not best), key=lambda each: each[0]
    )
    name = basis.title(best)
    if not rest:
        return f"{name} is the only option with a price"
    gap = rest[0][0] - mine
    second = basis.title(rest[0][1])
    if round(gap) == 0:
        return f"{name} and {second} have the same total"
    if gap > 0:
        return f"{name} has the lowest total; {second} costs {usd_whole(gap)} a month more"
    return f"{second} has a total {usd_whole(-gap)} a month lower, too little to choose by"


def _placed(basis: Basis, best: ScenarioResult) -> Table | None:
    """Which model serves which category, where they differ; one row per way of serving if there are many categories."""
    names = basis.evaluation.demand.names
    ways: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        ways.setdefault(basis.phrase(strategy_for(best.strategy, name)), []).append(k)
    if len(ways) < 2:
        return None
    outcome = best.outcome
    several = len(names) > NAMED_CATEGORIES
    groups = list(ways.items()) if several else [(way, [k]) for way, rows in ways.items() for k in rows]
    if not several:
        groups.sort(key=lambda group: group[1][0])
    rows = tuple(
        Row(
            (
                plural(len(ks), "category", "categories") if several else names[ks[0]],
                way,
                count_whole(float(outcome.requests[ks].sum())),
                whole(float(outcome.invoice_usd[ks].sum())),
                whole(float(outcome.total_usd[ks].sum())),
            )
        )
        for way, ks in groups
    )
    columns = (
        Column("Category", width="rest"),
        Column("Runs on", width=186),
        Column("Requests a month", True, 52),
        Column("Invoice $ a month", True, 48),
        Column("Total $ a month", True, 48),
    )
    return Table(columns, rows, title="What runs where")


def _because(basis: Basis) -> Points:
    return Points(
        tuple((Bold(f"{reason.claim}."), f" {reason.because}") for reason in reasons(basis.study)), "Because", True
    )


def _changes(basis: Basis) -> Table | Words:
    """The nearest thresholds, one per kind and subject."""
    seen: set[str] = set()
    rows = []
    for each in changes_if_values(basis.study):
        if each["input"] in seen:
            continue
        seen.add(each["input"])
        words, then = str(each["words"]), str(each["then"])
        if each["category"] and len(basis.advice.categories) > 1 and each["category"] not in words:
            then = f"{then}, for {shortened(str(each['category']), 40)}"
        if each["input"] == "requests_per_month":
            words = f"volume passes {count(each['threshold'])} requests a month (now {count(each['now'])})"
        elif each["input"].startswith("error_cost"):
            words = f"{words} (now {usd(each['now'])})"
        rows.append(Row((words[:1].upper() + words[1:], then)))
    if not rows:
        return Words((("No single price, error cost or volume changes the answer by itself.",),), "This changes if")
    kept = rows[:THRESHOLDS]
    if len(rows) > THRESHOLDS and any(each["input"] == "requests_per_month" for each in changes_if_values(basis.study)):
        kept[-1] = rows[-1]
    return Table((Column("If", width="rest"), Column("Then better", width=92)), tuple(kept), "This changes if")


def asked_usd(invoice_usd: float, margin: float) -> float:
    """What to approve: the invoice with the planning margin, rounded up to two digits.

    >>> asked_usd(1724.24, 0.2), asked_usd(86.0, 0.2), asked_usd(0.0, 0.2)
    (2100.0, 110.0, 0.0)
    """
    wanted = invoice_usd * (1.0 + margin)
    if wanted <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(wanted)) - 1)
    return float(np.ceil(wanted / step - 1e-9) * step)


def review_day(today: date) -> date:
    """The 15th of the third month from now.

    >>> review_day(date(2026, 11, 25))
    datetime.date(2027, 2, 15)
    """
    return _month_after(today, 3).replace(day=15)


def _month_after(today: date, months: int) -> date:
    position = today.month - 1 + months
    return date(today.year + position // 12, position % 12 + 1, 1)


def _ask(basis: Basis, best: ScenarioResult) -> Ask:
    margin = basis.evaluation.register.value("planning_margin_share")
    invoice = best.total("invoice_usd") or 0.0
    amount = asked_usd(invoice, margin)
    words: Rich = (
        "Approve ",
        Bold(f"{usd_whole(amount)} a month"),
        f" from {day(_month_after(basis.today, 1))} "
        f"({usd_whole(invoice)} planned plus {share(margin)} margin, rounded up)",
    )
    once = one_off_usd(best)
    if once > 0:
        words += (f" and {usd_whole(once)} once",)
    words += (
        f". {_budget_words(basis, amount)}{_limit_words(basis)}Review on ",
        Bold(day(review_day(basis.today))),
        ".",
    )
    return Ask(words, ("Approved by", "Date"))


def _limit_words(basis: Basis) -> str:
    """Limits besides the budget that the recommended option does not keep."""
    limits = basis.study.plan.limits
    said = {
        "min_vendors": f"at least {plural(limits.min_vendors, 'seller')}",
        "max_vendor_share": f"at most {share(limits.max_vendor_share)} of the invoice to one seller",
    }
    broken = [said[name] for name in basis.advice.binding_limits if name in said]
    return f"It does not keep the plan’s limit of {listed(broken)}. " if broken else ""


def _budget_words(basis: Basis, amount: float) -> str:
    budget = basis.study.plan.limits.monthly_budget_usd
    if budget is None:
        return ""
    if amount <= budget:
        return f"This is within the budget of {usd_whole(budget)}. "
    return f"This is {usd_whole(amount - budget)} above the budget of {usd_whole(budget)}. "
