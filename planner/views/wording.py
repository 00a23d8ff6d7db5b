"""Sentences: what to run, why, and what would change it. Every number in them is computed and formatted here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from planner.domain.strategies import Allocation, Cascade, Single, Split, Strategy, TwoModes, strategy_for
from planner.engine.crossover import Crossover
from planner.engine.endpoints import EndpointState
from planner.engine.evaluate import ScenarioResult
from planner.engine.payback import Payback
from planner.engine.recommend import RECOMMENDED, CategoryChoice, Recommendation
from planner.engine.relaxations import Relaxation
from planner.engine.study import Study
from planner.engine.turning import Threshold
from planner.views.formatting import count, listed, plural, share, times, usd

CONFIDENCE = {"clear": "Clear", "likely": "Likely", "too_close": "Too close to call"}

SIZE_WORDS = {"small": "a small model", "medium": "a medium model", "large": "a large model",
              "self_hosted": "a model on your own machines"}


@dataclass(frozen=True)
class Reason:
    """One reason of a recommendation."""

    claim: str
    """Three to five words."""
    because: str
    """One sentence with its number."""
    changes_if: str | None
    """The nearest threshold, in words."""


def short_name(endpoint: str, states: Mapping[str, EndpointState]) -> str:
    """An endpoint's short name."""
    return states[endpoint].short if endpoint in states else endpoint


def strategy_phrase(strategy: Strategy, states: Mapping[str, EndpointState]) -> str:
    """A strategy as a noun phrase: ``75 % Haiku 4.5, 25 % Opus 4.5``."""

    def named(endpoint: str) -> str:
        return short_name(endpoint, states)

    match strategy:
        case Single(model=model):
            return named(model)
        case Split(small=small, large=large, small_share=part, random=at_random) if part is not None:
            order = " at random" if at_random else ""
            return f"{share(part)} {named(small)}, {share(1 - part)} {named(large)}{order}"
        case Split(small=small, large=large):
            return f"{named(small)} or {named(large)}, by a router"
        case Cascade(stages=stages):
            return f"{named(stages[0])} first, then {listed([named(stage) for stage in stages[1:]], 'then')}"
        case TwoModes(model=model, thinking_share=part):
            return f"{named(model)}, thinking on {share(part)}"
        case Allocation():
            return "its own strategy per category"


def command(strategy: Strategy, states: Mapping[str, EndpointState]) -> str:
    """A strategy as something to do, verb first, without a full stop."""

    def named(endpoint: str) -> str:
        return short_name(endpoint, states)

    match strategy:
        case Single(model=model):
            return f"Run {named(model)} for everything"
        case Split(small=small, large=large, small_share=part) if part is not None:
            return f"Send {share(part)} of requests to {named(small)}, keep {named(large)} for the hard ones"
        case Split(small=small, large=large):
            return f"Route easy requests to {named(small)} and hard ones to {named(large)}"
        case Cascade(stages=stages):
            later = listed([named(stage) for stage in stages[1:]], "then")
            return f"Ask {named(stages[0])} first, and {later} if a check fails"
        case TwoModes(model=model, thinking_share=part):
            return f"Run {named(model)}, with thinking on the hardest {share(part)}"
        case Allocation():
            return "Choose per category"


def _grouped(strategy: Allocation, names: tuple[str, ...]) -> list[tuple[Strategy, list[str]]]:
    groups: dict[Strategy, list[str]] = {}
    for name in names:
        groups.setdefault(strategy_for(strategy, name), []).append(name)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def headline(study: Study) -> tuple[str, str, str]:
    """The recommendation in three parts: what to do, the money to stress, and the comparison.

    ``"".join(...)`` is the whole sentence.
    """
    advice = study.recommendation
    if not study.plan.workload.categories:
        return "No traffic yet", "", ": enter what you ask of the models, or start from a template."
    if not study.plan.scenarios and advice.scenario is None:
        return "No scenario yet", "", ": name a model that could do the work."
    if advice.scenario is None:
        return "Nothing in this plan can serve the workload", "", ". See what stands in the way below."
    best, states = advice.scenario, advice.setting.states
    doing = command(best.strategy, states)
    if isinstance(best.strategy, Allocation):
        groups = _grouped(best.strategy, advice.setting.demand.names)
        named = listed(_models(best, advice))
        doing = f"Choose per category among {named}" if len(groups) > 1 else command(groups[0][0], states)
    if not advice.feasible:
        names = listed([LIMITS.get(limit, limit) for limit in advice.binding_limits])
        doing = f"Nothing keeps {names}. The cheapest way to give way: {doing[:1].lower()}{doing[1:]}"
    invoice = best.total("invoice_usd")
    money = f"{usd(invoice)} a month"
    return f"{doing}: ", money, f"{_against(best, advice.baseline)}."


def _models(result: ScenarioResult, advice: Recommendation) -> list[str]:
    by_id = {state.id: state.short for state in advice.setting.states.values()}
    uses = sorted(result.endpoints, key=lambda use: -use.requests)
    return [by_id[use.id] for use in uses if use.id in by_id]


def _against(best: ScenarioResult, baseline: ScenarioResult | None) -> str:
    if baseline is None or baseline.strategy == best.strategy:
        return ""
    mine, other = best.total("invoice_usd"), baseline.total("invoice_usd") if baseline.is_priced else None
    if not other or mine is None:
        return ""
    change = 1 - mine / other
    if abs(change) < 0.005:
        return f", the same as {baseline.name}"
    return f", {share(abs(change))} {'less' if change > 0 else 'more'} than {baseline.name}"


def sentence(study: Study) -> str:
    """The recommendation in one sentence."""
    return "".join(headline(study))


def deck(study: Study) -> str:
    """The sentence below the headline: errors and the total against the baseline."""
    best, baseline = study.recommendation.scenario, study.recommendation.baseline
    if best is None or not study.plan.workload.categories:
        return ""
    errors, total = best.total("error_cost_usd"), best.total("total_usd")
    if baseline is None or not baseline.is_priced or baseline.strategy == best.strategy or total is None:
        return f"Wrong answers cost {usd(errors)} a month on top; {usd(total)} in all."
    change = (errors or 0.0) - (baseline.total("error_cost_usd") or 0.0)
    saved = (baseline.total("total_usd") or 0.0) - total
    moved = (
        "Expected error cost stays the same." if abs(change) < 0.5
        else f"Expected error cost {'rises' if change > 0 else 'falls'} {usd(abs(change))} a month."
    )
    return f"{moved} In total you {'save' if saved >= 0 else 'pay'} {usd(abs(saved))}{'' if saved >= 0 else ' more'}."


def threshold_words(threshold: Threshold, states: Mapping[str, EndpointState]) -> tuple[str, str]:
    """What has to happen, and what then becomes the better answer."""
    then, subject, at = strategy_phrase(threshold.then, states), threshold.subject, threshold.threshold
    more = at > threshold.now
    match threshold.kind:
        case "error_cost":
            words = f"an error in {subject} costs {'over' if more else 'under'} {usd(at)}"
        case "volume":
            words = f"{subject} {'passes' if more else 'falls below'} {count(at)} requests a month"
        case "complex_share":
            words = f"the complex share of {subject} {'rises above' if more else 'falls below'} {share(at)}"
        case "escalation":
            words = f"the check sends on more than {share(at)} of {subject} (expected {share(threshold.now)})"
        case "accepted_error":
            words = (f"more than {share(at)} of the answers that the check lets pass in {subject} are wrong "
                     f"(expected {share(threshold.now)})")
        case "small_error":
            words = (f"more than {share(at)} of what the small model answers in {subject} is wrong "
                     f"(expected {share(threshold.now)})")
        case _ if at >= 3:
            words = f"{subject} costs {times(at)} as much"
        case _:
            words = f"the price of {subject} {'rises' if more else 'falls'} {share(abs(at - 1.0))}"
    return words, then


LIMITS = {
    "monthly_budget_usd": "the budget", "min_vendors": "the number of sellers",
    "max_vendor_share": "the largest share of one seller", "max_error_rate": "the error ceiling",
    "in_house_only": "staying in house", "p95_latency_s": "the time limit", "batch_share": "the batch service",
    "max_prompt_tokens": "the longest prompt",
}
"""Limits of a plan as they are called in a sentence."""


def relaxation_words(found: Relaxation, states: Mapping[str, EndpointState]) -> str:
    """One way to give way, and what it costs: a sentence without full stop."""
    where = "" if found.category is None else f" {found.category}"
    money = f"{usd(found.invoice_usd)} a month, {usd(found.total_usd)} with errors"
    match found.limit:
        case "monthly_budget_usd":
            doing = f"Raise the budget from {usd(found.now)} to {usd(found.needed)} a month"
        case "requests":
            doing = f"Do {share(found.needed)} of the work within the budget"
        case "min_vendors":
            doing = f"Ask for {plural(found.needed or 0.0, 'seller')} instead of {count(found.now)}"
        case "max_vendor_share":
            doing = f"Let one seller have {share(found.needed)} of the invoice instead of {share(found.now)}"
        case "max_error_rate":
            at = f" in{where}" if where else ""
            doing = f"Accept up to {share(found.needed)} wrong answers{at} instead of {share(found.now)}"
        case "in_house_only":
            doing = f"Let{where or ' the work'} leave the house"
        case "p95_latency_s":
            doing = f"Lift the time limit of{where or ' all categories'}"
        case "batch_share":
            doing = f"Send{where or ' the work'} outside the batch service"
        case _:
            doing = f"Keep the prompts of{where or ' all categories'} near their mean length"
    how = "a mix per category" if isinstance(found.strategy, Allocation) else strategy_phrase(found.strategy, states)
    return f"{doing}: {how[:1].upper()}{how[1:]} costs {money}" if found.limit != "requests" else f"{doing}: {money}"


def payback_words(found: Payback, states: Mapping[str, EndpointState]) -> str:
    """When a one-off cost has paid for itself: a sentence."""
    name = short_name(found.endpoint, states)
    if found.months is None:
        return f"{name} does not earn back its {usd(found.one_off_usd)}: it saves nothing against what else can be run."
    instead = listed(list(dict.fromkeys(strategy_phrase(each, states) for each in found.instead_of)))
    return (
        f"{name} earns back its {usd(found.one_off_usd)} in {plural(round(found.months, 1), 'month')}: it saves "
        f"{usd(found.saving_usd)} a month against {instead}."
    )


def limit_notes(study: Study) -> tuple[str, ...]:
    """What a reader should know of how the limits are kept."""
    advice, limits, said = study.recommendation, study.plan.limits, []
    least = advice.smallest_vendor_share
    if limits.min_vendors > 1 and limits.max_vendor_share >= 1.0 and advice.feasible and least is not None:
        said.append(
            f"The smallest seller gets {share(least)} of the invoice. A number of sellers alone is kept by moving the "
            "smallest piece of work: a limit on the largest share of one seller (max_vendor_share) spreads more."
        )
    if advice.gap > 0:
        said.append(f"The optimiser stopped within {share(advice.gap)} of the least total.")
    return tuple(said)


def reasons(study: Study) -> tuple[Reason, ...]:
    """Up to three reasons in order of weight, each with its number and its nearest threshold."""
    best = study.recommendation.scenario
    if best is None or not best.endpoints:
        return ()
    found = [_invoice_reason(study, best), _error_reason(study, best), _hosting_reason(study)]
    return tuple(reason for reason in found if reason is not None)


def _nearest(study: Study, kind: Literal["price", "error_cost"]) -> str | None:
    turns, states = study.recommendation.turns, study.recommendation.setting.states
    if turns is None:
        return None
    found = turns.prices if kind == "price" else turns.error_costs
    return threshold_words(found[0], states)[0] if found else None


def _invoice_reason(study: Study, best: ScenarioResult) -> Reason:
    calls = sum(use.requests for use in best.endpoints if use.id in _ids(study))
    main = max((use for use in best.endpoints if use.id in _ids(study)), key=lambda use: use.requests)
    part = main.requests / calls if calls else 1.0
    label = short_name_of(main.id, study)
    baseline = study.recommendation.baseline
    if baseline is not None and baseline.is_priced and baseline.strategy != best.strategy:
        because = (
            f"{label} takes {share(part)} of the calls; the invoice goes from {usd(baseline.total('invoice_usd'))} to "
            f"{usd(best.total('invoice_usd'))} a month."
        )
    else:
        each = (best.total("invoice_usd") or 0.0) / max(best.total("requests") or 0.0, 1.0) * 1000
        because = f"{label} takes {share(part)} of the calls, at {usd(each)} per 1,000 requests in all."
    return Reason(f"{label} does most of the work", because, _nearest(study, "price"))


def short_name_of(endpoint_id: str, study: Study) -> str:
    """An endpoint's short name by its id."""
    states = study.recommendation.setting.states.values()
    return next((state.short for state in states if state.id == endpoint_id), endpoint_id)


def _ids(study: Study) -> set[str]:
    return {state.id for state in study.recommendation.setting.states.values()}


def _error_reason(study: Study, best: ScenarioResult) -> Reason | None:
    cost = best.outcome.follows.error_cost_usd
    total = float(cost.sum())
    if total <= 0:
        return None
    k = int(cost.argmax())
    name = study.recommendation.setting.demand.names[k]
    where = "" if len(cost) == 1 else f", {share(float(cost[k]) / total)} of it in {name}"
    invoice = best.total("invoice_usd") or 0.0
    claim = "Errors cost more than models" if total > invoice else "Errors stay affordable"
    return Reason(claim, f"Wrong answers cost {usd(total)} a month{where}.", _nearest(study, "error_cost"))


def _hosting_reason(study: Study) -> Reason | None:
    found = study.self_host
    if found is None:
        return _rules_reason(study)
    if isinstance(found, str):
        return Reason("Self-hosting is not an option yet", f"{found.rstrip('.')}.", None)
    requests = count(found.invoice.today.requests_per_month)
    floor = usd(found.invoice.floor_cost_usd)
    permanent = found.invoice.permanent
    if found.invoice.today.requests_per_month == 0:
        return Reason("No traffic to host yet", f"Own servers cost {floor} a month before the first request.", None)
    if permanent is None:
        return Reason(
            "Self-hosting does not pay", f"It costs {floor} a month before the first request, and each further server "
            f"costs more than the bill of {called(found.incumbent)} that it replaces.", None,
        )
    at = permanent.requests_per_month
    if found.invoice.today.requests_per_month >= at:
        return Reason("Large enough to self-host", f"{requests} requests a month; self-hosting pays for good from "
                      f"{count(at)}.", f"volume falls below {count(at)} requests a month")
    multiple = found.invoice.today.multiple_of_break_even
    return Reason(
        "Too small to self-host", f"{requests} requests a month; self-hosting pays for good from {count(at)}.",
        f"volume grows {times(1 / multiple)}" if multiple else None,
    )


def _rules_reason(study: Study) -> Reason | None:
    choices = study.recommendation.categories
    if not choices:
        return None
    agreeing = sum(choice.agree for choice in choices)
    return Reason(
        "Rules of thumb " + ("agree" if agreeing == len(choices) else "differ in part" if agreeing else "differ"),
        f"They ask for the same size of model in {agreeing} of {len(choices)} categories.", None,
    )


def why(choice: CategoryChoice, states: Mapping[str, EndpointState]) -> str:
    """Why the economic verdict of a category agrees with the rules or differs from them."""
    if choice.strategy is None or choice.total_usd is None:
        stops = [each.infeasible_because for each in choice.alternatives if each.infeasible_because]
        return f"Nothing in this plan can serve it: {stops[0]}." if stops else "Nothing in this plan can serve it."
    doing = strategy_phrase(choice.strategy, states)
    wanted = SIZE_WORDS["self_hosted" if choice.rule.tier == "self_hosted" else choice.rule.size]
    if choice.agree:
        return f"Rules and figures both point to {wanted}; {doing} has a total of {usd(choice.total_usd)} a month."
    if choice.rule_total_usd is not None:
        theirs = f", which costs {usd(choice.rule_total_usd)} a month, errors included, at the least"
    elif choice.rule_stopped_by is not None:
        theirs = f", which cannot be run: {choice.rule_stopped_by}"
    else:
        theirs = ", and this plan names none"
    return (
        f"The rules ask for {wanted} ({', '.join(choice.rule.rules)}){theirs}. By the figures {doing} does it for "
        f"{usd(choice.total_usd)}."
    )


def called(result: ScenarioResult) -> str:
    """A scenario as it is called inside a sentence."""
    return "the recommended mix" if result.name == RECOMMENDED else result.name


def break_even_verdict(found: Crossover | str | None) -> tuple[str, str]:
    """The verdict of a challenger against an incumbent: a sentence, and what it depends on."""
    if found is None:
        return "No endpoint of this plan runs on your own machines.", "Add one to see when it would pay."
    if isinstance(found, str):
        return found, ""
    here, other = found.invoice.today, called(found.incumbent)
    gap = here.challenger_usd - here.incumbent_usd
    requests = count(here.requests_per_month)
    hosts = bool(found.challenger.hosted)
    stay = "Stay on the API" if hosts else f"Stay with {other}"
    go = "Self-host" if hosts else f"Change to {found.challenger.name}"
    mine = "self-hosting" if hosts else found.challenger.name
    verdict = (
        f"{stay}. At {requests} requests a month {mine} costs {usd(gap)} more." if gap > 0
        else f"{go}. At {requests} requests a month it costs {usd(-gap)} less than {other}."
    )
    return verdict, _when(found)


def _when(found: Crossover) -> str:
    permanent, today = found.invoice.permanent, found.invoice.today
    if today.requests_per_month == 0:
        return "There is no traffic yet: without a mix of requests no break-even can be told."
    if permanent is None:
        if found.invoice.crossings:
            first = found.invoice.crossings[0].requests_per_month
            return f"It pays for a while from {count(first)} requests a month, but never for good."
        if today.challenger_usd > today.incumbent_usd:
            return (
                f"It does not pay at any volume against {called(found.incumbent)}: one more server costs more than the "
                "bill it replaces."
            )
        return ""
    at = permanent.requests_per_month
    if at == 0:
        return f"It is the cheaper from the first request on against {called(found.incumbent)}."
    when = found.timing.reached_in_month
    reached = (
        "you are past that" if today.requests_per_month >= at
        else f"reached in month {when} at your growth" if when is not None
        else "beyond this plan's horizon at your growth"
    )
    multiple = f"{times(at / today.requests_per_month)} your volume" if today.requests_per_month else "no traffic yet"
    against = called(found.incumbent)
    return f"It pays for good from {count(at)} requests a month against {against}, {multiple}; {reached}."
