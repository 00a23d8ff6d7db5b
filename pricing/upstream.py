"""Prices as genai-prices tells them, in the form of our tables. The only module that knows that package.

The package is a development dependency: nothing that a planner runs imports this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint, TieredPrices

from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.offers import PricePeriod

KEYS = {"input": "input_mtok", "output": "output_mtok", "cache_read": "cache_read_mtok",
        "cache_write": "cache_write_mtok", "cache_write_1h": "cache_write_1h_mtok"}  # fmt: skip

Dated = list[tuple[date | None, ModelPrice]]


def find_upstream(source_id: str) -> ModelInfo:
    """The row that is called ``provider:model`` in genai-prices; an unknown one raises :class:`InputError`."""
    provider_id, _, model_id = source_id.partition(":")
    for provider in get_snapshot().providers:
        if provider.id == provider_id:
            for model in provider.models:
                if model.id == model_id:
                    return model
            known = [f"{provider_id}:{model.id}" for model in provider.models]
            raise InputError(Problem("genai-prices", quoted(source_id), "a row", did_you_mean(source_id, known, "")))
    raise InputError(Problem("genai-prices", quoted(provider_id), "a provider", "Write provider:model."))


def read_upstream(source_id: str, announce_url: str | None = None) -> tuple[PricePeriod, ...]:
    """The dated prices of one row, rounded to 6 places, with steps and batch prices.

    Prices by the hour raise :class:`InputError`, because the package knows no weekdays; such rows are kept by hand.
    """
    periods = []
    for fields in upstream_fields(source_id):
        if fields["from"] is not None and announce_url:
            fields["url"] = announce_url
        periods.append(PricePeriod.model_validate(fields))
    return tuple(periods)


def upstream_fields(source_id: str) -> list[dict[str, Any]]:
    """The same as plain fields of periods, oldest first, before anything has judged them.

    A batch price that starts inside a period is taken to hold for the whole of it: such days are the days on which
    someone looked it up, not the days on which it came into force.
    """
    info = find_upstream(source_id)
    standard = _dated_prices(info, source_id)
    batches = _dated_batches(info)
    periods = []
    for number, (starts, price) in enumerate(standard):
        ends = standard[number + 1][0] if number + 1 < len(standard) else None
        known = [batch for begins, batch in batches if begins is None or ends is None or begins < ends]
        batch = known[-1] if known else None
        periods.append({"from": starts, "until": ends, **_period_fields(price, batch)})
    return periods


def upstream_version() -> str:
    """The edition of the package that is installed."""
    return version("genai-prices")


def has_upstream(source_id: str) -> bool:
    """Whether the package has a row that is called ``provider:model``."""
    try:
        find_upstream(source_id)
    except InputError:
        return False
    return True


def _dated_prices(info: ModelInfo, source_id: str) -> Dated:
    if isinstance(info.prices, ModelPrice):
        return [(None, info.prices)]
    found: Dated = []
    for conditional in info.prices:
        rule = conditional.constraint
        if rule is not None and not isinstance(rule, StartDateConstraint):
            raise InputError(
                Problem("genai-prices", f"{quoted(source_id)} with prices by the hour", "importable",
                        "Keep the row by hand, with bands.")
            )
        found.append((rule.start_date if rule else None, conditional.prices))
    return sorted(found, key=lambda dated: dated[0] or date.min)


def _dated_batches(info: ModelInfo) -> Dated:
    found: Dated = []
    for variant in info.price_variants or ():
        rule = variant.constraint
        if variant.when == {"processing": "batch"} and (rule is None or isinstance(rule, StartDateConstraint)):
            found.append((rule.start_date if rule else None, variant.prices))
    return sorted(found, key=lambda dated: dated[0] or date.min)


def rounded(value: Decimal) -> str:
    """A price as our tables write it: at most 6 places, no trailing zeros, no float dust.

    >>> rounded(Decimal("1.0399999999999998")), rounded(Decimal("10"))
    ('1.04', '10')
    """
    return f"{round(value, 6).normalize():f}"


def _values(price: ModelPrice, above: int | None) -> dict[str, str]:
    """Our fields at the base (None) or on the step that begins above a threshold."""
    found: dict[str, str] = {}
    for ours, theirs in KEYS.items():
        value = getattr(price, theirs)
        if isinstance(value, TieredPrices):
            steps = [tier.price for tier in value.tiers if above is not None and tier.start <= above]
            value = steps[-1] if steps else value.base
        if value is not None:
            found[ours] = rounded(value)
    return found


def _thresholds(price: ModelPrice) -> Sequence[int]:
    tiered = [getattr(price, theirs) for theirs in KEYS.values()]
    return sorted({tier.start for value in tiered if isinstance(value, TieredPrices) for tier in value.tiers})


def _batch_values(price: ModelPrice, batch: ModelPrice, above: int | None) -> dict[str, str]:
    """Batch prices; what a batch row leaves out, such as a cached price, stays at the standard price."""
    return {**_values(price, above), **_values(batch, above)}


def _step(price: ModelPrice, batch: ModelPrice | None, above: int) -> dict[str, Any]:
    # The package fires a tier strictly above its start: a seller's "200,000 and more" is kept there as 199,999.
    inclusive = above % 1000 == 999
    step: dict[str, Any] = {"prompt_tokens": above + 1 if inclusive else above,
                            "boundary": "ge" if inclusive else "gt", **_values(price, above)}
    if batch is not None and above in _thresholds(batch):
        step["batch"] = _batch_values(price, batch, above)
    return step


def _period_fields(price: ModelPrice, batch: ModelPrice | None) -> dict[str, Any]:
    fields: dict[str, Any] = dict(_values(price, None))
    if "input" not in fields or "output" not in fields:
        return {"reason": "The source lists the model without a price."}
    fields["over"] = [_step(price, batch, above) for above in _thresholds(price)]
    if batch is not None:
        fields["batch"] = _batch_values(price, batch, None)
    return fields
