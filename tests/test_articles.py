"""The figures of the articles that this planner turns into software, reproduced at the prices of 2 December 2025.

The articles say what they assume in passing or not at all; each test says what it takes for their figure to come out.
"""

from __future__ import annotations

from typing import Any

import pytest

from planner.domain.plan import build_plan
from planner.engine.evaluate import Evaluation, ScenarioResult, evaluate
from planner.views.records import evaluation_values
from pricing.catalog import load_catalog

HAIKU, OPUS, OPUS_41 = "claude-haiku-4-5", "claude-opus-4-5", "claude-opus-4-1"


def run(scenarios: dict[str, Any], work: dict[str, Any] | None = None, **more: Any) -> Evaluation:
    """Scenarios on one category of 1,000 input and 200 output tokens; a bare name is a single model."""
    category = {"name": "Work", "requests_per_month": 100_000, "input_tokens_per_request": 1000,
                "output_tokens_per_request": 200} | (work or {})
    plan = build_plan({
        "price_date": "2025-12-02",
        "workload": {"categories": [category]},
        "scenarios": [
            {"name": name, "strategy": {"kind": "single", "model": how} if isinstance(how, str) else how}
            for name, how in scenarios.items()
        ], **more,
    })
    assert plan.price_date is not None
    return evaluate(plan, plan.price_date)


def spend(result: ScenarioResult) -> float:
    usd = result.total("spend_usd")
    assert usd is not None
    return usd


def saving(found: Evaluation, name: str) -> float:
    """Share of the baseline's spend that a scenario saves."""
    for values in evaluation_values(found)["scenarios"]:
        if values["name"] == name:
            share = values["saving_vs_baseline"]["spend_share"]
            assert isinstance(share, float)
            return share
    raise KeyError(name)


def hybrid(large: str, share: float = 0.75, **how: Any) -> dict[str, Any]:
    return {"kind": "split", "small": HAIKU, "large": large, "small_share": share, **how}


@pytest.mark.parametrize(
    ("model", "input_usd", "output_usd"), [(HAIKU, 1, 5), (OPUS, 5, 25), (OPUS_41, 15, 75)]
)
def test_the_prices_of_the_day(model: str, input_usd: float, output_usd: float) -> None:
    # a million requests of one input token, and of one output token
    for tokens, usd in (((1, 0), input_usd), ((0, 1), output_usd)):
        found = run({"One": model}, {"requests_per_month": 1_000_000, "input_tokens_per_request": tokens[0],
                                     "output_tokens_per_request": tokens[1]})
        assert spend(found.scenarios[0]) == pytest.approx(usd, rel=1e-12)


@pytest.mark.parametrize(("large", "share"), [(OPUS, 0.60), (OPUS_41, 0.70)])
def test_a_75_25_hybrid_saves_60_to_70_per_cent(large: str, share: float) -> None:
    # the price ratio is 5 and 15: 0.75 x (1 - 1/5) = 0.60, 0.75 x (1 - 1/15) = 0.70
    found = run({"All large": large, "Hybrid": hybrid(large)})
    assert saving(found, "Hybrid") == pytest.approx(share, rel=1e-12)


def test_it_saves_40_per_cent_where_the_complex_quarter_is_three_times_as_long() -> None:
    # the quarter that goes to Opus holds half of the tokens: 0.5 x (1 - 1/5)
    work = {"complex_share": 0.25, "complex_token_factor": 3}
    assert saving(run({"All large": OPUS, "Hybrid": hybrid(OPUS)}, work), "Hybrid") == pytest.approx(0.40, rel=1e-12)


def test_a_thousand_requests_fall_from_18_40_to_6_98() -> None:
    # 1,000 input and 536 output tokens cost 5,000 + 13,400 = $18,400 per million requests at Opus 4.5;
    # 77.58 % of them at a fifth of the price: 18.40 x (1 - 0.8 x 0.7758) = 6.98
    work = {"requests_per_month": 1000, "output_tokens_per_request": 536}
    found = run({"All large": OPUS, "Hybrid": hybrid(OPUS, 0.7758)}, work)
    before, after = (values["monthly"]["cost_per_1k_requests_usd"] for values in evaluation_values(found)["scenarios"])
    assert before == pytest.approx(18.40, rel=1e-12)
    assert round(after, 2) == 6.98
    assert round(saving(found, "Hybrid"), 2) == 0.62


def test_a_bill_of_15000_falls_to_5550_when_70_per_cent_of_it_costs_a_tenth() -> None:
    # 0.3 x 15,000 + 0.7 x 1,500
    tenth = {"kind": "custom", "input_usd_per_mtok": 0.5, "output_usd_per_mtok": 2.5}
    found = run(
        {"All large": OPUS, "Moved": {"kind": "split", "small": "tenth", "large": OPUS, "small_share": 0.7,
                                      "random": True}},
        {"requests_per_month": 1_500_000}, endpoints={"tenth": tenth},
    )
    assert [spend(result) for result in found.scenarios] == pytest.approx([15_000, 5_550], rel=1e-12)


def test_extraction_costs_85_per_cent_less_with_half_of_it_in_batch() -> None:
    # a fifth of the price, half of the requests at half of it: 0.2 x 0.75 = 0.15
    before = run({"Opus": OPUS}).scenarios[0]
    after = run({"Haiku": HAIKU}, {"batch_share": 0.5}).scenarios[0]
    assert spend(after) / spend(before) == pytest.approx(0.15, rel=1e-12)


def test_50000_conversations_cost_200_1000_or_3000() -> None:
    # 1,500 input and 500 output tokens: $0.004, $0.02 and $0.06
    found = run({"Haiku": HAIKU, "Opus": OPUS, "Opus 4.1": OPUS_41},
                {"requests_per_month": 50_000, "input_tokens_per_request": 1500, "output_tokens_per_request": 500})
    assert [spend(result) for result in found.scenarios] == pytest.approx([200, 1000, 3000], rel=1e-12)


@pytest.mark.parametrize(("solved", "left"), [(0.6, 0.60), (0.8, 0.40)])
def test_a_cascade_that_solves_60_to_80_per_cent_costs_60_to_40_per_cent(solved: float, left: float) -> None:
    # the first stage is paid for every request: 0.2 + 0.4 = 0.6 and 0.2 + 0.2 = 0.4 of Opus alone
    cascade = {"kind": "cascade", "stages": [HAIKU, OPUS], "accept_right": [solved], "accept_wrong": [solved],
               "escalated_token_factor": 1}
    assert saving(run({"All large": OPUS, "Cascade": cascade}), "Cascade") == pytest.approx(1 - left, rel=1e-12)


def test_opus_is_5_times_as_dear_as_haiku_and_opus_4_1_15_times() -> None:
    # "15 to 20 times", says one article of Opus 4.5: that was its predecessor
    haiku, opus, older = (spend(each) for each in run({"a": HAIKU, "b": OPUS, "c": OPUS_41}).scenarios)
    assert (opus / haiku, older / haiku) == pytest.approx((5, 15), rel=1e-12)


def test_a_server_of_3000_to_6000_replaces_20000_to_40000_of_api_bills_only_as_bare_rent() -> None:
    # Llama 3.3 70B on 2 x H100 at $4.02: one replica costs $5,869 and carries 11.67B tokens a month (1,500 + 500 each),
    # which at $2 per 1M tokens are $23,340; the whole cost of it, with a spare replica and people, is $17,912
    llama = {"kind": "self_hosted", "model": "llama-3.3-70b", "gpu": "H100 SXM", "gpus_per_replica": 2,
             "precision": "FP8", "usd_per_gpu_hour": 4.02, "latency_class": "standard", "egress_usd_per_gb": 0}
    bare = llama | {"redundancy": 0, "overhead": 0, "fte": 0}
    api = {"kind": "custom", "input_usd_per_mtok": 2, "output_usd_per_mtok": 2}
    work = {"requests_per_month": 5_832_000, "input_tokens_per_request": 1500, "output_tokens_per_request": 500}
    found = run({"Bare": "bare", "Full": "full", "API": "api"}, work,
                endpoints={"bare": bare, "full": llama, "api": api})
    assert [round(result.total("invoice_usd") or 0) for result in found.scenarios] == [5869, 17912, 23328]


def test_a_hosted_open_model_costs_40_to_70_per_cent_less_than_haiku_or_much_less_than_opus() -> None:
    # which pair is compared decides: computed from the tables, not taken from the article
    hosted = [f"{seller}/llama-3.3-70b" for seller in load_catalog().sellers("llama-3.3-70b")]
    priced = [result for result in run({name: name for name in hosted}).scenarios if result.is_priced]
    haiku, opus = (spend(each) for each in run({"a": HAIKU, "b": OPUS}).scenarios)
    shares = [1 - spend(result) / haiku for result in priced]
    assert len(shares) >= 3
    assert any(0.4 <= share <= 0.7 for share in shares)
    assert all(1 - spend(result) / opus > 0.7 for result in priced)
