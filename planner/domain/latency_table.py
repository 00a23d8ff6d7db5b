"""Public measurements of how soon and how fast models answer, by model, seller and effort (the method, section 9)."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from planner.domain.evidence import FOLDER

PLAIN = ("default", "off", "low")
"""Efforts of an endpoint that does not think, or thinks as its seller has set it."""
THINKING = ("on", "high", "xhigh", "medium")
MEDIAN = "p50"


@dataclass(frozen=True, slots=True)
class LatencyRow:
    """One source's figures for a model at a seller; NaN where the source has none."""

    model_id: str
    seller: str
    effort: str
    centre: str
    """What the middle is: the median (p50), a mean or a single run."""
    ttft_p50_s: float
    """Seconds to the first token; hidden reasoning counts."""
    ttft_p95_s: float
    tokens_per_s_p50: float
    """Output speed after the first token."""
    tokens_per_s_p05: float
    samples: int
    grade: str
    """A live traffic, B documented small sample, C second hand."""
    source: str
    measured_on: str


@dataclass(frozen=True, slots=True)
class MeasuredLatency:
    """The best row for an endpoint, and how far its sources lie apart."""

    row: LatencyRow
    low_ttft_s: float
    """Lowest middle of the time to the first token among all sources."""
    high_ttft_s: float
    elsewhere: bool
    """Whether it was measured at another seller of the same model."""

    @property
    def words(self) -> str:
        """Source, grade and date, such as ``OpenRouter, live endpoint statistics, 2026-07-31..2026-08-22, grade A``."""
        at = f" at {self.row.seller}" if self.elsewhere else ""
        return f"{self.row.source}{at}, {self.row.measured_on}, grade {self.row.grade}"


class LatencyTable:
    """All rows by model."""

    def __init__(self, rows: Sequence[LatencyRow]) -> None:
        by_model: dict[str, list[LatencyRow]] = defaultdict(list)
        for row in rows:
            by_model[row.model_id].append(row)
        self._by_model: Mapping[str, list[LatencyRow]] = dict(by_model)
        self._found: dict[tuple[str, str, bool, bool], MeasuredLatency | None] = {}

    def latency(self, model_id: str | None, seller: str, any_seller: bool, thinking: bool) -> MeasuredLatency | None:
        """The measured latency of an endpoint; None where nobody has measured it.

        ``any_seller`` takes the busiest other seller where this one has no row: for a vendor's own offer, whose model
        its partners run alike, and for routers, which pass requests on.
        """
        if model_id is None:
            return None
        key = (model_id, seller, any_seller, thinking)
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, model_id: str, seller: str, any_seller: bool, thinking: bool) -> MeasuredLatency | None:
        efforts = THINKING if thinking else PLAIN
        rows = [row for row in self._by_model.get(model_id, ()) if row.effort in efforts]
        rows = [row for row in rows if not math.isnan(row.ttft_p50_s)]
        here = [row for row in rows if row.seller == seller]
        chosen = here or (rows if any_seller else [])
        if not chosen:
            return None
        best = min(chosen, key=lambda row: (row.grade, row.centre != MEDIAN, -row.samples))
        if math.isnan(best.tokens_per_s_p50):
            # the best time to the first token may come without a speed
            with_speed = [row for row in chosen if not math.isnan(row.tokens_per_s_p50)]
            best = min(with_speed, key=lambda row: (row.grade, -row.samples), default=best)
        band = [row.ttft_p50_s for row in (here or [best])]
        return MeasuredLatency(best, min(band), max(band), not here)


def _number(text: str) -> float:
    return float(text) if text else math.nan


@lru_cache(maxsize=4)
def load_latency_table(folder: Path = FOLDER) -> LatencyTable:
    """The shipped measurements, read once."""
    with (folder / "latency.csv").open(encoding="utf-8", newline="") as lines:
        return LatencyTable([
            LatencyRow(
                model_id=row["model_id"], seller=row["seller"], effort=row["effort"], centre=row["centre"],
                ttft_p50_s=_number(row["ttft_p50_s"]), ttft_p95_s=_number(row["ttft_p95_s"]),
                tokens_per_s_p50=_number(row["tokens_per_s_p50"]), tokens_per_s_p05=_number(row["tokens_per_s_p05"]),
                samples=int(row["samples"] or 0), grade=row["grade"], source=row["source"],
                measured_on=row["measured_on"],
            )
            for row in csv.DictReader(lines, strict=True)
        ])
