"""What another table says of an offer, in one form for every table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from pricing.errors import InputError, Problem, quoted
from pricing.offers import Offer, Seller
from pricing.refresh.figures import Figures, NoPrice, figures_of_fields

GENAI, LITELLM, MODEL_PRICES = "genai-prices", "litellm-json", "model-prices"


@dataclass(frozen=True, slots=True)
class Dated:
    """Figures from a day on; ``starts`` None: since nobody knows when. No figures: listed without a price."""

    starts: date | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Told:
    """What a source says of one offer: its dated prices, oldest first, or why they cannot be used."""

    row: str
    periods: tuple[Dated, ...] = ()
    retires_on: date | None = None
    by_hand: str | None = None
    refused: str | None = None
    absent: bool = False

    def on(self, day: date) -> Dated | None:
        """The prices in force on the day."""
        running = [dated for dated in self.periods if dated.starts is None or dated.starts <= day]
        return running[-1] if running else None


@dataclass(frozen=True, slots=True)
class Source:
    """A table to compare with.

    ``tell`` answers for an offer and its seller; a row that is absent although ours came from this table comes back
    with ``absent``. ``exact_steps``: whether it says on which side of a boundary the boundary itself lies.
    ``announces``: whether it can hold prices of the future.
    """

    name: str
    version: str
    tell: Callable[[Offer, Seller | None], Told | None]
    exact_steps: bool = True
    announces: bool = False
    kept: dict[str, Told | None] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def ask(self, offer: Offer, seller: Seller | None) -> Told | None:
        """What the table says of the offer; None where it does not know the seller or the model."""
        if offer.id not in self.kept:
            self.kept[offer.id] = self.tell(offer, seller)
        return self.kept[offer.id]


def told_of(row: str, periods: list[tuple[date | None, Mapping[str, Any]]], retires_on: date | None = None) -> Told:
    """Prices as plain fields of our form, judged figure by figure; the first that is none refuses the row."""
    try:
        dated = tuple(Dated(starts, figures_of_fields(fields)) for starts, fields in periods)
    except NoPrice as error:
        return Told(row, refused=str(error))
    return Told(row, dated, retires_on)


def prefixes(source: str, seller: Seller | None, offer: Offer) -> tuple[str, ...]:
    """What the source writes before this seller's models: the seller's table says so, else its id and a slash."""
    known = seller.known_as.get(source) if seller else None
    return known if known is not None else (f"{offer.seller}/",)


def _genai() -> Source:
    try:
        from pricing import upstream
    except ImportError:
        raise InputError(
            Problem("--source", quoted(GENAI), "installed", "Install it with pip install -U genai-prices.")
        ) from None

    def tell(offer: Offer, seller: Seller | None) -> Told | None:
        row = offer.provenance.rows.get(GENAI) or offer.provenance.source_id or ""
        if not upstream.has_upstream(row):
            return Told(row, absent=True) if offer.provenance.source == GENAI else None
        try:
            periods = upstream.upstream_fields(row)
        except InputError as error:
            return Told(row, by_hand=error.problems[0].found)
        return told_of(row, [(fields["from"], fields) for fields in periods])

    return Source(GENAI, upstream.upstream_version(), tell, announces=True)


def open_source(words: list[str], option: str) -> Source:
    """The source that the words of ``--source`` or ``--second`` name: ``genai-prices``, ``litellm-json FILE`` or
    ``model-prices``. Raises :class:`InputError` for anything else and for a file that is not clean."""
    from pricing.refresh.litellm_json import read_litellm
    from pricing.refresh.model_prices import read_model_prices

    match words:
        case [name] if name == GENAI:
            return _genai()
        case [name, path] if name == LITELLM:
            return read_litellm(Path(path))
        case [name] if name == MODEL_PRICES:
            return read_model_prices()
    known = f"Write {GENAI}, {LITELLM} FILE or {MODEL_PRICES}."
    raise InputError(Problem(option, quoted(" ".join(words)), "a source", known))
