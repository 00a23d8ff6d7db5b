"""Sections of the Break-even page: what moves the break-even, a month of servers, other machines, the claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd
import streamlit as st

from planner.domain.endpoints import SelfHosted
from planner.domain.plan import plan_hash
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.engine.hosting import Hosted
from planner.engine.hosting_month import Pooling, ReplicaDuty, pooling, replica_duties
from planner.engine.hosting_options import (
    HostedModel,
    HostingChoice,
    ServerClaim,
    blended_usd_per_mtok,
    hosted_models,
    hosted_scenario,
    hosting_choices,
    server_claims,
)
from planner.engine.sensitivity import PriceGrid, Sensitivity, price_grid, sensitivity
from planner.engine.serving import MeasuredRate
from planner.engine.study import Study
from planner.ui import show
from planner.views.formatting import count, day, plural, times, usd, usd_cents
from planner.views.hosting_charts import month_chart, tornado_chart
from planner.views.hosting_tables import (
    capacity_summary_table,
    choices_table,
    duty_table,
    headroom_table,
    hosted_table,
    in_words,
    pooling_table,
    price_grid_shown,
    price_grid_table,
    sensitivity_table,
    server_claim_table,
)
from planner.views.hosting_words import (
    capacity_summary,
    capacity_words,
    duty_sentence,
    hosted_sentence,
    pooling_sentence,
    sensitivity_sentence,
    server_claim_sentence,
    still_inputs,
)

KEPT = 128


@dataclass(frozen=True)
class Facts:
    """What there is to say about own servers against an alternative."""

    challenger: ScenarioResult
    incumbent: ScenarioResult
    elsewhere: ScenarioResult | None
    """The same work with the open model at its cheapest host; None where nobody hosts it."""
    swings: Sensitivity | str
    grid: PriceGrid | str
    duties: tuple[ReplicaDuty, ...]
    pools: tuple[Pooling, ...]
    hosts: tuple[HostedModel, ...]
    claims: tuple[ServerClaim, ...]


def facts(study: Study, challenger: ScenarioResult, incumbent: ScenarioResult) -> Facts:
    """Everything below the break-even chart, worked out once per plan, day and pair and shared by all visitors."""
    every = replace(study.evaluation, setting=study.recommendation.setting)
    sides = f"{challenger.strategy.model_dump_json()} {incumbent.strategy.model_dump_json()}"
    return _facts(plan_hash(study.plan), every.day, challenger.name, incumbent.name, sides, every, challenger,
                  incumbent)


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _facts(key: str, day: date, first: str, second: str, sides: str, _evaluation: Evaluation,
           _challenger: ScenarioResult, _incumbent: ScenarioResult) -> Facts:
    blended = blended_usd_per_mtok(_evaluation, _incumbent)
    return Facts(
        _challenger, _incumbent, hosted_scenario(_evaluation, _challenger, _incumbent),
        sensitivity(_evaluation, _challenger, _incumbent), price_grid(_evaluation, _challenger, _incumbent),
        replica_duties(_evaluation, _challenger), pooling(_evaluation, _challenger),
        hosted_models(_evaluation, _challenger, _incumbent),
        server_claims(_evaluation, _challenger, blended) if blended else (),
    )


def beside(found: Facts, others: Sequence[ScenarioResult]) -> list[ScenarioResult]:
    """Grey lines of the break-even chart: the open model at its cheapest host, then others; two at most.

    A line that would lie on another one is left out: the bars of a month have its bill.
    """
    drawn, lines = [found.challenger, found.incumbent], []
    for each in (found.elsewhere, *others):
        if each is not None and each.is_priced and not any(_is_on(each, line, found) for line in drawn):
            drawn.append(each)
            lines.append(each)
    return lines[:2]


NEAR_SHARE = 0.03
"""Of the largest bill: two lines that are closer than this today cannot be told apart."""


def _is_on(one: ScenarioResult, other: ScenarioResult, found: Facts) -> bool:
    bills = [each.total("invoice_usd") or 0.0 for each in (one, other, found.challenger, found.incumbent)]
    return one.strategy == other.strategy or abs(bills[0] - bills[1]) <= NEAR_SHARE * max(bills)


def _table(raw: pd.DataFrame, words: pd.DataFrame, key: str, alt: str) -> None:
    """A table as people read it; its CSV has the unrounded figures."""
    st.dataframe(words, hide_index=True, width="stretch", placeholder="–", alt=alt)
    show.csv_button(raw, key, key)


# --- beside the inputs ----------------------------------------------------------------------------------------------


def sources(study: Study, challenger: ScenarioResult) -> None:
    """Where rent and speed come from, how far they reach and how well they agree with other measurements."""
    for hosted in challenger.hosted:
        own = study.plan.endpoints[hosted.id]
        if isinstance(own, SelfHosted):
            show.small(_rent_words(own, hosted))
            show.small(_speed_words(hosted, study))


def _rent_words(own: SelfHosted, hosted: Hosted) -> str:
    rent = hosted.machine.rent
    if own.mode == "buy":
        return "The servers are bought: rent is not part of this."
    if rent is None:
        return f"No rent is known for {hosted.machine.gpu.name}; the figure is yours."
    entered = own.usd_per_gpu_hour is not None
    dated = "undated" if rent.as_of is None else f"oldest of {day(rent.as_of)}"
    known = f"{rent.source}; {usd_cents(rent.low)} to {usd_cents(rent.high)}, {dated}"
    return f"Rent: yours. List prices: {known}." if entered else f"Rent: {known}."


def _speed_words(hosted: Hosted, study: Study) -> str:
    words, fit = capacity_words(hosted, study.evaluation.register), hosted.machine.fit
    if fit is None or isinstance(hosted.machine.capacity, MeasuredRate):
        return words
    edition = {"v": "edition ", "2": "as of "}.get(fit.as_of[:1], "")
    return (f"{words} Measured: {count(fit.min_input_tokens)} to {count(fit.max_input_tokens)} tokens in, "
            f"{count(fit.min_output_tokens)} to {count(fit.max_output_tokens)} out, {edition}{fit.as_of}.")


# --- what moves it, and what a month is paid for --------------------------------------------------------------------


SWING_COLUMNS = ("input", "low", "planned", "high", "break_even_low_requests_per_month",
                 "break_even_high_requests_per_month", "gap_low_usd", "gap_high_usd", "unit", "kind", "source")


def what_moves_it(found: Facts) -> None:
    """Tornado and the square of GPU price by API price."""
    if isinstance(found.swings, str) or isinstance(found.grid, str):
        return
    left, right = st.columns(2, gap="large")
    with left:
        table = sensitivity_table(found.swings)
        show.chart(tornado_chart(found.swings), "sensitivity", in_words(table, SWING_COLUMNS))
        show.small(f"{sensitivity_sentence(found.swings)} {still_inputs(found.swings)}".strip())
    with right:
        pays = int((found.grid.gap_usd < 0).sum())
        show.finding(
            f"Own servers are the cheaper today at {pays or 'none'} of {found.grid.gap_usd.size} pairs of prices",
            "Requests a month from which they pay for good, by multiples of today's GPU and API prices",
        )
        square = price_grid_shown(found.grid)
        # half a screen has room for short headings only; the caption says what they are
        square.columns = pd.Index([name.replace(" price", "") for name in square.columns])
        _table(price_grid_table(found.grid), square, "price_grid", "Break-even by GPU price and API price")


def month(found: Facts) -> None:
    """What one month is paid for: own servers, the alternative, and the open model at a host."""
    shown, other = [found.challenger, found.incumbent], found.elsewhere
    if other is not None and other.is_priced and other.strategy != found.incumbent.strategy:
        shown.append(other)
    show.chart(month_chart(shown, found.challenger), "month")


# --- what a server does ---------------------------------------------------------------------------------------------


HEADROOM_ROWS = ("carrying", "spare", "requests_per_s", "available_requests_per_s", "headroom_requests_per_month",
                 "headroom_share", "headroom_months", "servers_then")


def duty(found: Facts) -> None:
    """Requests a second that are needed and served, and the way to the next server."""
    if not found.duties:
        return
    first = found.duties[0]
    room = first.headroom
    title = (f"The next server is {count(room.requests_per_month)} requests a month away"
             if first.pooled.requests_per_s > 0 else "The servers have no work yet")
    show.finding(title, " ".join(duty_sentence(each) for each in found.duties))
    left, right = st.columns([3, 2], gap="large")
    with left:
        needed = duty_table(found.duties)
        columns = [name for name in needed.columns if name != "endpoint" or len(found.duties) > 1]
        _table(needed, in_words(needed, columns), "server_duty",
               "What one server must do in the busiest hour, by category")
    with right:
        spare = headroom_table(found.duties)
        words = in_words(spare, ["endpoint", *HEADROOM_ROWS]).set_index("Endpoint").T
        words.insert(0, "Until the next server", words.index)
        _table(spare, words, "headroom", "Servers that run and the room until the next one")


def pools(found: Facts) -> None:
    """One pool for all work against one for each kind of it; nothing with a single kind."""
    for number, each in enumerate(found.pools):
        saved = each.separate_servers_usd - each.pooled_servers_usd
        title = ("One pool or one each makes no difference" if abs(saved) < 0.5 else
                 f"One pool costs {usd(abs(saved))} {'less' if saved > 0 else 'more'} a month than one for each kind")
        show.finding(title, pooling_sentence(each))
        table = pooling_table(each)
        columns = [name for name in table.columns if name != "endpoint" or len(found.pools) > 1]
        _table(table, in_words(table, columns), f"pooling{_number(number)}",
               "Servers by category, separate and in one pool")


# --- other machines, and the claim ----------------------------------------------------------------------------------

CHOICE_COLUMNS = ("model", "gpu", "gpus_per_replica", "precision", "fits_memory", "replicas", "usd_per_gpu_hour",
                  "usd_per_month", "speed_label", "seconds_outside", "need_gb", "usable_gb", "reason")


def choices(study: Study) -> None:
    """Every open model on every machine, for all of the work."""
    found = _choices(plan_hash(study.plan), study.evaluation.day, study.evaluation)
    priced = [each for each in found if each.usd_per_month is not None]
    if priced:
        best = priced[0]
        title = (f"Cheapest machine for all of this work: {best.model} on {best.gpus_per_replica} × {best.gpu}, "
                 f"{usd(best.usd_per_month)} a month")
    else:
        title = "No machine with a known speed holds this work"
    show.finding(title, "All requests on one open model, rented on demand, spare servers and people included; "
                        "how well the model answers is not compared here")
    with st.expander(f"{plural(len(found), 'machine')}, {len(priced)} with a price"):
        table = choices_table(found)
        _table(table, in_words(table, CHOICE_COLUMNS), "hosting_choices", "Open models on machines, cheapest first")
        show.small(capacity_summary(study.evaluation.register))
        checked = capacity_summary_table(study.evaluation.register)
        _table(checked, in_words(checked), "capacity_check", "Speed law beside measurements that no fit has seen")


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _choices(key: str, day: date, _evaluation: Evaluation) -> tuple[HostingChoice, ...]:
    return hosting_choices(_evaluation)


def claims(found: Facts) -> None:
    """The articles' sum for a server, and what hosts of the same model ask."""
    left, right = st.columns(2, gap="large")
    with left:
        for number, claim in enumerate(found.claims):
            verdict = ("holds for this plan" if claim.holds_for_plan else
                       "holds for a full server, not for this plan" if claim.holds_at_capacity else
                       "does not hold, even for a full server")
            show.finding(f"The articles' sum {verdict}", server_claim_sentence(claim))
            table = server_claim_table(claim)
            words, key = in_words(table), f"server_claim{_number(number)}"
            rows = [[show.safe(cell) for cell in row] for row in words.itertuples(index=False)]
            show.rows_table(list(words.columns), rows, "The articles' sum beside the plan")
            show.csv_button(table, key, key)
    with right:
        for number, host in enumerate(found.hosts):
            show.finding(_host_title(host), hosted_sentence(host))
            table = hosted_table(host)
            columns = ["what", "spend_usd", "over_cheapest"]
            if any(each.reason for each in host.offers):
                columns.append("reason")
            _table(table, in_words(table, columns), f"hosts{_number(number)}",
                   "The same work on own servers, at hosts and at the vendor's models")


def _number(number: int) -> str:
    return "" if number == 0 else f"_{number + 1}"


def _host_title(host: HostedModel) -> str:
    best = host.cheapest
    if best is None or best.spend_usd is None:
        return f"Nobody hosts {host.model} for this work"
    if host.own_usd > best.spend_usd > 0:
        return f"Own servers cost {times(host.own_usd / best.spend_usd)} what {best.label} does"
    return f"{best.label} costs {usd(best.spend_usd)} a month, own servers {usd(host.own_usd)}"
