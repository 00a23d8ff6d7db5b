"""Evaluation files: which layouts are read, what is refused and where, what the counts say, how they reach a plan."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from planner.cli import main
from planner.domain.measured import MeasuredRequests
from planner.domain.plan import CountedCascade, build_plan, load_plan
from planner.domain.strategies import JointCounts
from planner.engine.cascade import counted_outcome
from planner.engine.evaluate import evaluate
from planner.engine.measured import measure, measure_by_category
from planner.engine.paired import beta_quantile, jeffreys_interval, mcnemar_p, paired
from planner.ingest.evaluation_table import table_of
from planner.ingest.evaluations import collect, load_evaluations, parse_evaluations
from pricing.catalog import load_catalog
from pricing.errors import InputError

DAY = date(2026, 11, 25)
EVALS = Path(__file__).parent / "evals"
EXAMPLE = Path(__file__).parents[1] / "planner" / "defaults" / "templates" / "example.yaml"

WIDE = """query_id,category,claude-haiku-4-5_correct,Claude Opus 4.5_correct
1,a,1,1
2,a,1,0
3,b,0,1
4,b,0,0
"""
LONG = """query_id;model;correct;category
1;claude-haiku-4-5;true;a
1;claude-opus-4-5-20251101;1;a
2;claude-haiku-4-5;yes;a
2;claude-opus-4-5-20251101;no;a
3;claude-haiku-4-5;0;b
3;claude-opus-4-5-20251101;1;b
4;claude-haiku-4-5;0;b
4;claude-opus-4-5-20251101;0;b
"""


def read(text: str, **options: object) -> MeasuredRequests:
    return parse_evaluations(text, "evals.csv", load_catalog(), **options)  # type: ignore[arg-type]


def faults(text: str, **options: object) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(text, **options)
    return [str(problem) for problem in caught.value.problems]


# Reading --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [WIDE, LONG, WIDE.replace(",", "\t"), "\ufeff" + WIDE, WIDE.replace("\n", "\r\n")])
def test_wide_and_long_tables_say_the_same(text: str) -> None:
    found = read(text)
    assert found.models == ("claude-haiku-4-5", "claude-opus-4-5")  # an id, a display name, a dated id
    assert found.correct.tolist() == [[1, 1], [1, 0], [0, 1], [0, 0]]
    assert found.categories == ("a", "a", "b", "b")


def test_two_files_with_one_model_each_are_joined_by_request() -> None:
    lines = LONG.splitlines()
    files = ["\n".join([lines[0], *(line for line in lines if name in line)]) for name in ("haiku", "opus")]
    found = collect([table_of(text, f"{i}.csv") for i, text in enumerate(files)], load_catalog())
    assert found.correct.tolist() == [[1, 1], [1, 0], [0, 1], [0, 0]]


def test_everything_beside_the_answer_is_read_in_its_unit() -> None:
    found = read(
        "id,m_correct,m_in_tok,m_output_tokens,m_cost_usd,m_duration_ms,m_accepted,n_correct,n_latency_s,prompt_tok\n"
        "1,1,10,20,0.5,1500,1,0,2.5,99\n"
        "2,0,,,,,0,,,98\n"
    )
    assert found.models == found.unknown == ("m", "n")
    assert found.input_tokens.tolist() == [[10, 99], [98, 98]]  # the shared prompt length where a model has none
    assert found.output_tokens[0].tolist()[0] == 20
    assert found.usd[0, 0] == 0.5
    assert found.latency_s[0].tolist() == [1.5, 2.5]
    assert found.accepted[:, 0].tolist() == [1, 0]
    assert np.isnan(found.correct[1, 1])  # not asked is not wrong


@pytest.mark.parametrize(("threshold", "right"), [(None, [1, 0, 1]), (0.8, [1, 0, 0]), (-5.0, [1, 1, 1])])
def test_a_score_is_right_from_the_threshold_on(threshold: float | None, right: list[int]) -> None:
    found = read("m_score\n0.9\n-0.03\n0.5\n", threshold=threshold)
    assert found.correct[:, 0].tolist() == right
    assert any(f"a score of {threshold or 0.5:g} or more counts as right" in note for note in found.notes)


def test_given_answers_go_before_scores() -> None:
    assert read("m_score,m_correct\n0.9,0\n").correct.tolist() == [[0]]


def test_a_model_that_nobody_sells_keeps_its_name_and_is_called_unknown() -> None:
    found = read("gpt4omini_correct,gpt-4o_correct\n1,1\n")
    assert found.models == ("gpt4omini", "gpt-4o")
    assert found.unknown == ("gpt4omini",)
    assert any("kept out of plans: gpt4omini (gpt-4o-mini?)" in note for note in found.notes)
    assert read("gpt4omini_correct\n1\n", names={"gpt4omini": "gpt-4o-mini"}).models == ("gpt-4o-mini",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (WIDE.replace("3,b,0,1", "3,b,maybe,1"),
         'evals.csv > row 4 > claude-haiku-4-5_correct: "maybe" is not right or wrong. Write 1 or 0'),
        (WIDE.replace("3,b,0,1", "3,b,0"), "evals.csv > row 4: 3 cells is not as wide as the header, which has 4"),
        (WIDE.replace("4,b", "3,b"), "row 5 > claude-haiku-4-5_correct: a second result of"),
        (WIDE.replace("Claude Opus 4.5_", "claude-haiku-4.5_"), 'both stand for "claude-haiku-4-5"'),
        ("m_score\n7\n", 'row 2 > m_score: "7" is not a score. Write a number from 0 to 1, or say from which'),
        ("m_correct,m_cost_usd\n1,cheap\n", 'row 2 > m_cost_usd: "cheap" is not a number from 0'),
        ("m_correct,m_cost_usd\n1,nan\n1,-2\n", 'row 3 > m_cost_usd: "-2" is not a number from 0'),
        ("model,org,pass_1\nx,y,0.7\n", 'a header of "model", "org", "pass_1" is not an evaluation file'),
        ("model,correct\n,1\n", "row 2 > model: an empty cell is not a model"),
        ("m_correct\n", "a header without rows is not an evaluation file"),
        ("", "an empty file is not an evaluation file"),
        ("[1, 2]", "JSON is not a table"),
        ("m_correct,m_correct\n1,1\n", 'a second column "m_correct" is not told apart'),
        ("id,m_correct\n5,\n", "a file without a single result"),
        ('m_correct\n"1\n', "a broken cell"),
    ],
)
def test_anything_else_is_refused_with_row_and_column(text: str, words: str) -> None:
    assert any(words in each for each in faults(text)), faults(text)


def test_all_faults_are_told_at_once() -> None:
    told = faults("m_correct,n_correct\nx,1\n1,y\n" + "z,z\n" * 40)
    assert len(told) == 21
    assert told[0].startswith("evals.csv > row 2 > m_correct")
    assert told[1].startswith("evals.csv > row 3 > n_correct")
    assert "62 more cells" in told[-1]


# Counting -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "errors", "n", "expected"),
    [
        # scipy 1.17.1: beta.ppf(share, 1/2 + errors, 1/2 + n - errors)
        (0.025, 28, 400, 0.0480510876288059),
        (0.975, 28, 400, 0.09813834240995538),
        (0.975, 0, 10, 0.21719626750921053),
        (0.025, 10, 10, 0.7828037324907894),
        (0.1, 0, 1, 0.0061812439384296685),
        (0.9, 3, 7, 0.6608533464787925),
        (0.5, 500000, 1000000000, 0.0005000001665000394),
    ],
)
def test_beta_quantiles(share: float, errors: float, n: float, expected: float) -> None:
    assert float(beta_quantile(share, errors, n)) == pytest.approx(expected, rel=1e-8)


def test_a_beta_quantile_is_where_its_own_density_has_that_mass() -> None:
    # By summation of the density on a fine grid, which knows nothing of the quadrature: 3 wrong of 20.
    x = (np.arange(400_000) + 0.5) / 400_000
    density = x**2.5 * (1 - x) ** 16.5
    below = np.cumsum(density) / density.sum()
    for share in (0.025, 0.1, 0.5, 0.9, 0.975):
        assert float(beta_quantile(share, 3, 20)) == pytest.approx(x[np.searchsorted(below, share)], abs=4e-6)


def test_an_interval_touches_0_and_1_only_where_nothing_or_everything_was_wrong() -> None:
    low, high = jeffreys_interval([0, 1, 9, 10], [10, 10, 10, 10])
    assert low[0] == 0
    assert high[3] == 1
    assert (low[1:] > 0).all()
    assert (high[:3] < 1).all()
    assert low[1] == pytest.approx(1 - high[2], abs=1e-12)  # right and wrong are mirror images


def test_good_enough_by_hand() -> None:
    # n = 998: d = (30 - 10) / 1000 = 0.02; se = sqrt(42 - 400 / 1000) / 1000 = 0.0064498.
    # d + 1.645 se = 0.0306, d - 1.645 se = 0.0094: good enough for a margin of 5 %, too bad for 0.5 %, else open.
    counts = JointCounts(n11=900, n10=10, n01=30, n00=58)
    assert paired(counts, 0.02).difference == pytest.approx(0.02)
    assert paired(counts, 0.02).standard_error == pytest.approx(0.00644981, abs=1e-8)
    assert [paired(counts, margin).verdict for margin in (0.05, 0.02, 0.005)] == [
        "good_enough", "undecided", "not_good_enough"
    ]
    # psi = 42 / 1000, so (1.645 + 0.842)^2 * 0.042 / 0.0004 = 649.5: equally good models would be told by 650.
    found = paired(counts, 0.02)
    assert found.samples_needed == 650
    assert found.more_samples > 0  # 998 were not enough: the difference lies on the margin
    assert paired(counts, 0.05).more_samples == 0


def test_phi_and_kappa_by_hand() -> None:
    # q1 = 0.4, q2 = 0.3, both wrong 0.2: kappa = 0.2 - 0.12 = 0.08; phi = 0.08 / sqrt(0.24 * 0.21) = 0.35635.
    found = paired(JointCounts(n11=50, n10=10, n01=20, n00=20), 0.02)
    assert found.kappa == pytest.approx(0.08)
    assert found.phi == pytest.approx(0.356348, abs=1e-6)
    assert paired(JointCounts(n11=10, n10=0, n01=0, n00=0), 0.02).phi is None


def test_the_exact_test_on_disagreements() -> None:
    # 1 against 3: 2 * (C(4,0) + C(4,1)) / 16 = 0.625.
    assert mcnemar_p(1, 3) == 0.625
    assert mcnemar_p(0, 0) == 1.0
    assert mcnemar_p(5_000, 5_400) == pytest.approx(9.2e-5, rel=0.02)


def test_small_is_the_cheaper_model_by_cost_in_the_file_then_by_price_then_by_accuracy() -> None:
    catalog = load_catalog()
    text = "m_correct,m_cost_usd,n_correct,n_cost_usd\n1,0.9,1,0.2\n1,0.9,0,0.2\n"
    assert measure(read(text), catalog, DAY, 0.02).pairs[0].counts.small == "n"
    assert measure(read(WIDE), catalog, DAY, 0.02).pairs[0].counts.small == "claude-haiku-4-5"
    assert measure(read("x_correct,y_correct\n1,1\n1,0\n"), catalog, DAY, 0.02).pairs[0].counts.small == "y"


def test_a_model_that_is_dearer_and_worse_is_dominated() -> None:
    found = measure(load_evaluations([EVALS / "mixed_questions.csv"], load_catalog()), load_catalog(), DAY, 0.02)
    assert {each.name: each.dominated_by for each in found.models} == {
        "claude3haiku": "gemini20flash", "gemini20flash": None
    }
    assert found.pairs[0].paired.verdict == "good_enough"


def test_categories_have_their_own_results() -> None:
    parts = measure_by_category(read(WIDE), load_catalog(), DAY, 0.02)
    assert {name: [each.correct for each in part.models] for name, part in parts.items()} == {"a": [2, 1], "b": [0, 1]}


def test_58_tasks_cannot_tell_haiku_from_opus() -> None:
    names = {"haiku45": "claude-haiku-4-5", "opus47": "claude-opus-4-7"}
    requests = load_evaluations([EVALS / "shell_tasks.csv"], load_catalog(), names=names)
    pair = next(each for each in measure(requests, load_catalog(), DAY, 0.02).pairs
                if {each.counts.small, each.counts.large} == set(names.values()))
    assert (pair.counts.small, pair.counts.n10, pair.counts.n01) == ("claude-haiku-4-5", 1, 3)
    assert pair.paired.verdict == "undecided"
    assert pair.paired.mcnemar_p == 0.625
    # psi = 6 / 60, so 2.487^2 * 0.1 / 0.0004 = 1,546.3 requests, of which 58 are there.
    assert (pair.paired.samples_needed, pair.paired.more_samples) == (1547, 1489)


# Cascades counted -----------------------------------------------------------------------------------------------------


def test_three_stages_counted_by_hand() -> None:
    # Of 10: 4 right at once; 1 wrong let pass; 3 asked again and right; 1 asked twice, right at last; 1 wrong at last.
    found = counted_outcome({"11000": 4, "01000": 1, "00110": 3, "00001": 1, "00000": 1})
    assert found.reached == pytest.approx((1.0, 0.5, 0.2))
    assert found.error_share == pytest.approx(0.2)


def test_a_plan_takes_counted_cascades_as_they_were_counted() -> None:
    # 100 requests: 75 pass, 5 of them wrong; 25 are asked again, 5 stay wrong.
    stages = ["claude-haiku-4-5", "claude-opus-4-5"]
    document = {
        "workload": {"categories": [{"name": "Chat", "task": "chat", "requests_per_month": 1000,
                                     "input_tokens_per_request": 1000, "output_tokens_per_request": 0}]},
        "evaluations": [{"category": "Chat", "cascades": [{
            "stages": stages, "cells": {"111": 70, "010": 5, "101": 10, "001": 10, "000": 5}, "token_factors": [2],
        }]}],
        "scenarios": [
            {"name": "Counted", "strategy": {"kind": "cascade", "stages": stages}},
            {"name": "Own check", "strategy": {"kind": "cascade", "stages": stages, "accept_right": [1.0],
                                               "accept_wrong": [0.0]}},
        ],
    }
    found = evaluate(build_plan(document), DAY)
    counted = found.scenario("Counted")
    assert counted.outcome.error_share[0] == pytest.approx(0.10)
    assert counted.outcome.escalation_share[0] == pytest.approx(0.25)
    # $1 and $5 per 1M input tokens: 1,000 requests of 1,000 tokens cost $1; a quarter again, twice as long: $2.50.
    assert counted.total("spend_usd") == pytest.approx(3.50)
    assert found.scenario("Own check").outcome.error_share[0] != pytest.approx(0.10)


def test_cells_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="cells of 2 stages have 3 digits"):
        CountedCascade(stages=("a", "b"), cells={"11011": 3.0})


# Into a plan ----------------------------------------------------------------------------------------------------------


def run(*arguments: object) -> int:
    return main(["import-evals", *(str(each) for each in arguments)])


def test_json_has_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(EVALS / "competition_maths.csv", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    first = told["models"]["gpt4omini"]
    assert (first["n"], first["correct"]) == (719, 372)
    assert first["error_rate"] == pytest.approx(347 / 719)
    assert first["low"] < first["error_rate"] < first["high"]
    pair = next(each for each in told["pairs"] if (each["small"], each["large"]) == ("gpt4omini", "gpt4o"))
    assert [pair[key] for key in ("n11", "n10", "n01", "n00")] == [297, 75, 100, 247]
    assert pair["phi"] == pytest.approx(0.51269, abs=1e-5)
    assert pair["kappa"] == pytest.approx(0.127396, abs=1e-6)
    assert pair["verdict"] == "undecided"
    assert pair["samples_needed"] > 719
    assert told["cascades"][0]["stages"][0] == "gpt4omini"


def test_results_enter_an_existing_plan_and_leave_the_rest_as_it_is(tmp_path: Path,
                                                                    capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "plan.yaml"
    target.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    before = load_plan(target)
    assert run(EVALS / "mixed_questions.csv", "--model", "gemini20flash=gemini-2.0-flash", "-o", target,
               "--category", "ticket TRIAGE") == 0
    after = load_plan(target)
    assert after.model_copy(update={"evaluations": before.evaluations}) == before
    (evaluation,) = after.evaluations
    assert evaluation.category == "Ticket triage"
    assert evaluation.models["gemini-2.0-flash"].correct == 559
    assert evaluation.models["claude-haiku-4-5"].correct == 388  # what was measured before stays
    assert "claude3haiku" not in evaluation.models  # a model that nobody sells stays out
    assert evaluation.pairs == before.evaluations[0].pairs
    kept = target.read_text(encoding="utf-8")
    assert "# Measured: 400 tickets with known queues" in kept
    assert "# More that a plan can say" in kept
    capsys.readouterr()


def test_a_model_measured_anew_loses_its_old_pairs(tmp_path: Path) -> None:
    target = tmp_path / "plan.yaml"
    target.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    results = tmp_path / "new.csv"
    results.write_text("claude-haiku-4-5_correct,claude-opus-4-5_correct\n1,1\n0,1\n", encoding="utf-8")
    assert run(results, "-o", target, "--category", "Ticket triage") == 0
    (evaluation,) = load_plan(target).evaluations
    assert evaluation.models["claude-haiku-4-5"].n == 2
    assert [(pair.n11, pair.n01) for pair in evaluation.pairs] == [(1, 1)]


def test_a_new_plan_can_be_evaluated_at_once(tmp_path: Path) -> None:
    target = tmp_path / "new.yaml"
    results = tmp_path / "results.csv"
    results.write_text(WIDE, encoding="utf-8")
    assert run(results, "-o", target) == 0
    plan = load_plan(target)
    assert [each.name for each in plan.workload.categories] == ["a", "b"]
    assert [each.name for each in plan.scenarios] == ["claude-haiku-4-5", "claude-opus-4-5"]
    found = evaluate(plan, DAY)
    assert found.scenario("claude-haiku-4-5").outcome.error_share.tolist() == [0.0, 1.0]


def test_a_json_plan_stays_json(tmp_path: Path) -> None:
    target = tmp_path / "plan.json"
    target.write_text(json.dumps({
        "version": 1, "name": "Small", "workload": {"categories": [
            {"name": "Only", "requests_per_month": 10, "input_tokens_per_request": 1, "output_tokens_per_request": 1}]},
    }), encoding="utf-8")
    results = tmp_path / "results.csv"
    results.write_text("claude-haiku-4-5_correct\n1\n", encoding="utf-8")
    assert run(results, "-o", target) == 0
    assert json.loads(target.read_text(encoding="utf-8"))["evaluations"][0]["category"] == "Only"


def test_categories_that_the_plan_does_not_have_are_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "plan.yaml"
    target.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert run(EVALS / "mixed_questions.csv", "-o", target) == 2
    said = capsys.readouterr()
    assert '"knowledge_mcq" is not a category of the plan' in said.err
    assert "--category NAME" in said.err
    assert said.out == ""
    assert target.read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8")


def test_a_table_of_summaries_is_no_evaluation_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(EVALS / "repeated_conversations.csv") == 2
    assert "is not an evaluation file. Name a column <model>_correct" in capsys.readouterr().err
