"""A category's month in one scenario, worked through formula by formula with the plan's own numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from planner.domain.strategies import strategy_for
from planner.engine.endpoints import Column, EndpointState
from planner.engine.error_rates import ORIGINS
from planner.engine.evaluate import Evaluation, ScenarioResult
from planner.views.formatting import count_whole, listed, share, usd, usd_cents, usd_per_mtok
from planner.views.model_list import ORIGIN_WORDS
from planner.views.wording import strategy_phrase


@dataclass(frozen=True, slots=True)
class Step:
    """One formula: what it is, how it reads, the same with numbers, and its result."""

    title: str
    formula: str
    numbers: str
    result: str
    note: str = ""


def worked_steps(evaluation: Evaluation, result: ScenarioResult, k: int) -> tuple[Step, ...]:
    """Every step from tokens to the total of category ``k``; sections are those of the method."""
    return (*_volume(evaluation, k), *_requests(evaluation, result, k), *_spend(evaluation, result, k),
            *_errors(evaluation, result, k), *_sum(result, k))


def _volume(evaluation: Evaluation, k: int) -> Iterator[Step]:
    d = evaluation.demand
    n, sent, written = float(d.requests[k]), float(d.input_tokens[k]), float(d.output_tokens[k])
    yield Step("Volume", "tokens a month = requests × (tokens in + tokens out)",
               f"{count_whole(n)} × ({count_whole(sent)} + {count_whole(written)})", count_whole(n * (sent + written)))


def _requests(evaluation: Evaluation, result: ScenarioResult, k: int) -> Iterator[Step]:
    setting, d = evaluation.setting, evaluation.demand
    columns = _columns(evaluation, result, k)
    for column, state in columns:
        if state.rates is None or state.kind == "self_hosted":
            continue
        rates = state.rates
        fresh = 1 - float(d.cached_share[k]) - float(d.cache_write_share[k])
        parts = [f"{count_whole(float(d.input_tokens[k]))} × ({share(fresh)} × {_price(rates.input)}"]
        if d.cached_share[k] > 0:
            parts.append(f"{share(float(d.cached_share[k]))} × {_price(rates.cache_read)}")
        if d.cache_write_share[k] > 0:
            parts.append(f"{share(float(d.cache_write_share[k]))} × {_price(rates.cache_write)}")
        answer = f"{count_whole(float(d.output_tokens[k]))} × {_price(rates.output)}"
        plain = (float(d.input_tokens[k]) * (fresh * _value(rates.input) + float(d.cached_share[k]) * _value(
            rates.cache_read) + float(d.cache_write_share[k]) * _value(rates.cache_write)) + float(
            d.output_tokens[k]) * _value(rates.output)) / 1e6 + _value(rates.fee_per_request)
        cost = float(setting.costs.mean[k, setting.columns[column]])
        note = "" if np.isclose(plain, cost, rtol=1e-9) else (
            "Batch share, long prompts, tokenizer or thinking change the plain figure of " f"{usd(plain)}.")
        yield Step(f"One request at {state.short}",
                   "(tokens in × (fresh × input + cached × read + written × write) + tokens out × output) ÷ 1,000,000",
                   f"({' + '.join(parts)}) + {answer}) ÷ 1,000,000", usd(cost), note)


def _columns(evaluation: Evaluation, result: ScenarioResult, k: int) -> list[tuple[Column, EndpointState]]:
    """Endpoints that get calls of the category, in the mode without thinking first."""
    setting = evaluation.setting
    used = {use.id for use in result.endpoints if use.calls_by_category[k] > 0}
    return [(column, setting.states[column.name]) for column in setting.columns
            if setting.states[column.name].id in used]


def _spend(evaluation: Evaluation, result: ScenarioResult, k: int) -> Iterator[Step]:
    states = evaluation.setting.states
    strategy = strategy_for(result.strategy, evaluation.demand.names[k])
    uses = [use for use in result.endpoints if use.calls_by_category[k] > 0]
    numbers = [f"{use.label}: {count_whole(float(use.calls_by_category[k]))} calls, "
               f"{usd_cents(float(use.spend_by_category[k]))}" for use in uses]
    yield Step("Spend", "spend = requests × calls per request × cost of a call, summed over endpoints, with retries",
               "; ".join(numbers), usd_cents(float(result.outcome.spend_usd[k])),
               f"Routed as: {strategy_phrase(strategy, states)}.")


def _errors(evaluation: Evaluation, result: ScenarioResult, k: int) -> Iterator[Step]:
    d, outcome = evaluation.demand, result.outcome
    served, e = float(outcome.served_requests[k]), float(outcome.error_share[k])
    origin = ORIGIN_WORDS[ORIGINS[int(outcome.origin[k])]].lower()
    grounds = [(state.short, evaluation.setting.rates.grounds.get((k, evaluation.setting.columns[column]), ""))
               for column, state in _columns(evaluation, result, k)]
    note = f"As a whole the rate counts as {origin}. " + " ".join(f"{name}: {ground}." for name, ground in grounds
                                                                  if ground)
    yield Step("Wrong answers", "errors = served requests × error rate", f"{count_whole(served)} × {share(e)}",
               f"{float(outcome.follows.expected_errors[k]):,.1f}", note.strip())
    reviewed, caught = float(d.review_share[k]), float(d.catch_share[k])
    yield Step(
        "Error cost",
        "errors × ((1 - reviewed × caught) × cost of an error + reviewed × caught × cost of a correction)",
        f"{float(outcome.follows.expected_errors[k]):,.1f} × ((1 - {share(reviewed)} × {share(caught)}) × "
        f"{usd_cents(float(d.error_cost_usd[k]))} + {share(reviewed)} × {share(caught)} × "
        f"{usd_cents(float(d.fix_usd[k]))})", usd_cents(float(outcome.follows.error_cost_usd[k])))
    if outcome.follows.review_cost_usd[k] > 0:
        yield Step("Review", "served × reviewed × cost of a review, and corrections after false alarms",
                   f"{count_whole(served)} × {share(reviewed)} × {usd_cents(float(d.review_usd[k]))}",
                   usd_cents(float(outcome.follows.review_cost_usd[k])))
    if outcome.follows.handoff_cost_usd[k] > 0:
        yield Step("Hand-off", "requests × share handed over × cost of a hand-over",
                   f"{count_whole(float(d.requests[k]))} × {share(float(d.handoff_share[k]))} × "
                   f"{usd_cents(float(d.handoff_usd[k]))}", usd_cents(float(outcome.follows.handoff_cost_usd[k])))


def _sum(result: ScenarioResult, k: int) -> Iterator[Step]:
    outcome, follows = result.outcome, result.outcome.follows
    yield Step("Invoice", "invoice = spend + fixed cost",
               f"{usd_cents(float(outcome.spend_usd[k]))} + {usd_cents(float(outcome.fixed_cost_usd[k]))}",
               usd_cents(float(outcome.invoice_usd[k])))
    parts = [float(outcome.invoice_usd[k]), float(follows.error_cost_usd[k]), float(follows.review_cost_usd[k]),
             float(follows.handoff_cost_usd[k])]
    yield Step("Total", "total = invoice + error cost + review + hand-off",
               " + ".join(usd_cents(part) for part in parts), usd_cents(float(outcome.total_usd[k])))


def _price(value: object) -> str:
    return usd_per_mtok(_value(value))


def _value(value: object) -> float:
    return float(np.asarray(value, float))


GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Invoice", "What sellers and hosting charge: spend on tokens and fixed cost."),
    ("Total", "Invoice, expected cost of errors, review and hand-off. Recommendations go by the total."),
    ("Error rate", "Share of served requests that are answered wrong, before review."),
    ("Residual error rate", "What is left after review."),
    ("Complex share", "Share of requests that need judgement or several steps: the hardest part of the work."),
    ("Split", "A part of the requests goes to a small model, decided before the call."),
    ("Cascade", "The small model tries first; answers that fail a check are asked again at the next model."),
    ("Escalation", "The share of requests that leave the first stage of a cascade."),
    ("Two modes", "One model, with thinking for the hard requests and without for the rest."),
    ("Baseline", "The scenario that savings are measured against."),
    ("Break-even", "The volume from which one bill is the lower; for good if it stays so at any larger volume."),
    ("Replica", "One copy of a model on your own GPUs."),
    ("Utilisation", "Share of the capacity that you plan to use in the busiest hour."),
    ("p95", "95 of 100 requests stay under this value."),
)
NOT_COUNTED: tuple[str, ...] = (
    "Building the product: prompts, evaluation, integration and change of models, apart from set-up that you enter.",
    "Uptime: no cost is put on an hour in which a seller or your own servers are down.",
    "Latency under load: a target filters what is allowed, but no cost is put on waiting.",
    "Security, privacy and legal review, and what a breach would cost.",
    "Rate limits, quotas and minimum commitments of sellers.",
    "Taxes, currency and payment terms. All amounts are US dollars before tax.",
    "Contracts: prices are list prices of the price date, less the discounts that you enter.",
    "Fees for tools such as web search, unless an endpoint's fee per request holds them.",
)


def origins_in_words(evaluation: Evaluation) -> str:
    """Where the error rates of a plan come from, weakest last."""
    found = sorted({int(value) for result in evaluation.scenarios for value in result.outcome.origin})
    return listed([ORIGIN_WORDS[ORIGINS[index]].lower() for index in found])
