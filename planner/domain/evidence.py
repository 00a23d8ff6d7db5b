"""Public evidence on how able models are, and how much that says about each kind of work (the method, section 4)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pricing.catalog import Catalog
from pricing.documents import load_document

FOLDER = Path(__file__).parent.parent / "defaults" / "evidence"

AXES = ("general", "reasoning", "coding", "agentic", "language", "instruction")
PLAIN_EFFORTS = ("off", "default", "low", "medium", "high", "xhigh", "on")
"""Row of an endpoint without thinking, first choice first: off, else the default, else the lowest effort."""
THINKING_EFFORTS = ("on", "high", "xhigh", "medium", "low", "default", "off")
"""Row of an endpoint with thinking, first choice first."""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class SkillLink:
    """How the error rate of one kind of work follows ability."""

    skill: str
    axis: str
    slope_logit_per_sd: float
    half_width80_logit: float
    """80 of 100 predictions from one measured model lie within this many logits."""
    hardly_separates: bool = False
    """Public benchmarks hardly separate models here."""
    is_weak: bool = False
    """The band is so wide that the words must say so."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One model's ability on one axis, in logits."""

    z: float
    evidence: str
    """Release of the benchmark it rests on."""
    stand_in: str | None = None
    """Earlier model whose row was taken because this one has none."""


@dataclass(frozen=True, slots=True)
class PublishedRate:
    """An error rate that somebody publishes for a model on his own documents."""

    error_share: float
    words: str
    """What it is, by whom and of which day, such as ``hallucination 9.8 %, Vectara 2026-03-10``."""
    stand_in: str | None = None
    """Earlier model whose rate was taken because this one has none."""


@dataclass(frozen=True, slots=True)
class _AbilityRow:
    z: Mapping[str, float]
    evidence: str


@dataclass(frozen=True)
class Evidence:
    """Abilities and published rates by (model, effort), skills by task. Models go by their id in the price list."""

    abilities: Mapping[str, Mapping[str, _AbilityRow]]
    published: Mapping[str, Mapping[str, Mapping[str, PublishedRate]]]
    """By skill, model and effort."""
    links: Mapping[str, SkillLink]
    stand_ins: Mapping[str, str]
    _found: dict[tuple[str, str, bool], Ability | None] = field(default_factory=dict, compare=False, repr=False)

    def ability(self, model_id: str | None, axis: str, thinking: bool) -> Ability | None:
        """The ability of a model, or of the earlier model that stands in for it; None where neither is known."""
        if model_id is None:
            return None
        key = (model_id, axis, thinking)
        if key not in self._found:
            taken, row = self._row(self.abilities, model_id, thinking)
            stand_in = None if taken == model_id else taken
            self._found[key] = None if row is None else Ability(row.z[axis], row.evidence, stand_in)
        return self._found[key]

    def published_rate(self, model_id: str | None, skill: str, thinking: bool) -> PublishedRate | None:
        """The published error rate of a model at a skill, or its stand-in's; None where there is none."""
        if model_id is None or skill not in self.published:
            return None
        taken, row = self._row(self.published[skill], model_id, thinking)
        if row is None or taken == model_id:
            return row
        return PublishedRate(row.error_share, row.words, taken)

    def link(self, task: str) -> SkillLink:
        """The skill that stands for a task."""
        return self.links[task]

    def _row(self, rows: Mapping[str, Mapping[str, Row]], model_id: str, thinking: bool
             ) -> tuple[str, Row | None]:
        """The model whose row is taken, and the row of the effort that fits."""
        for taken in self._line(model_id):
            if taken in rows:
                efforts = rows[taken]
                order = THINKING_EFFORTS if thinking else PLAIN_EFFORTS
                return taken, next(efforts[effort] for effort in order if effort in efforts)
        return model_id, None

    def _line(self, model_id: str) -> Iterator[str]:
        """The model and those that stand in for it, nearest first."""
        seen: set[str] = set()
        name: str | None = model_id
        while name is not None and name not in seen:
            seen.add(name)
            yield name
            name = self.stand_ins.get(name)


@lru_cache(maxsize=4)
def load_evidence(catalog: Catalog, folder: Path = FOLDER) -> Evidence:
    """The shipped evidence, with its benchmark names resolved to models of ``catalog``."""
    tasks = load_document(folder / "tasks.yaml")
    links = _links(tasks, folder)
    published = {
        skill: _published(folder / file, catalog, tasks["names"]) for skill, file in tasks["published_rates"].items()
    }
    return Evidence(_abilities(folder, catalog, tasks["names"]), published, links, dict(tasks["stand_ins"] or {}))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, strict=True)


def _abilities(folder: Path, catalog: Catalog, names: Mapping[str, str]) -> dict[str, dict[str, _AbilityRow]]:
    """The latest row of every model and effort; variants such as codex are other models."""
    found: dict[str, dict[str, _AbilityRow]] = {}
    for row in _rows(folder / "model_abilities.csv"):
        if row["variant"]:
            continue
        efforts = found.setdefault(_model_id(row["model_id"], catalog, names), {})
        before = efforts.get(row["effort_class"])
        if before is None or before.evidence <= row["evidence"]:
            efforts[row["effort_class"]] = _AbilityRow({axis: float(row[axis]) for axis in AXES}, row["evidence"])
    return found


def _links(tasks: Mapping[str, Any], folder: Path) -> dict[str, SkillLink]:
    skills = {
        row["task_type"]: SkillLink(
            skill=row["task_type"], axis=row["axis"],
            slope_logit_per_sd=0.0 if row["task_type"] in tasks["flat_skills"] else float(row["slope_logit_per_sd"]),
            half_width80_logit=float(row["half_width80_logit"]),
            hardly_separates=row["task_type"] in tasks["hardly_separating_skills"],
            is_weak=row["task_type"] in tasks["weak_skills"],
        )
        for row in _rows(folder / "skill_links.csv")
    }
    return {task: skills[skill] for task, skill in tasks["tasks"].items()}


def _published(path: Path, catalog: Catalog, names: Mapping[str, str]) -> dict[str, dict[str, PublishedRate]]:
    found: dict[str, dict[str, PublishedRate]] = {}
    for row in _rows(path):
        rate = float(row["hallucination_rate_pct"])
        found.setdefault(_model_id(row["model_id"], catalog, names), {})[row["effort"]] = PublishedRate(
            rate / 100.0, f"hallucination {rate:.1f} %, Vectara {row['as_of']}"
        )
    return found


def _model_id(name: str, catalog: Catalog, names: Mapping[str, str]) -> str:
    """The price list's id for a benchmark's name, by exact ids and aliases only; else the benchmark's own bare name."""
    bare = name.rsplit("/", 1)[-1]
    for candidate in (names.get(name, name), bare, name.removesuffix("-latest"), bare.removesuffix("-instruct")):
        model = catalog.find_model(candidate)
        if model is not None:
            return model.id
    return bare.lower()


def difficulty_anchors(folder: Path = FOLDER) -> list[dict[str, str]]:
    """Where public tasks lie: the accuracy that a model of average ability reaches on each, easiest first."""
    return list(_rows(folder / "difficulty_anchors.csv"))
