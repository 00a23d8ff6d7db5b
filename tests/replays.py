"""How far the difficulty model and independence are off, replayed on public results: ``python -m tests.replays``.

Both see only the two models' own error rates. The replay sees every question: it runs the cascade "small model, check,
large model" with a check that passes 90 of 100 right and 20 of 100 wrong answers.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.domain.measured import MeasuredRequests
from planner.engine.cascade import Joint, joint_of_phi, two_stage_error
from planner.engine.difficulty import joint_wrong, quadrature, right_probability, solve_ability
from planner.ingest.evaluations import load_evaluations
from pricing.catalog import load_catalog

Floats = NDArray[np.float64]

FOLDER = Path(__file__).parent / "evals"
FILES = ("competition_maths", "mixed_questions", "shell_tasks", "number_puzzles")
SIGMA = 2.6
ACCEPT_RIGHT, ACCEPT_WRONG = 0.9, 0.2


class Replay(NamedTuple):
    """One cascade on one file; error shares."""

    file: str
    first: str
    second: str
    n: int
    replayed: float
    by_difficulty: float
    by_independence: float


class Miss(NamedTuple):
    """Mean distance from the replay, in points."""

    what: str
    cases: int
    by_difficulty: float
    by_independence: float


def requests_of(file: str) -> MeasuredRequests:
    """The results in one of the files."""
    return load_evaluations([FOLDER / f"{file}.csv"], load_catalog())


def answered(requests: MeasuredRequests, first: str, second: str) -> tuple[Floats, Floats]:
    """Right (1) or wrong (0) of two models on the questions that both answered."""
    right = requests.correct[:, [requests.models.index(first), requests.models.index(second)]]
    kept = right[np.isfinite(right).all(axis=1)]
    return kept[:, 0], kept[:, 1]


def pairs_of(requests: MeasuredRequests) -> Iterator[tuple[str, str]]:
    """Every pair, the less accurate model first."""
    for first, second in permutations(requests.models, 2):
        one, other = answered(requests, first, second)
        if (one.mean(), first) < (other.mean(), second):
            yield first, second


def replayed_error(first: Floats, second: Floats, a: float = ACCEPT_RIGHT, b: float = ACCEPT_WRONG) -> float:
    """The cascade's error share, question by question."""
    wrong = 0.0
    for right, right_later in zip(first.tolist(), second.tolist(), strict=True):
        passes = a if right else b
        wrong += passes * (1 - right) + (1 - passes) * (1 - right_later)
    return wrong / len(first)


def predicted_error(first_error: float, second_error: float, both_wrong: float) -> float:
    """The cascade's error share from the three shares of wrong answers."""
    joint = Joint(*map(np.asarray, (
        1 - first_error - second_error + both_wrong, second_error - both_wrong, first_error - both_wrong, both_wrong,
    )))
    return float(two_stage_error(joint, ACCEPT_RIGHT, ACCEPT_WRONG))


def replays(file: str) -> list[Replay]:
    """Every cascade of a file."""
    requests = requests_of(file)
    found = []
    for first, second in pairs_of(requests):
        one, other = answered(requests, first, second)
        q1, q2 = 1 - float(one.mean()), 1 - float(other.mean())
        independent = float(joint_of_phi(q1, q2, 0.0).both_wrong)
        found.append(Replay(
            file, first, second, len(one), replayed_error(one, other),
            predicted_error(q1, q2, float(joint_wrong(1 - q1, 1 - q2, SIGMA))), predicted_error(q1, q2, independent),
        ))
    return found


def misses(file: str) -> Miss:
    """Mean distance from the replay over a file's cascades."""
    found = replays(file)
    difficulty = [abs(each.by_difficulty - each.replayed) for each in found]
    independence = [abs(each.by_independence - each.replayed) for each in found]
    return Miss(file, len(found), 100 * float(np.mean(difficulty)), 100 * float(np.mean(independence)))


def repeated_misses() -> list[Miss]:
    """Share solved in all of k tries, from the share solved in one."""
    nodes = quadrature([0.5])
    z, weight = nodes.z.ravel(), nodes.weight.ravel()
    found: dict[int, list[tuple[float, float]]] = defaultdict(list)
    with (FOLDER / "repeated_conversations.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            once = float(row["pass_1"]) / 100
            ability = solve_ability(once, SIGMA)
            for k in (2, 3, 4):
                if row[f"pass_{k}"]:
                    told = float(row[f"pass_{k}"]) / 100
                    model = float((right_probability(ability, z, SIGMA) ** k * weight).sum())
                    found[k].append((abs(model - told), abs(once**k - told)))
    return [
        Miss(f"repeated_conversations, {k} tries", len(each), *(100 * np.mean(each, axis=0)).tolist())
        for k, each in sorted(found.items())
    ]


def table() -> str:
    """All of it as text."""
    lines = [f"{'set':36}{'cases':>6}{'difficulty model':>18}{'independence':>14}   (points off, mean)"]
    every = [*(misses(file) for file in FILES), *repeated_misses()]
    lines += [f"{m.what:36}{m.cases:6}{m.by_difficulty:18.1f}{m.by_independence:14.1f}" for m in every]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
