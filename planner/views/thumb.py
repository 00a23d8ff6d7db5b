"""The articles' rule of thumb by volume band beside the difference that this plan's own prices and tokens make."""

from __future__ import annotations

from dataclasses import dataclass

from planner.domain.matrix import load_matrix
from planner.domain.strategies import Single
from planner.engine.evaluate import ScenarioResult
from planner.engine.study import Study
from planner.views.formatting import MISSING, count, share, usd, usd_whole

BAND_TITLES = ("You are in the smallest volume band", "You are in the second smallest volume band",
               "You are in the second largest volume band", "You are in the largest volume band")


@dataclass(frozen=True, slots=True)
class ThumbLine:
    """One band in words."""

    band: str
    rule: str
    own: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Thumb:
    """All bands with the plan's place among them."""

    title: str
    tokens_per_month: float
    rows: tuple[ThumbLine, ...]
    note: str
    alt: str


def thumb_rows(study: Study) -> Thumb:
    """The matrix by volume: what the large model costs more than the small one, as told and as computed."""
    demand = study.evaluation.demand
    sent = float((demand.requests * demand.input_tokens).sum())
    tokens = sent + float((demand.requests * demand.output_tokens).sum())
    pair = _pair(study)
    gap = None if pair is None or tokens <= 0 else _gap(*pair) / tokens
    rows, here = [], 0
    matrix = load_matrix(study.evaluation.register)
    for number, thumb in enumerate(matrix.volume_rule_of_thumb()):
        low, high = thumb.band.at_least or 0.0, thumb.band.below
        is_here = low <= tokens and (high is None or tokens < high)
        here = number if is_here else here
        own = MISSING if gap is None else usd(gap * tokens) if is_here else _span(gap * low, None if high is None
                                                                                 else gap * high)
        band = f"over {count(low)}" if high is None else f"under {count(high)}" if low == 0 else (
            f"{count(low)} to {count(high)}")
        rows.append(ThumbLine(band, _span(thumb.stated_low_usd, thumb.stated_high_usd), own, is_here))
    cached = float((demand.requests * demand.input_tokens * demand.cached_share).sum())
    if pair is None:
        note = "Dollars a month that a large model costs more. Add two single-model scenarios to see your own."
    else:
        large, small = pair
        note = f"What {large.name} costs more than {small.name}, per month."
        if sent > 0 and cached / sent >= 0.1:
            note += f" {share(cached / sent)} of your input is read from the cache."
    title = BAND_TITLES[here] if tokens > 0 and len(rows) == len(BAND_TITLES) else "No traffic yet"
    alt = " ".join(f"{row.band}: rule of thumb {row.rule}, your mix {row.own}{', you are here' if row.is_here else ''}."
                   for row in rows)
    return Thumb(title, tokens, tuple(rows), note, alt)


def _pair(study: Study) -> tuple[ScenarioResult, ScenarioResult] | None:
    """The dearest and the cheapest scenario that run one model for everything, own hardware aside."""
    single = [each for each in study.evaluation.scenarios
              if isinstance(each.strategy, Single) and each.is_priced and not each.hosted]
    single.sort(key=lambda each: each.total("invoice_usd") or 0.0)
    return (single[-1], single[0]) if len(single) >= 2 else None


def _gap(large: ScenarioResult, small: ScenarioResult) -> float:
    return (large.total("invoice_usd") or 0.0) - (small.total("invoice_usd") or 0.0)


def _span(low: float, high: float | None) -> str:
    if high is None:
        return f"over {usd_whole(low)}"
    return f"{usd_whole(low)}–{usd_whole(high).removeprefix('$')}" if high >= 0.5 else "under $1"
