"""Where error rates come from: the first origin that exists, its band, and the words that go with it."""

from __future__ import annotations

import csv
import time
from datetime import date
from typing import Any

import numpy as np
import pytest

from planner.domain.assumptions import register_of
from planner.domain.evidence import FOLDER, SkillLink, difficulty_anchors, load_evidence
from planner.domain.plan import build_plan
from planner.engine.error_rates import ORIGINS, ErrorRates, error_rates
from planner.engine.evaluate import evaluate, make_setting
from pricing.catalog import load_catalog

DAY = date(2026, 11, 25)
HAIKU, OPUS, LLAMA = "claude-haiku-4-5", "claude-opus-4-5", "groq/llama-3.3-70b"


def rates_of(task: str, models: list[str], **category: Any) -> ErrorRates:
    evaluations = category.pop("evaluations", [])
    plan = build_plan({
        "workload": {"categories": [{"name": "Work", "task": task, "requests_per_month": 1000,
                                     "input_tokens_per_request": 500, "output_tokens_per_request": 50, **category}]},
        "evaluations": evaluations,
        "scenarios": [{"name": model, "strategy": {"kind": "single", "model": model}} for model in models],
    })
    return make_setting(plan, DAY, [each.strategy for each in plan.scenarios], load_catalog()).rates


def origin(rates: ErrorRates, m: int = 0) -> str:
    return ORIGINS[int(rates.origin[0, m])]


def test_nothing_known_is_called_an_assumption_and_names_no_source() -> None:
    # Ability of GPT-4.1-like models is about 0, so an easy category is right in about 95 of 100 cases.
    rates = rates_of("qa", [HAIKU, OPUS], complexity="low")
    assert [origin(rates, m) for m in (0, 1)] == ["assumed", "assumed"]
    assert set(rates.grounds.values()) == {"assumption, not evidence"}
    # logit(0.95) + 0.63 * z on the language axis
    row = _ability_row("claude-haiku-4-5", "default")
    expected = 1 / (1 + np.exp(np.log(0.95 / 0.05) + 0.63 * float(row["language"])))
    assert rates.share[0, 0] == pytest.approx(expected, abs=1e-12)
    # the register believes 90 to 98 of 100 at ability 0
    for bound, accuracy in ((rates.low, 0.98), (rates.high, 0.90)):
        told = 1 / (1 + np.exp(np.log(accuracy / (1 - accuracy)) + 0.63 * float(row["language"])))
        assert bound[0, 0] == pytest.approx(told, abs=1e-12)


def _ability_row(model: str, effort: str) -> dict[str, str]:
    with (FOLDER / "model_abilities.csv").open(encoding="utf-8") as lines:
        return next(row for row in csv.DictReader(lines) if (row["model_id"], row["effort_class"]) == (model, effort))


def test_one_entered_rate_turns_public_scores_into_evidence() -> None:
    rates = rates_of("qa", [HAIKU, OPUS], error_rates={HAIKU: 0.08})
    assert (origin(rates, 0), rates.grounds[0, 0]) == ("entered", "entered by you")
    assert (rates.low[0, 0], rates.share[0, 0], rates.high[0, 0]) == (0.08, 0.08, 0.08)
    assert origin(rates, 1) == "evidence"
    # logit(0.92) + 0.63 * (z of Opus without much thinking - z of Haiku), band +- 0.61 logits
    z = [float(_ability_row(*each)["language"]) for each in ((OPUS, "low"), (HAIKU, "default"))]
    middle = np.log(0.92 / 0.08) + 0.63 * (z[0] - z[1])
    assert rates.low[0, 1] == pytest.approx(1 / (1 + np.exp(middle + 0.61)), abs=1e-9)
    assert rates.high[0, 1] == pytest.approx(1 / (1 + np.exp(middle - 0.61)), abs=1e-9)
    # the shown rate is the mean over the band, which lies above the rate at its middle
    draws = np.random.default_rng(1).normal(middle, 0.61 / 1.2816, 400_000)
    assert rates.share[0, 1] == pytest.approx(float((1 / (1 + np.exp(draws))).mean()), abs=2e-4)
    low, high = 100 * rates.low[0, 1], 100 * rates.high[0, 1]
    assert rates.grounds[0, 1] == (
        f"evidence: LiveBench 2026-01-08, anchored on claude-haiku-4-5 92 % (yours); 80 % band {low:.0f}–{high:.0f} %"
    )


def test_a_measured_rate_comes_first_with_its_interval() -> None:
    counted = [{"category": "Work", "models": {HAIKU: {"n": 400, "correct": 372}}}]
    rates = rates_of("qa", [HAIKU], error_rates={HAIKU: 0.5}, evaluations=counted)
    assert (origin(rates), rates.share[0, 0]) == ("measured", pytest.approx(0.07))
    assert rates.grounds[0, 0] == "measured by you, n = 400"
    # 80 of 100: Beta(28.5, 372.5) at 10 and 90 %
    assert (rates.low[0, 0], rates.high[0, 0]) == (pytest.approx(0.0555, abs=5e-4), pytest.approx(0.0880, abs=5e-4))


def test_two_measured_models_both_count() -> None:
    counted = [{"category": "Work", "models": {HAIKU: {"n": 100, "correct": 90}, OPUS: {"n": 100, "correct": 95}}}]
    rates = rates_of("qa", [HAIKU, OPUS, LLAMA], evaluations=counted)
    assert "anchored on 2 models" in rates.grounds[0, 2]
    each = [rates_of("qa", [model, LLAMA], error_rates={model: wrong}) for model, wrong in ((HAIKU, 0.1), (OPUS, 0.05))]
    # the mean of the two predicted logits: the band's ends lie between those of the single anchors
    ends = sorted(float(one.low[0, 1]) for one in each)
    assert ends[0] < rates.low[0, 2] < ends[1]


def test_public_scores_move_a_prediction_two_logits_and_no_further() -> None:
    # Code repair: 1.37 logits per unit of ability; Llama 3.1 8B lies far below Opus 4.8.
    far = rates_of("advanced_code", ["claude-opus-4-8", "groq/llama-3.1-8b"], error_rates={"claude-opus-4-8": 0.5})
    assert far.low[0, 1] == pytest.approx(1 / (1 + np.exp(-2 + 1.24)), abs=1e-9)


@pytest.mark.parametrize(
    ("model", "task", "words"),
    [
        (HAIKU, "summarisation", "hallucination 9.8 %, Vectara 2026-03-10"),
        (OPUS, "summarisation", "hallucination 10.9 %, Vectara 2026-03-10"),
        ("claude-haiku-5-5", "summarisation",
         "hallucination 9.8 %, Vectara 2026-03-10, claude-haiku-4-5 as a stand-in"),
    ],
)
def test_a_published_rate_of_summaries_is_evidence_as_it_stands(model: str, task: str, words: str) -> None:
    rates = rates_of(task, [model])
    assert (origin(rates), rates.grounds[0, 0]) == ("evidence", words)
    assert rates.share[0, 0] == pytest.approx(float(words.split()[1]) / 100)
    assert rates.low[0, 0] < rates.share[0, 0] < rates.high[0, 0]


def test_your_own_summaries_say_more_than_published_ones() -> None:
    # General ability does not separate models at summaries: what you measured holds for all of them.
    rates = rates_of("summarisation", [HAIKU, OPUS, LLAMA], error_rates={HAIKU: 0.03})
    assert rates.share[0, 1] == rates.share[0, 2]
    assert rates.low[0, 1] < 0.03 < rates.high[0, 1]
    assert "anchored on claude-haiku-4-5 97 % (yours), the same for every model" in rates.grounds[0, 1]
    assert "LiveBench" not in rates.grounds[0, 1]


@pytest.mark.parametrize("task", ["classification", "moderation", "routing", "extraction", "rag"])
def test_where_models_hardly_differ_the_product_says_measure(task: str) -> None:
    said = "Work: public benchmarks hardly separate models here; measure before paying more."
    assert said in rates_of(task, [HAIKU, OPUS], error_rates={HAIKU: 0.1}).notes
    both = rates_of(task, [HAIKU, OPUS], error_rates={HAIKU: 0.1, OPUS: 0.1})
    assert said not in both.notes  # nothing is left to predict


def test_agents_have_weak_evidence() -> None:
    rates = rates_of("agent", [HAIKU, OPUS], error_rates={HAIKU: 0.2})
    assert rates.grounds[0, 1].startswith("weak evidence: LiveBench 2026-01-08, anchored on claude-haiku-4-5 80 %")
    assert rates.high[0, 1] / rates.low[0, 1] > 8


def test_a_predecessor_stands_in_and_is_named() -> None:
    rates = rates_of("qa", [HAIKU, "claude-opus-5-5"], error_rates={HAIKU: 0.08})
    assert rates.notes == ("No public evidence for Claude Opus 5.5; predecessor Claude Opus 4.8 as a stand-in.",)
    assert "LiveBench 2026-01-08 of claude-opus-4-8 as a stand-in" in rates.grounds[0, 1]
    older = rates_of("qa", [HAIKU, "claude-opus-4-8"], error_rates={HAIKU: 0.08})
    assert rates.share[0, 1] == older.share[0, 1]


def test_a_stranger_is_taken_as_average_and_stays_an_assumption() -> None:
    rates = rates_of("qa", [HAIKU, "muse-spark-1.3"], error_rates={HAIKU: 0.08}, complexity="medium")
    assert origin(rates, 1) == "assumed"
    assert rates.share[0, 1] == pytest.approx(0.15)
    assert any("taken as average" in note for note in rates.notes)


def test_an_endpoint_without_thinking_takes_the_row_without_and_one_with_it_the_row_with() -> None:
    evidence = load_evidence(load_catalog())

    def z(thinking: bool, model: str = "gpt-5.1") -> float:
        ability = evidence.ability(model, "general", thinking)
        assert ability is not None
        return ability.z

    assert z(False) == -0.119  # off, not low, medium or high
    assert z(True) == 1.089  # high: there is no row "on"
    assert z(False, HAIKU) == -0.083  # default: there is no row "off"
    assert z(True, HAIKU) == 0.6  # on
    assert z(False, OPUS) == 0.804  # low, the lowest there is


def test_every_stand_in_leads_to_evidence_and_every_model_of_the_list_is_accounted_for() -> None:
    catalog = load_catalog()
    evidence = load_evidence(catalog)
    for model, earlier in evidence.stand_ins.items():
        assert model in catalog.models, model
        assert earlier in catalog.models or earlier in evidence.abilities, earlier
        assert evidence.ability(model, "general", False) is not None, model
    unknown = {model for model in catalog.models if evidence.ability(model, "general", False) is None}
    assert unknown == {"codestral-2508", "gemma-4-26b-a4b", "glm-5.3-flash", "gpt-oss-20b", "ministral-3b",
                       "ministral-8b", "muse-spark-1.3", "muse-wonder-1.0"}


def test_the_shipped_tables_are_whole() -> None:
    evidence = load_evidence(load_catalog())
    links: list[SkillLink] = list(evidence.links.values())
    assert len(links) == 16
    assert all(0 <= link.slope_logit_per_sd < 2 and 0.5 < link.half_width80_logit < 2.1 for link in links)
    assert len(evidence.published["summarise_faithfully"]) > 35
    anchors = difficulty_anchors()
    assert len(anchors) > 25
    assert not [row for row in anchors if row["target"].startswith(("aa_", "swebench"))]


def test_the_band_holds_the_rate_and_the_origin_of_a_scenario_is_its_weakest() -> None:
    plan = build_plan({
        "workload": {"categories": [{"name": "Work", "task": "reasoning", "requests_per_month": 10,
                                     "input_tokens_per_request": 5, "output_tokens_per_request": 5,
                                     "error_rates": {HAIKU: 0.1}}]},
        "scenarios": [{"name": "Split", "strategy": {"kind": "split", "small": HAIKU, "large": OPUS,
                                                     "small_share": 0.5}}],
    })
    found = evaluate(plan, DAY)
    rates = found.setting.rates
    assert (rates.low <= rates.share).all()
    assert (rates.share <= rates.high).all()
    assert ORIGINS[int(found.scenarios[0].outcome.origin[0])] == "evidence"


def test_models_whose_bands_overlap_are_not_told_apart() -> None:
    # Knowledge: 0.63 logits per unit of ability. Haiku 10 % wrong, entered; Opus 3 to 14 %, Llama 3.1 8B 11 to 36 %.
    rates = rates_of("qa", [HAIKU, OPUS, "groq/llama-3.1-8b"], error_rates={HAIKU: 0.1})
    assert not rates.tells_apart(0, 1, 0)
    assert rates.tells_apart(0, 2, 0)
    assert rates.tells_apart(0, 0, 2)


def test_ten_categories_and_six_endpoints_take_a_moment() -> None:
    tasks = ["chat", "classification", "extraction", "reasoning", "agent", "summarisation", "rag", "qa", "translation",
             "routine_code"]
    models = [HAIKU, OPUS, "gpt-6-luna", "groq/gpt-oss-120b", "gemini-3.8-flash", "claude-opus-5-5"]
    catalog = load_catalog()
    plan = build_plan({
        "workload": {"categories": [{"name": task, "task": task, "requests_per_month": 1, "error_rates": {HAIKU: 0.08},
                                     "input_tokens_per_request": 5, "output_tokens_per_request": 5} for task in tasks]},
        "scenarios": [{"name": model, "strategy": {"kind": "single", "model": model}} for model in models],
    })
    setting = make_setting(plan, DAY, [each.strategy for each in plan.scenarios], catalog)
    best = np.inf
    for _ in range(30):
        start = time.perf_counter()
        error_rates(plan, setting.demand, list(setting.columns), setting.states, register_of({}),
                    load_evidence(catalog), catalog)
        best = min(best, time.perf_counter() - start)
    assert best < 0.01  # 1.2 ms on a quiet machine
