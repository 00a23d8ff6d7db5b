"""Public evidence on how able models are, and how much that says about each kind of work."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pricing.catalog import Catalog
from pricing.documents import load_document

FOLDER = Path(__file__).parent.parent / "defaults" / "evidence"

PLAIN_EFFORTS = ("off", "default", "low", "medium", "high", "xhigh", "on")
THINKING_EFFORTS = ("on", "high", "xhigh", "medium", "default")


@dataclass(frozen=True, slots=True)
class SkillLink:
    """How the error rate of one kind of work follows ability."""

    skill: str
    axis: str
    slope_logit_per_sd: float
    half_width80_logit: float


@dataclass(frozen=True, slots=True)
class Ability:
    """One model's ability on one axis, in logits."""

    z: float
    evidence: str
    """Release of the benchmark it rests on."""
    stand_in: str | None = None
    """Earlier model whose row was taken because this one has none."""


@dataclass(frozen=True)
class Evidence:
    """Abilities by (catalogue model, effort), skills by task."""

    rows: dict[str, dict[str, dict[str, float]]]
    releases: dict[str, str]
    links: dict[str, SkillLink]
    stand_ins: dict[str, str]

    def ability(self, model_id: str | None, axis: str, thinking: bool) -> Ability | None:
        """The ability of a model, or of the earlier model that stands in for it; None where neither is known."""
        if model_id is None:
            return None
        taken, stand_in = model_id, None
        seen = {model_id}
        while taken not in self.rows:
            taken = self.stand_ins.get(taken, "")
            if not taken or taken in seen:
                return None
            seen.add(taken)
            stand_in = taken
        efforts = self.rows[taken]
        for effort in THINKING_EFFORTS if thinking else PLAIN_EFFORTS:
            if effort in efforts:
                return Ability(efforts[effort][axis], self.releases[taken], stand_in)
        return None

    def link(self, task: str) -> SkillLink:
        """The skill that stands for a task."""
        return self.links[task]


@lru_cache(maxsize=4)
def load_evidence(catalog: Catalog, folder: Path = FOLDER) -> Evidence:
    """The shipped evidence, with its benchmark names resolved to models of ``catalog``."""
    tasks = load_document(folder / "tasks.yaml")
    rows: dict[str, dict[str, dict[str, float]]] = {}
    releases: dict[str, str] = {}
    with (folder / "model_abilities.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, strict=True):
            model_id = None if row["variant"] else _model_id(row["model_id"], catalog)
            if model_id is None:
                continue
            axes = ("general", "reasoning", "coding", "agentic", "language", "instruction")
            rows.setdefault(model_id, {})[row["effort_class"]] = {axis: float(row[axis]) for axis in axes}
            releases[model_id] = row["evidence"]
    with (folder / "skill_links.csv").open(encoding="utf-8", newline="") as lines:
        skills = {
            row["task_type"]: SkillLink(
                row["task_type"], row["axis"],
                0.0 if row["task_type"] in tasks["flat_skills"] else float(row["slope_logit_per_sd"]),
                float(row["half_width80_logit"]),
            )
            for row in csv.DictReader(lines, strict=True)
        }
    links = {task: skills[skill] for task, skill in tasks["tasks"].items()}
    return Evidence(rows, releases, links, dict(tasks["stand_ins"] or {}))


def _model_id(name: str, catalog: Catalog) -> str | None:
    """The catalogue's model for a benchmark's name: exact ids and aliases only."""
    bare = name.rsplit("/", 1)[-1]
    for candidate in (name, bare, name.removesuffix("-latest"), bare.removesuffix("-instruct")):
        model = catalog.find_model(candidate)
        if model is not None:
            return model.id
    return None
