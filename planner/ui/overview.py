"""Parts of the Overview: the answer, its figures, its reasons, where the plan stands, and the arithmetic."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from planner.domain.plan import Scenario
from planner.domain.strategies import Single, strategy_for
from planner.engine.crossover import Crossover
from planner.engine.evaluate import ScenarioResult
from planner.engine.study import Study
from planner.ui import edits, show, state
from planner.views import wording
from planner.views.arithmetic import arithmetic_rows
from planner.views.formatting import count, day, share, times, usd, usd_cents
from planner.views.thumb import thumb_rows

BADGES: dict[str, tuple[str, Any]] = {
    "clear": (":material/check_circle:", "green"), "likely": (":material/trending_up:", "blue"),
    "too_close": (":material/balance:", "orange"),
}
WITHOUT_PLAN = "Recommended mix"


def answer_card(study: Study) -> None:
    """The sentence, how sure it is, and what to do with it."""
    advice = study.recommendation
    with st.container(border=True):
        icon, colour = BADGES[advice.confidence]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if advice.scenario is not None:
                st.badge(wording.CONFIDENCE[advice.confidence], icon=icon, color=colour)
            show.small(f"Prices of {day(study.evaluation.day)} · planning figure, not a quote")
        doing, money, compared = wording.headline(study)
        st.markdown(f"## {show.safe(doing)}:blue[{show.safe(money)}]{show.safe(compared)}", anchors=False)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(show.safe(wording.deck(study)), width="stretch")
            _why_not(study)
            _use_button(study)
        for limit in advice.binding_limits:
            show.problem(_limit_words(limit, study))


def _limit_words(limit: str, study: Study) -> str:
    limits, best = study.plan.limits, study.recommendation.scenario
    invoice = best.total("invoice_usd") if best else None
    budget, most = usd(limits.monthly_budget_usd), share(limits.max_vendor_share)
    return {
        "monthly_budget_usd": f"The invoice of {usd(invoice)} is above your budget of {budget}.",
        "min_vendors": f"It uses fewer than the {limits.min_vendors} sellers that you ask for.",
        "max_vendor_share": f"One seller gets more than your limit of {most} of the invoice.",
    }.get(limit, f"A limit of the plan is not kept: {limit.replace('_', ' ')}.")


def _use_button(study: Study) -> None:
    advice = study.recommendation
    if advice.scenario is None:
        st.page_link("planner/pages/compare.py", label="Add another strategy", icon=":material/add:")
    elif advice.from_plan is None:
        st.button("Use this plan", type="primary", key="use_plan", on_click=_use, args=(study,),
                  help="Keeps this mix as a scenario of your plan")
    elif st.button("Hand it over", type="primary", key="hand_over", icon=":material/ios_share:",
                   help="It is already a scenario of your plan: export the decision"):
        st.switch_page("planner/pages/export.py")


def _use(study: Study) -> None:
    best = study.recommendation.scenario
    if best is None:
        return
    name = edits.free_name(WITHOUT_PLAN, [scenario.name for scenario in state.plan().scenarios])
    if state.revise(lambda document: edits.add_scenario(document, Scenario(name=name, strategy=best.strategy)),
                    f"Added {name} to your scenarios"):
        state.say(f"Added {name} to your scenarios. Savings still count from "
                  f"{show.short(state.plan().baseline_name or 'nothing', 30)}. The arrow at the top takes it back.")


def _why_not(study: Study) -> None:
    best = study.recommendation.scenario
    others = [each.name for each in study.evaluation.scenarios if best is None or each.name != best.name]
    if others:
        show.pick_once("Why not …?", others, "why_not", lambda name: _why_not_dialog(study, name),
                       icon=":material/help:")


@st.dialog("Why not this one?", width="medium")
def _why_not_dialog(study: Study, name: str) -> None:
    other, best = study.evaluation.scenario(name), study.recommendation.scenario
    st.markdown(f"**{show.safe(name)}**")
    if not other.is_priced:
        show.problem(f"It is {other.status.replace('_', ' ')}: {other.reason}")
    if best is None:
        return
    st.markdown(show.safe(_verdict(best, other)))
    rows = [[label, other.total(key), best.total(key)] for label, key in (
        ("Invoice", "invoice_usd"), ("Error cost", "error_cost_usd"), ("Review", "review_cost_usd"),
        ("Hand-off", "handoff_cost_usd"), ("Total", "total_usd"))
        if key not in ("review_cost_usd", "handoff_cost_usd") or other.total(key) or best.total(key)]
    show.rows_table(["Per month", "This one", "Recommended"], rows, f"{name} beside the recommendation", usd_cents)
    show.small(f"Wrong answers a month: {count(other.total('expected_errors'))} here, "
               f"{count(best.total('expected_errors'))} with the recommendation.")
    gap = other.outcome.total_usd - best.outcome.total_usd
    if len(gap) > 1 and pd.notna(gap).all():
        k = int(abs(gap).argmax())
        where, side = study.evaluation.demand.names[k], "more" if gap[k] > 0 else "less"
        show.small(f"Most of the difference is in {where}: {usd(abs(float(gap[k])))} a month {side}.")
    for words in other.warnings[:4]:
        show.small(words)


def _verdict(best: ScenarioResult, other: ScenarioResult) -> str:
    mine, theirs = best.total("total_usd"), other.total("total_usd")
    if mine is None or theirs is None:
        return "It cannot be compared in full."
    paid = (other.total("invoice_usd") or 0.0) - (best.total("invoice_usd") or 0.0)
    lost = theirs - mine - paid
    invoice = f"the invoice is {usd(abs(paid))} {'higher' if paid > 0 else 'lower'}"
    errors = f"errors and people cost {usd(abs(lost))} {'more' if lost > 0 else 'less'}"
    gap = theirs - mine
    if gap >= 0:
        return f"It costs {usd(gap)} a month more in all: {invoice}, {errors}."
    return (f"It costs {usd(-gap)} a month less in all ({invoice}, {errors}), which is below what is worth choosing by "
            "cost: the recommendation makes fewer errors, or keeps a limit that this one breaks.")


def headline_figures(study: Study) -> None:
    """Invoice, saving, total, distance to break-even."""
    best, base = study.recommendation.scenario, study.recommendation.baseline
    if best is None:
        return
    invoice, total, requests = best.total("invoice_usd"), best.total("total_usd"), best.total("requests") or 0.0
    per_1k = f"{usd(invoice / requests * 1000)} per 1K" if invoice is not None and requests else "no traffic yet"
    with st.grid(4, min_column_width=140):
        show.metric("Invoice a month", usd(invoice), per_1k, help_text="Spend and fixed cost, per 1,000 requests below")
        if base is not None and base.is_priced and invoice is not None and base.strategy != best.strategy:
            other = base.total("invoice_usd") or 0.0
            change = share((invoice - other) / other) if other else ""
            show.metric("Against baseline", usd(invoice - other), change, is_saving=bool(change),
                        help_text=f"Invoice against {show.safe(base.name)}")
        else:
            show.metric("Against baseline", "–", "it is the baseline" if base else "no baseline",
                        help_text="Savings count from the baseline, which you set on the Compare page")
        follows = None if total is None or invoice is None else total - invoice
        show.metric("With errors", usd(total), f"{usd(follows)} on top",
                    help_text="Invoice, expected cost of errors, review and hand-off")
        _break_even_figure(study)


def _break_even_figure(study: Study) -> None:
    found = study.self_host
    text = "Your volume over the volume from which self-hosting pays for good"
    if not isinstance(found, Crossover):
        show.metric("Of break-even", "–", "not in this plan", help_text=text)
        return
    permanent, multiple = found.invoice.permanent, found.invoice.today.multiple_of_break_even
    if permanent is None or multiple is None:
        show.metric("Of break-even", "–", "never for good" if permanent is None else "from the start", help_text=text)
        return
    show.metric("Of break-even", times(multiple), f"{count(permanent.requests_per_month)} requests", help_text=text)


def reasons_row(study: Study) -> None:
    """Three reasons, each with what would change it."""
    found = wording.reasons(study)
    if not found:
        return
    for column, reason in zip(st.columns(len(found), gap="medium"), found, strict=True):
        with column:
            changes = f"  \n:small[:gray[Changes if] **{show.safe(reason.changes_if)}**]" if reason.changes_if else ""
            st.markdown(f"**{show.safe(reason.claim)}**  \n:gray[{show.safe(edits.spoken(reason.because))}]{changes}")


def volume_matrix(study: Study) -> None:
    """The articles' rule of thumb by volume beside this plan's own difference."""
    found = thumb_rows(study)
    show.finding(found.title, f"{count(found.tokens_per_month)} tokens a month")
    rows = [
        [f"**{show.safe(row.band)}** :blue-badge[you]" if row.is_here else show.safe(row.band),
         *(f"**{show.safe(text)}**" if row.is_here else show.safe(text) for text in (row.rule, row.own))]
        for row in found.rows
    ]
    show.rows_table(["Tokens a month", "Rule of thumb", "Your mix"], rows, found.alt)
    show.small(found.note)


def arithmetic(study: Study) -> None:
    """The recommended scenario, category by category; parts add up to the cent."""
    best = study.recommendation.scenario
    if best is None:
        return
    with st.expander("Show the arithmetic", icon=":material/calculate:"):
        rows = arithmetic_rows(best, study.evaluation)
        states = study.recommendation.setting.states
        rows.insert(1, "How", [*(wording.strategy_phrase(strategy_for(best.strategy, name), states)
                                 for name in study.evaluation.demand.names), ""])
        st.dataframe(rows, hide_index=True, width="stretch", row_height=38, alt="Cost by category, with the total")
        show.small("Invoice = spend + fixed cost. Total = invoice + error cost + review + hand-off. "
                   "Parts are rounded so that they add up.")
        for choice in study.recommendation.categories:
            agree = "agree" if choice.agree else "differ"
            st.markdown(f"**{show.safe(choice.name)}** :small[:gray[rules and figures {agree}]]  \n"
                        f"{show.safe(wording.why(choice, states))}")
            others = [each for each in choice.alternatives if isinstance(each.strategy, Single)][:4]
            if others:
                show.small("Instead: " + "; ".join(
                    f"{wording.strategy_phrase(each.strategy, states)} "
                    + (f"is ruled out ({each.infeasible_because})" if each.infeasible_because
                       else f"{usd(each.total_usd)} a month, {share(each.residual_error_share)} wrong")
                    for each in others) + ".")


def warnings(study: Study) -> None:
    """What a reader should know before deciding."""
    best = study.recommendation.scenario
    said = list(dict.fromkeys([*(best.warnings if best else ()), *study.evaluation.warnings]))
    if said:
        with st.expander(f"Worth knowing ({len(said)})", icon=":material/info:"):
            st.markdown("\n".join(f"- {show.safe(edits.spoken(words))}" for words in said))
