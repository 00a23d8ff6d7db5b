"""Sentences about doubt: how sure, what moves the answer, when a budget is passed."""

from __future__ import annotations

import math

from planner.engine.forecast_bands import Fan
from planner.engine.uncertainty import Band, Outlook, Risk, Swing
from planner.views.formatting import MISSING, count, month, share, usd
from planner.views.wording import CONFIDENCE


def input_words(value: float, unit: str) -> str:
    """A value of an input with its unit.

    >>> input_words(0.45, "usd"), input_words(0.25, "share"), input_words(120_000, "tokens"), input_words(2.6, "logits")
    ('$0.45', '25 %', '120K', '2.6')
    """
    if not math.isfinite(value):
        return MISSING
    if unit == "usd":
        return usd(value)
    if unit == "share":
        return share(value)
    return count(value) if unit in ("requests", "tokens") else f"{value:.3g}"


def band_words(band: Band | None) -> str:
    """The 10 and 90 % points.

    >>> band_words(Band(690.0, 812.0, 1010.0))
    '$690 to $1,010'
    """
    return MISSING if band is None else f"{usd(band.p10)} to {usd(band.p90)}"


def confidence_sentence(risk: Risk) -> str:
    """How sure the best scenario is, with the odds and the simpler way to say it where it is not."""
    if risk.best is None:
        return "No scenario can be run and priced as it stands."
    if risk.second is None or risk.confidence is None or risk.lead_usd is None:
        return f"{risk.best} is the only scenario that can be compared."
    chance = share(risk.chance(risk.best, risk.second))
    lead = risk.lead_usd
    said = f"{CONFIDENCE[risk.confidence]}: {risk.best} costs less than {risk.second} in {chance} of the draws"
    if lead.p50 <= 0:
        return f"{said}, and in the middle case it costs {usd(-lead.p50)} a month more."
    ends = f"{usd(lead.p10)} to {usd(lead.p90)}" if lead.p10 >= 0 else (
        f"from {usd(-lead.p10)} dearer to {usd(lead.p90)} cheaper")
    return f"{said}, by {usd(lead.p50)} a month in the middle case ({ends})."


def budget_sentence(fan: Fan, name: str | None = None) -> str | None:
    """Chance and month of passing the budget; None without a budget or a price.

    ``name``: the scenario, the best one if left out.
    """
    bands = next((each for each in fan.scenarios if each.name == (name or fan.best)), None)
    if bands is None or bands.budget is None or fan.budget_usd is None:
        return None
    last = month(fan.months[-1])
    chance = share(bands.budget.chance)
    said = f"{chance} chance to pass {usd(fan.budget_usd)} a month by {last}"
    if bands.budget.month is not None:
        said += f"; as likely as not by {month(bands.budget.month)}"
    lowered = bands.budget_with_margin
    if lowered is None or fan.planning_margin_share <= 0:
        return f"{said}."
    margin = share(fan.planning_margin_share)
    return f"{said}. With {margin} kept in reserve ({usd(lowered.line_usd)}): {share(lowered.chance)}."


def swing_words(each: Swing) -> str:
    """One row of the tornado in words."""
    ends = f"{input_words(each.low, each.unit)} to {input_words(each.high, each.unit)}"
    flips = "; the second-best becomes the cheaper" if each.flips else ""
    return f"{each.label}, {ends}: moves the lead by {usd(each.swing_usd)}{flips}"


def seed_words(outlook: Outlook) -> str:
    """What the figures were drawn with.

    The same seed gives the same figures on every machine.
    """
    return f"seed {outlook.risk.seed}, {outlook.risk.draws:,} draws"
