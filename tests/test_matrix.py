"""The decision matrix: which size and which form of mix the articles' rules give a category, and why."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, get_args

import pytest

from planner.domain.assumptions import load_register, register_of
from planner.domain.matrix import MATRIX_FILE, Bands, Matrix, Position, Verdict, load_matrix, read_matrix
from planner.domain.matrix_rules import decide, read_matrix_file
from planner.domain.workload import ErrorCostClass, Latency, Task
from pricing.errors import InputError

# A figure inside each band of the shipped edges.
VOLUME = {"lowest": 5e5, "lower": 5e6, "higher": 5e7, "highest": 5e8}
COMPLEX = {"low": 0.05, "medium": 0.25, "high": 0.60}
ERROR_USD = {"low": 0.10, "medium": 2.0, "high": 50.0, "critical": 500.0}
PROMPT = {False: 8_000.0, True: 150_000.0}


@pytest.fixture(scope="module")
def matrix() -> Matrix:
    return load_matrix()


def at(task: str, volume: str = "lower", complexity: str = "medium", error_cost: str = "medium",
       latency: str | float = "interactive", **more: Any) -> Position:
    return Position(task=task, tokens_per_month=VOLUME[volume], complex_share=COMPLEX[complexity],
                    error_cost_usd=ERROR_USD[error_cost], latency=latency, **more)


def told(verdict: Verdict) -> tuple[str, str, tuple[str, ...]]:
    return verdict.tier, verdict.strategy, verdict.rules


@pytest.mark.parametrize(
    ("position", "tier", "strategy", "rules"),
    [
        # the kind of work decides, by complexity
        (at("extraction"), "small", "single", ("R1",)),
        (at("extraction", complexity="high"), "medium", "single", ("R2",)),
        (at("summarisation"), "medium", "single", ("R2",)),
        (at("routing"), "small", "single", ("R3",)),
        (at("classification"), "small", "single", ("R3", "R4")),
        (at("moderation"), "small", "single", ("R4",)),
        (at("routine_code"), "small", "single", ("R5",)),
        (at("routine_code", complexity="high"), "large", "single", ("R7", "R18")),
        (at("reasoning"), "large", "single", ("R6",)),
        (at("advanced_code"), "large", "single", ("R7",)),
        (at("creative"), "large", "single", ("R8",)),
        (at("creative", complexity="low"), "small", "single", ("R8", "R18")),
        # where it leaves a choice, volume decides: a chat is medium or large
        (at("chat", volume="lowest"), "large", "single", ("R13", "R17")),
        (at("chat", volume="lower", complexity="high"), "large", "single", ("R13", "R18")),
        (at("chat", volume="lower", complexity="low"), "medium", "single", ("R13", "R18")),
        (at("chat", volume="higher"), "medium", "single", ("R13", "R19")),
        (at("chat", volume="highest"), "medium", "split", ("R13", "R20", "R30")),
        # nothing decides: the middle
        (at("other"), "medium", "single", ("R30",)),
        (at("other", volume="lower", complexity="low"), "small", "single", ("R18",)),
        (at("other", volume="higher"), "small", "single", ("R19",)),
        # low stakes never pay for a large model; high stakes always do
        (at("reasoning", error_cost="low"), "medium", "single", ("R16", "R6")),
        (at("classification", error_cost="critical"), "large", "single", ("R15",)),
        (at("classification", volume="lowest", error_cost="high"), "large", "single", ("R15", "R17")),
        # work that can wait goes in batch, whatever the tier
        (at("extraction", latency="batch"), "small", "batch", ("R1", "R14")),
        (at("reasoning", latency="background"), "large", "batch", ("R6", "R14")),
        # above 100M tokens: easy work on a hosted open model, the rest on a hybrid
        (at("extraction", volume="highest", complexity="low"), "small", "hosted_open", ("R1", "R20")),
        (at("reasoning", volume="highest", complexity="high"), "large", "split", ("R6", "R20")),
    ],
)
def test_the_rules_say(matrix: Matrix, position: Position, tier: str, strategy: str, rules: tuple[str, ...]) -> None:
    assert told(matrix.verdict(position)) == (tier, strategy, rules)


def test_extraction_takes_the_cheapest_tier_that_keeps_the_error_ceiling(matrix: Matrix) -> None:
    sizes = [matrix.verdict(at("extraction", ceiling_met_from=size)).size for size in ("small", "medium", "large")]
    assert sizes == ["small", "medium", "large"]
    assert told(matrix.verdict(at("extraction", ceiling_met_from="medium"))) == ("medium", "single", ("ceiling", "R2"))


def test_what_must_stay_in_house_is_self_hosted_and_the_best_allowed_model_comes_next(matrix: Matrix) -> None:
    verdict = matrix.verdict(at("reasoning", error_cost="critical", in_house_only=True))
    assert (verdict.tier, verdict.size) == ("self_hosted", "large")
    assert verdict.rules[:2] == ("R25", "R15")


def test_work_in_house_is_never_sent_to_a_host_however_large_its_volume(matrix: Matrix) -> None:
    verdict = matrix.verdict(at("extraction", volume="highest", complexity="low", in_house_only=True))
    assert told(verdict) == ("self_hosted", "single", ("R25", "R1"))


def test_long_prompts_take_a_large_model_even_for_cheap_errors(matrix: Matrix) -> None:
    verdict = matrix.verdict(at("summarisation", complexity="low", error_cost="low", max_prompt_tokens=100_001))
    assert (verdict.tier, verdict.rules) == ("large", ("R11",))
    assert verdict.outranked == ("R16", "R2", "R18")
    assert matrix.verdict(at("summarisation", complexity="low", error_cost="low", max_prompt_tokens=100_000)).tier == (
        "small"
    )


def test_in_real_time_a_small_model_answers_and_high_stakes_get_a_review(matrix: Matrix) -> None:
    verdict = matrix.verdict(at("reasoning", error_cost="critical", latency="real_time"))
    assert told(verdict) == ("small", "review", ("R12", "R15"))
    assert verdict.outranked == ("R6",)
    assert verdict.unmet == ()


def test_a_filter_that_cannot_be_met_beside_an_earlier_one_is_named(matrix: Matrix) -> None:
    # 150,000 tokens ask for a large model, real time for a small one, the ceiling for a medium one at least
    verdict = matrix.verdict(at("qa", latency="real_time", max_prompt_tokens=150_000))
    assert (verdict.size, verdict.unmet) == ("large", ("R12",))
    verdict = matrix.verdict(at("qa", latency="real_time", ceiling_met_from="medium"))
    assert (verdict.size, verdict.unmet) == ("small", ("ceiling",))


def test_each_rule_that_is_followed_gives_its_reason(matrix: Matrix) -> None:
    verdict = matrix.verdict(at("chat", volume="highest"))
    assert len(verdict.because) == len(verdict.rules)
    assert verdict.because[0] == matrix.rules["R13"].because
    assert verdict.because[1] == "At this volume it pays to keep the large model for the hard part alone."


def test_advice_comes_with_the_verdict_where_it_applies(matrix: Matrix) -> None:
    triage = matrix.verdict(at("classification", volume="highest", complexity="low", error_cost="low"))
    assert [rule.id for rule in triage.advice] == ["R22", "R26", "R27", "R29"]
    agent = matrix.verdict(at("agent", complexity="high", error_cost="high"))
    assert [rule.id for rule in agent.advice] == ["R9", "R10", "R24", "R27", "R29"]
    assert matrix.rules["R21"].suggests == "cascade"


@pytest.mark.parametrize(
    ("change", "bands"),
    [
        ({"tokens_per_month": 999_999.0}, ("lowest", "low", "low", "interactive")),
        ({"tokens_per_month": 1_000_000.0}, ("lower", "low", "low", "interactive")),
        ({"tokens_per_month": 100_000_000.0}, ("highest", "low", "low", "interactive")),
        ({"complex_share": 0.1499}, ("lower", "low", "low", "interactive")),
        ({"complex_share": 0.15}, ("lower", "medium", "low", "interactive")),
        ({"complex_share": 0.40}, ("lower", "high", "low", "interactive")),
        ({"error_cost_usd": 0.49}, ("lower", "low", "low", "interactive")),
        ({"error_cost_usd": 0.50}, ("lower", "low", "medium", "interactive")),
        ({"error_cost_usd": 10.0}, ("lower", "low", "high", "interactive")),
        ({"error_cost_usd": 150.0}, ("lower", "low", "critical", "interactive")),
        ({"latency": 0.9}, ("lower", "low", "low", "real_time")),
        ({"latency": 1.0}, ("lower", "low", "low", "interactive")),
        ({"latency": 5.0}, ("lower", "low", "low", "background")),
        ({"latency": "batch"}, ("lower", "low", "low", "batch")),
    ],
)
def test_a_figure_on_an_edge_belongs_to_the_band_above(matrix: Matrix, change: dict[str, Any], bands: Bands) -> None:
    place: dict[str, Any] = {
        "tokens_per_month": 2e6, "complex_share": 0.0, "error_cost_usd": 0.0, "latency": 2.0, **change,
    }
    assert matrix.verdict(Position(**place)).bands == bands


def test_a_plan_may_move_the_edges(matrix: Matrix) -> None:
    own = load_matrix(register_of({"volume_edge_3_tokens_per_month": 1e9}))
    triage = at("classification", volume="highest", complexity="low")
    assert matrix.verdict(triage).strategy == "hosted_open"
    assert own.verdict(triage).bands.volume == "higher"
    assert own.verdict(triage).strategy == "single"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "clasification"}, 'Did you mean "classification"?'),
        ({"latency": "interactiv"}, 'Did you mean "interactive"?'),
        ({"tokens_per_month": -1.0}, "position > tokens_per_month: -1 is not possible"),
        ({"complex_share": 1.2}, "position > complex_share: 1.2 is not possible. Give a number of 0 or more up to 1."),
        ({"error_cost_usd": float("nan")}, "position > error_cost_usd: nan is not possible"),
    ],
)
def test_a_position_that_cannot_be_is_refused(matrix: Matrix, change: dict[str, Any], said: str) -> None:
    place: dict[str, Any] = {"tokens_per_month": 1.0, "complex_share": 0.1, "error_cost_usd": 1.0, **change}
    with pytest.raises(InputError) as error:
        matrix.verdict(Position(**place))
    assert said in str(error.value)


def test_categories_that_need_different_things_are_allocated_apart(matrix: Matrix) -> None:
    triage, contracts = matrix.verdict(at("classification")), matrix.verdict(at("reasoning", error_cost="high"))
    together = matrix.verdict_of_plan([triage, contracts])
    assert (together.strategy, together.rules) == ("allocation", ("R23",))
    assert matrix.verdict_of_plan([triage, triage]).strategy == "single"
    assert matrix.verdict_of_plan([]).rules == ()


def plain_verdict(matrix: Matrix, cell: dict[Any, Any]) -> tuple[str, str]:
    """The same rules told once more in plain steps, one cell at a time."""
    left, form = ["small", "medium", "large"], None
    for rule in sorted(matrix.rules.values(), key=lambda rule: rule.precedence):
        if rule.kind not in ("filter", "cell"):
            continue
        for case in rule.cases:
            if all(cell[axis] in values for axis, values in case.when.items()):
                left = [size for size in left if size in case.allow] or left if case.allow else left
                left = next(([size] for size in case.prefer if size in left), left)
                form = form or case.strategy
    (size,) = left
    return size, form or "single"


def test_every_cell_has_one_verdict_and_it_is_the_one_of_the_rules_told_plainly(matrix: Matrix) -> None:
    # 16 tasks x 4 volumes x 3 complexities x 4 error costs x 4 latencies x 2 x 2 x 3 ceilings = 36,864 cells; every
    # 13th is asked for (13 divides no axis, so that all values meet)
    cells = list(itertools.product(*matrix.axes.values()))
    assert len(cells) == 36_864
    for values in cells[::13]:
        cell = dict(zip(matrix.axes, values, strict=True))
        verdict = matrix.verdict(
            at(cell["task"], cell["volume"], cell["complexity"], cell["error_cost"], cell["latency"],
               in_house_only=cell["in_house"], max_prompt_tokens=PROMPT[cell["long_prompt"]],
               ceiling_met_from=cell["ceiling_met_from"])
        )
        assert (verdict.size, verdict.strategy) == plain_verdict(matrix, cell), cell
        assert (verdict.tier == "self_hosted") is cell["in_house"]


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], Path]:
    """The shipped file with one passage replaced."""

    def change(shipped: str, written: str) -> Path:
        text = MATRIX_FILE.read_text(encoding="utf-8")
        assert shipped in text
        path = tmp_path / "matrix.yaml"
        path.write_text(text.replace(shipped, written, 1), encoding="utf-8")
        return path

    return change


@pytest.mark.parametrize(
    ("shipped", "written", "said"),
    [
        # easy summaries may be small or medium (R2), and above 100M tokens volume fixes no size: only R30 closes that
        ("      - {prefer: [medium, small, large]}\n", "      - {when: {task: [other]}, prefer: [medium, small]}\n",
         "the cell task summarisation, volume highest, complexity low"),
        # frequent questions are small (R4) at the same precedence at which R2 would now make them medium
        ("task: [summarisation, rag, translation], complexity: [medium]",
         "task: [summarisation, rag, translation, qa], complexity: [medium]",
         "R4: what it asks for at task qa, volume lowest, complexity medium"),
        # a rule for long prompts that speaks after everything is settled
        ("    precedence: 11\n", "    precedence: 99\n", "R11: case 1 is not ever decisive"),
        ("strategy: hosted_open\n", "strategy: hosted_opn\n", 'Did you mean "hosted_open"?'),
        ("{when: {volume: [lowest]}", "{when: {volume: [lowst]}", 'Did you mean "lowest" or "lower"?'),
        ("{when: {volume: [lowest]}", "{when: {volumes: [lowest]}", "volumes"),
        ("    source: [A, B, E]\n", "    source: [A, B, F]\n", 'R1 > source: "F" is not known here'),
        ("otherwise_strategy: single", "otherwise_strategy: solo", 'otherwise_strategy: "solo" is not known here'),
    ],
)
def test_a_matrix_with_a_hole_a_clash_or_an_idle_rule_is_refused(
    changed: Callable[[str, str], Path], shipped: str, written: str, said: str
) -> None:
    with pytest.raises(InputError) as error:
        read_matrix(changed(shipped, written))
    assert said in str(error.value)


def test_the_proof_takes_less_than_three_tenths_of_a_second() -> None:
    def seconds() -> float:
        start = perf_counter()
        decide(read_matrix_file(MATRIX_FILE), MATRIX_FILE.name)
        return perf_counter() - start

    assert min(seconds() for _ in range(3)) < 0.3


def test_all_thirty_rules_and_fifteen_contradictions_are_there(matrix: Matrix) -> None:
    assert set(matrix.rules) == {f"R{number}" for number in range(1, 31)} | {"ceiling"}
    assert [entry.id for entry in matrix.contradictions] == [f"C{number}" for number in range(1, 16)]
    assert {rule.id for rule in matrix.rules.values() if rule.kind == "advice"} == {
        "R9", "R10", "R21", "R22", "R24", "R26", "R27", "R28", "R29",
    }


def test_a_rule_names_its_articles_by_title(matrix: Matrix) -> None:
    assert matrix.sources(matrix.rules["R23"]) == (
        "Small vs Large AI Models: A Senior Architect's Decision Guide", "Small AI Models vs Flagship Models",
    )


def test_the_matrix_and_the_plan_know_the_same_words(matrix: Matrix) -> None:
    assert set(matrix.axes["task"]) == set(get_args(Task))
    assert set(matrix.axes["latency"]) == set(get_args(Latency))
    assert matrix.axes["error_cost"] == get_args(ErrorCostClass)


def test_a_class_in_a_plan_falls_into_the_band_of_its_name(matrix: Matrix) -> None:
    value = load_register().value
    for name in ("low", "medium", "high"):
        share = value(f"complex_share_{name}")
        assert matrix.verdict(Position(tokens_per_month=0, complex_share=share, error_cost_usd=0)).bands[1] == name
    for name in get_args(ErrorCostClass):
        usd = value(f"error_cost_usd_{name}")
        assert matrix.verdict(Position(tokens_per_month=0, complex_share=0, error_cost_usd=usd)).bands[2] == name


def test_the_volume_table_stands_as_stated_and_as_the_articles_own_pair_has_it(matrix: Matrix) -> None:
    # stated: USD 50 per 1M tokens; Opus 4.5 less Haiku 4.5: 5 - 1 = 4 per 1M input, 25 - 5 = 20 per 1M output
    rows = {row.band.name: row[1:] for row in matrix.volume_rule_of_thumb()}
    assert rows == {
        "lowest": (0, 50, 0, 20),
        "lower": (50, 500, 4, 200),
        "higher": (500, 5_000, 40, 2_000),
        "highest": (5_000, None, 400, None),
    }
    assert matrix.rule_of_thumb.pair_gap_likely_usd_per_mtok == (3 * 4 + 20) / 4
