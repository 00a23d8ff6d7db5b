"""Sentences about own servers: what moves the break-even, what pooling saves, when the article's sum holds."""

from __future__ import annotations

import math

from planner.domain.assumptions import Register
from planner.engine.capacity_check import Agreement, agreement, compared_rows, unseen
from planner.engine.hosting import Hosted, latency_factors
from planner.engine.hosting_month import API, OTHER, SPARE, Pooling, ReplicaDuty
from planner.engine.hosting_options import CLAIM, Gap, HostedModel, ServerClaim
from planner.engine.sensitivity import InputRange, Sensitivity, Swing
from planner.engine.serving import MeasuredRate
from planner.views.formatting import count, listed, plural, share, times, usd, usd_cents, usd_per_mtok
from pricing.hardware import CapacityFit, load_hardware

NEVER = "never"

PARTS = {
    "rent_usd": "Servers at work", "depreciation_usd": "Write-off of servers", "capital_usd": "Cost of capital",
    "colocation_usd": "Rack space", "maintenance_usd": "Maintenance", "power_usd": "Power", SPARE: "Spare servers",
    "overhead_usd": "Overhead on rent", "people_usd": "People", "other_fixed_usd": "Other fixed cost",
    "egress_usd": "Network out", API: "API", OTHER: "Fees and upkeep",
}
"""What a month is paid for, in words."""


def input_words(value: float, unit: str) -> str:
    """A value of an input with its unit, as short as a chart needs it.

    >>> input_words(1.89, "USD per GPU-hour"), input_words(0.8, "share"), input_words(1.6, "times")
    ('$1.89', '80 %', '1.6×')
    """
    if unit.startswith("USD"):
        return usd_cents(value) if "hour" in unit else usd(value)
    if unit.startswith("share"):
        return share(value)
    return times(value) if unit.startswith("times") else count(value)


def volume_words(requests: float | None) -> str:
    """A break-even: requests a month, from the first request, or never.

    >>> volume_words(1_829_782.0), volume_words(0.0), volume_words(None)
    ('1.83M', 'from the first request', 'never')
    """
    if requests is None:
        return NEVER
    return "from the first request" if requests == 0 else count(requests)


def _range(given: InputRange) -> str:
    return f"{input_words(given.low, given.unit)} to {input_words(given.high, given.unit)}"


def moves_break_even(swing: Swing) -> bool:
    """Whether the two ends of an input have different break-evens."""
    return swing.break_even_swing > 0


def sensitivity_sentence(found: Sensitivity) -> str:
    """Which input moves the break-even most, from where to where."""
    if not found.swings:
        return "Nothing in this comparison has a range."
    first = found.swings[0]
    label, spans = first.input.label, _range(first.input)
    if moves_break_even(first):
        low, high = (input_words(end, first.input.unit) for end in (first.input.low, first.input.high))
        return (f"{label} moves the break-even most: at {low} {_comes(first.low_break_even)}, at {high} "
                f"{_comes(first.high_break_even)}.")
    settled = found.planned_break_even
    ever = ("There is no lasting break-even, and no input alone brings one" if settled is None else
            "No input alone moves the break-even")
    return (f"{ever}. At today's volume {label.lower() if label[1:2].islower() else label} moves the difference most: "
            f"from {spans} it goes from {_gap(first.low_gap_usd)} to {_gap(first.high_gap_usd)}.")


def _comes(requests: float | None) -> str:
    if requests is None:
        return "it never comes"
    return "it is there from the first request" if requests == 0 else f"it comes at {count(requests)} requests a month"


def _gap(gap_usd: float) -> str:
    return f"{usd(abs(gap_usd))} {'more' if gap_usd > 0 else 'less'} a month"


def still_inputs(found: Sensitivity) -> str:
    """Inputs that do not move the break-even, and why that can be; empty without any."""
    still = [swing.input.label for swing in found.swings if not moves_break_even(swing)]
    if not still or found.planned_break_even is None:
        return ""
    return (f"{listed(still)} {'does' if len(still) == 1 else 'do'} not move it: at the break-even as many servers run "
            "either way.")


# --- what a server has to do, and pooling ---------------------------------------------------------------------------


def duty_sentence(duty: ReplicaDuty) -> str:
    """Requests a second needed and available, and when the next server starts."""
    need, have = duty.pooled.requests_per_s, duty.available_requests_per_s
    if need <= 0:
        return f"{duty.model} gets no requests yet; {plural(duty.carrying + duty.spare, 'server')} would run."
    room = duty.headroom
    said = (f"{duty.model}: in the busiest hour {count(need)} requests a second are needed; "
            f"{plural(duty.carrying, 'server')} {'serves' if duty.carrying == 1 else 'serve'} {count(have)}")
    said += f", and {duty.spare} {'stands' if duty.spare == 1 else 'stand'} by. " if duty.spare else ". "
    more = (f"The next server starts after {count(room.requests_per_month)} more requests a month "
            f"({share(room.share)} more)")
    return said + more + (f", in month {room.months} at your growth." if room.months is not None else ".")


def pooling_sentence(found: Pooling) -> str:
    """Pooled against separate servers, and why they differ."""
    pooled, apart = found.pooled_replicas, found.separate_replicas
    saved = found.separate_servers_usd - found.pooled_servers_usd
    less = f"{plural(pooled, 'server')} in one pool against {apart} in a pool for each kind of work"
    money = f", {usd(abs(saved))} {'less' if saved > 0 else 'more'} a month" if abs(saved) >= 0.5 else ""
    reasons = [
        f"{reason} saves {number}" for number, reason in (
            (found.shared_spare, "sharing the spare"), (found.shared_rest, "filling up part-used servers"),
            (found.floor, "counting the least number once")) if number > 0
    ]
    if found.strictness > 0:
        reasons.append(f"planning all of it for the strictest waiting time costs {found.strictness}")
    batch = any(each.latency_class == "batch" for each in found.alone)
    tail = (" Batch work counts at its mean in the busiest hour too; that it could wait for the night is not counted."
            if batch else "")
    return f"{less}{money}: {listed(reasons) if reasons else 'nothing is shared'}.{tail}"


# --- how far the capacity law can be trusted ------------------------------------------------------------------------


def at_most_times(factor: float) -> str:
    """A multiple that is not passed: two decimals, rounded up.

    >>> at_most_times(1.748), at_most_times(1.0301)
    ('1.75×', '1.04×')
    """
    return f"{math.ceil(factor * 100 - 1e-9) / 100:.2f}×"


def _within(found: Agreement, whose: str) -> str:
    bias = ("no bias" if abs(found.median_ratio - 1.0) < 0.05 else
            f"{share(abs(found.median_ratio - 1.0))} {'more' if found.median_ratio > 1 else 'less'} than predicted")
    if found.count == 1:
        return f"within {at_most_times(found.worst_factor)} of 1 measurement {whose}"
    return (f"within {at_most_times(found.median_factor)} of half of {plural(found.count, 'measurement')} {whose} and "
            f"within {at_most_times(found.worst_factor)} of all (middle one: {bias})")


def capacity_words(hosted: Hosted, register: Register) -> str:
    """What the speed of an own endpoint rests on, and how well it agrees with measurements that it has not seen."""
    machine = hosted.machine
    if isinstance(machine.capacity, MeasuredRate):
        return "The speed is your own measurement."
    fit = machine.fit
    if fit is None:
        return "The speed is a law of your own." if machine.capacity is not None else "The speed is not known."
    rows = unseen(machine.model_id, machine.gpu.name, latency_factors(register))
    seen = (f"The speed is fitted to {fit.shapes_used} lengths of {fit.source.split('@')[0].strip()} (at most "
            f"{share(fit.max_abs_error_share)} off)")
    said = []
    for group, whose in (("other_source", "of other sources"), ("other_edition", "of other editions of it")):
        found = agreement(each for each in rows if each.group == group)
        if found is not None:
            said.append(_within(found, whose))
    if not said:
        return f"{seen}; no other measurement of this model on this GPU is known to check it against."
    return f"{seen}; it lies {listed(said)}."


def capacity_summary(register: Register) -> str:
    """All models together: how well the law agrees with what it has not seen, and what carrying it on is worth."""
    rows = compared_rows(latency_factors(register), load_hardware())
    fresh = [each for each in rows if each.group != "fitted"]
    other = agreement(each for each in fresh if each.group == "other_source" and each.is_newest)
    edition = agreement(each for each in fresh if each.group == "other_edition" and each.is_newest)
    outside = agreement(each for each in fresh if each.is_outside)
    said = [_within(found, whose) for found, whose in (
        (other, "of other sources"), (edition, "of other editions")) if found is not None]
    tail = "" if outside is None else (
        f" Outside the lengths of a fit the law is carried on: {plural(outside.count, 'measurement')} there "
        f"{'lies' if outside.count == 1 else 'lie'} within {at_most_times(outside.worst_factor)} of it.")
    checked = {_machine(each.fit) for each in fresh if each.is_newest}
    fits = {_machine(each) for each in load_hardware().fits}
    none = len(fits - checked)
    rest = f" For {none} of {plural(len(fits), 'machine')} with a fit there is no such measurement." if none else ""
    return f"Against measurements that no fit has seen, the law lies {listed(said)}.{tail}{rest}" if said else ""


def _machine(fit: CapacityFit) -> tuple[str, str, int, str]:
    return fit.source_model, fit.gpu, fit.gpus_per_replica, fit.precision


# --- hosts, and the article's sum -----------------------------------------------------------------------------------


def claim_words(gap: Gap) -> str:
    """The articles' "40-70 % below" for one pair: true, or how it is false."""
    low, high = (share(each).removesuffix(" %") for each in CLAIM)
    quoted = f'"{low}-{high} % below"'
    if gap.holds:
        return f"{quoted} is true here: {share(gap.below_share)} below {gap.label}"
    if gap.below_share < 0:
        return f"{quoted} is false here: {share(-gap.below_share)} above {gap.label}"
    side = "further" if gap.below_share > CLAIM[1] else "less"
    return f"{quoted} is false here: {share(gap.below_share)} below {gap.label}, {side} than that"


def hosted_sentence(found: HostedModel) -> str:
    """The cheapest host of the same model, beside own servers and the vendor's own models."""
    best = found.cheapest
    if best is None or best.spend_usd is None:
        return f"Nobody in the price tables hosts {found.model} for this work."
    gap = found.own_usd - best.spend_usd
    said = (f"{best.label} would cost {usd(best.spend_usd)} a month for this work, {usd(abs(gap))} "
            f"{'less' if gap > 0 else 'more'} than own servers.")
    return " ".join([said, *(f"{claim_words(each)}." for each in found.gaps)])


def server_claim_sentence(found: ServerClaim) -> str:
    """The article's sum and what becomes of it: when it holds, and when it does not."""
    ratio = found.claimed_api_usd / found.bare_rent_usd if found.bare_rent_usd > 0 else float("inf")
    sum_of_articles = (
        f"{found.machine} rent for {usd(found.bare_rent_usd)} a month and could carry {count(found.flat_out_tokens)} "
        f"tokens at full speed day and night, which is {usd(found.claimed_api_usd)} of API at "
        f"{usd_per_mtok(round(found.usd_per_mtok, 2))} per 1M tokens: {times(ratio)} the rent."
    )
    real = (
        f"With spare servers, overhead and people the first step costs {usd(found.first_step_usd)}, and at your "
        f"waiting times and busiest hour one server carries {count(found.usable_tokens)} tokens, "
        f"{usd(found.usable_api_usd)} of API."
    )
    if not found.holds_at_capacity:
        return f"{sum_of_articles} {real} So the sum does not hold at this price, even with a full server."
    need = f"it holds from about {count(found.break_even_tokens)} tokens a month"
    here = (f"you send {count(found.plan_tokens)}, {usd(found.plan_api_usd)} of API against {usd(found.plan_usd)}")
    return (f"{sum_of_articles} {real} So {need}; {here}, so it {'holds' if found.holds_for_plan else 'does not hold'} "
            "for this plan.")
