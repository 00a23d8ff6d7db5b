"""A worked-through plan as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from planner.engine.crossover import Crossover
from planner.engine.evaluate import Evaluation
from planner.engine.study import Study
from planner.views.formatting import MISSING, count, day, listed, share, usd, usd_cents
from planner.views.records import changes_if_values, monthly_values, saving_values
from planner.views.wording import (
    CONFIDENCE,
    break_even_verdict,
    called,
    deck,
    limit_notes,
    payback_words,
    reasons,
    relaxation_words,
    sentence,
    why,
)


def columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of text, its first column to the left and all others to the right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in (header, *rows)
    ]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def plan_stamp(evaluation: Evaluation) -> str:
    """The line that every text begins with."""
    return f"{evaluation.plan.name} · prices of {day(evaluation.day)} · planning figure, not a quote"


def evaluation_text(evaluation: Evaluation) -> str:
    """Every scenario in one table, with what stands in the way of those that cannot be run or priced."""
    rows = []
    for result in evaluation.scenarios:
        month = monthly_values(result, evaluation)
        saving = saving_values(result, evaluation.baseline)
        at_least = "≥ " if result.status == "partly_priced" else ""
        rows.append((
            result.name, at_least + usd_cents(month["invoice_usd"]), share(saving["invoice_share"]),
            usd_cents(month["error_cost_usd"]), at_least + usd_cents(month["total_usd"]), share(month["error_rate"]),
            result.status.replace("_", " "),
        ))
    header = ("Scenario", "Invoice/month", "Saved", "Error cost", "Total/month", "Wrong", "Status")
    parts = [plan_stamp(evaluation), "", columns(header, rows)]
    parts += [f"  {result.name}: {result.reason}" for result in evaluation.scenarios if result.reason]
    said = [*evaluation.warnings, *(words for result in evaluation.scenarios for words in result.warnings)]
    return "\n".join([*parts, *(f"! {words}" for words in dict.fromkeys(said))])


def recommendation_text(study: Study) -> str:
    """The sentence, its reasons, what would change it, and the verdict per category."""
    advice = study.recommendation
    sure = f"Confidence: {CONFIDENCE[advice.confidence]}"
    lines = [plan_stamp(study.evaluation), "", sentence(study), deck(study), sure]
    lines += ["", "Because"] + [f"  {reason.claim}. {reason.because}" for reason in reasons(study)]
    changes = changes_if_values(study)[:5]
    if changes:
        lines += ["", "This changes if"] + [f"  {each['words']} (then: {each['then']})" for each in changes]
    lines += ["", "Per category"]
    lines += [f"  {each.name}: {why(each, advice.setting.states)}" for each in advice.categories]
    if advice.binding_limits:
        lines += ["", f"Limits in the way: {listed(advice.binding_limits)}"]
        joint = any(each.together for each in advice.relaxations)
        lines += ["  These have to give way together:"] if joint else []
        lines += [f"  {relaxation_words(each, advice.setting.states)}." for each in advice.relaxations]
    lines += [f"! {words}" for words in limit_notes(study)]
    lines += [payback_words(each, advice.setting.states) for each in advice.paybacks]
    return "\n".join(lines)


def crossover_text(found: Crossover) -> str:
    """The verdict and every crossing."""
    verdict, when = break_even_verdict(found)
    rows = [
        (count(each.requests_per_month), count(each.tokens_per_month),
         f"{found.challenger.name if each.direction == 'rising' else called(found.incumbent)} becomes cheaper")
        for each in found.invoice.crossings
    ]
    table = columns(("Requests/month", "Tokens/month", "What happens"), rows) if rows else "No crossing at any volume."
    more = found.invoice.crossings_not_listed
    tail = [] if more == 0 else [f"and {'ever more' if more is None else more} crossings beyond these"]
    floor = f"Before the first request {found.challenger.name} costs {usd(found.invoice.floor_cost_usd)} a month."
    month = found.timing.payback_month
    paid = f"One-off {usd(found.one_off_usd)}, paid back in month {month if month is not None else MISSING}."
    return "\n".join([f"{verdict} {when}".strip(), floor, paid, "", table, *tail])
