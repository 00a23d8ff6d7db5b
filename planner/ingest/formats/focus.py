"""FOCUS 1.2, the open form of cloud bills: one row per SKU, with input, cached input and output on rows of their own.

Quantities come in tokens or in units of thousands or millions of them. Rows that are no usage (tax, credits,
purchases) and usage of other things are other charges. Which tokens a row counts is a matter of the seller's words;
a row whose words do not tell is refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, TypeAlias

from planner.ingest.cells import Cells
from planner.ingest.formats.litellm import json_cell
from planner.ingest.source import Source, Tokens, check_currency, labels_of, layout, money_row, token_row
from planner.ingest.usage import NO_LABEL, NO_MODEL, Kind, Label, UsageRow

Meter: TypeAlias = Literal["input", "cached", "written", "output"]

_REQUIRED = ("BilledCost", "ChargeCategory", "ChargePeriodStart", "ChargePeriodEnd", "ConsumedQuantity", "ConsumedUnit")
_TOKEN_UNIT = re.compile(r"(?:([0-9][0-9,_ ]{0,12}|k|m|thousand|million)[ _]?)?tokens?", re.IGNORECASE)
_PERSONAL = re.compile(r"user|mail|owner|person", re.IGNORECASE)
_MULTIPLES = {"": 1, "k": 1000, "thousand": 1000, "m": 1_000_000, "million": 1_000_000}


@lru_cache(maxsize=1000)
def token_unit(words: str) -> int | None:
    """Tokens in one unit of a quantity; None if it does not count tokens.

    >>> token_unit("Tokens"), token_unit("1000 Tokens"), token_unit("1000_tokens"), token_unit("Hours")
    (1, 1000, 1000, None)
    """
    match = _TOKEN_UNIT.fullmatch(words.strip())
    if match is None:
        return None
    multiple = re.sub(r"[,_ ]", "", match[1] or "").casefold()
    return _MULTIPLES[multiple] if multiple in _MULTIPLES else int(multiple) or None


@lru_cache(maxsize=1000)
def meter_of(words: str) -> Meter | None:
    """Which tokens a SKU counts, by the words of its meter; None if they do not tell.

    >>> [meter_of(words) for words in ("Input Tokens", "Cached Input Tokens", "Cache Write Input Tokens", "Output")]
    ['input', 'cached', 'written', 'output']
    """
    found = set(re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", words).casefold()))
    if found & {"cache", "cached", "caching"}:
        return "written" if found & {"write", "writes", "creation", "storage"} else "cached"
    sides: set[Meter] = set()
    if found & {"input", "prompt", "inp"}:
        sides.add("input")
    if found & {"output", "completion", "outp", "opt", "generated"}:
        sides.add("output")
    return sides.pop() if len(sides) == 1 else None


def _meter(cells: Cells) -> Meter:
    for column in ("SkuMeter", "SkuPriceDetails", "ChargeDescription", "SkuId"):
        words = str(cells.record.get(column) or "")[:1000]
        if (meter := meter_of(words)) is not None:
            return meter
    cells.refuse("SkuMeter", f'"{cells.word("SkuMeter")[:40]}"', "clear about input, cached input or output tokens",
                 "Name the kind of tokens in SkuMeter.")
    return "input"


def _model(cells: Cells) -> str | None:
    details = json_cell(cells, "SkuPriceDetails") if "SkuPriceDetails" in cells.columns else None
    named = details.get("x_Model") if isinstance(details, dict) else None
    return cells.name("ResourceName") or cells.name("ResourceId") or cells.named("SkuPriceDetails", named)


def _tags(cells: Cells) -> dict[str, str]:
    """Tags by key, personal ones left out."""
    tags = json_cell(cells, "Tags") if "Tags" in cells.columns else None
    if tags is None:
        tags = {name[5:]: value for name, value in cells.record.items() if name.startswith("Tags.")}
    if not isinstance(tags, dict):
        return {}
    return {key: value for key, value in tags.items() if isinstance(value, str) and value and not _PERSONAL.search(key)}


def _read(cells: Cells) -> UsageRow | None:
    when = cells.span("ChargePeriodStart", "ChargePeriodEnd")
    check_currency(cells, "BillingCurrency")
    cost = cells.usd("BilledCost")
    tags = _tags(cells)
    feature = cells.named("Tags", tags.get("feature") or tags.get("application") or tags.get("app"))
    tag = cells.named("Tags", ", ".join(f"{key}={tags[key]}" for key in sorted(tags)[:20]))
    project = cells.name("SubAccountName") or cells.name("SubAccountId")
    names: dict[Label, str | None] = {
        "project": project, "feature": feature, "tag": tag, "team": cells.named("Tags", tags.get("team")),
    }
    category = feature if "Tags" in cells.columns or tags else project
    unit_words = cells.word("ConsumedUnit")
    unit = token_unit(unit_words)
    if cells.word("ChargeCategory") != "usage" or (unit is None and unit_words != "requests"):
        return UsageRow(Kind.OTHER, *when, NO_MODEL, category or NO_LABEL, labels_of({}), cost_picousd=cost)
    seller = cells.name("ProviderName")
    if unit is None:
        return money_row(when, _model(cells) or NO_MODEL, category, cost, names, seller)
    counts = dict.fromkeys(("input", "cached", "written", "output"), 0)
    counts[_meter(cells)] = cells.tokens("ConsumedQuantity", unit)
    tokens = Tokens(counts["input"] + counts["cached"] + counts["written"], counts["output"], counts["cached"],
                    counts["written"])
    words = f"{cells.word('PricingCategory')} {cells.word('SkuMeter')} {cells.word('SkuPriceDetails')}"
    return token_row(cells, when, _model(cells), category, tokens, names, cost_picousd=cost,
                     is_batch="batch" in words or None, seller=seller)


SOURCE = Source(
    title="FOCUS cost and usage",
    family="focus",
    watcher="bill",
    layouts=(layout("focus_csv", "csv", *_REQUIRED), layout("focus_json", "json", *_REQUIRED)),
    measures=frozenset({"BilledCost", "ConsumedQuantity", "ContractedCost", "EffectiveCost", "ListCost",
                        "PricingQuantity", "ContractedUnitPrice", "ListUnitPrice", "InvoiceId"}),
    read=_read,
)
