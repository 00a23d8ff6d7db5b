"""The catalogue: every model and offer of the tables, looked up by name and day."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar

from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.offers import Model, Offer, Seller, SellerKind, Tier
from pricing.quotes import Quote, QuoteStep, blended, last_day, quote_offer, turning_days, usd
from pricing.reading import read_tables
from pricing.sheet import Sheet, lay_over

__all__ = ["Catalog", "Quote", "QuoteStep", "load_catalog"]

Freshness = Literal["fresh", "amber", "red"]

TABLES = Path(__file__).parent / "tables"

# Days after which a price is shown as ageing and as stale: hosts and above all routers change prices more often than
# labs do (share of rows that changed between two monthly editions: labs 1 %, hosts 1 %, routers 5 to 14 %).
AGES: Mapping[SellerKind, tuple[int, int]] = MappingProxyType({"lab": (30, 60), "host": (14, 30), "router": (7, 14)})
DISAGREEMENT = 0.01
_NAMES_KEPT = 10_000


def _folded(name: str) -> str:
    """A name without case, spaces and underscores, so that "Claude Opus 4.5" and "claude opus 4.5" meet."""
    return re.sub(r"[\s_]+", "", name.casefold())


def _bare(name: str) -> str:
    return re.sub(r"[^0-9a-z]+", "", name.casefold())


class Catalog:
    """Models and offers by id. Made from records; :func:`load_catalog` makes it from the tables.

    ``aliases`` maps further names to model ids. Problems in any of them raise one :class:`InputError`.
    """

    def __init__(
        self,
        models: Iterable[Model],
        offers: Iterable[Offer],
        aliases: Mapping[str, str] | None = None,
        sellers: Iterable[Seller] = (),
        vendors: Mapping[str, str] | None = None,
        place: str = "catalogue",
    ) -> None:
        problems: list[Problem] = []
        self.models: Mapping[str, Model] = MappingProxyType(_by_id(models, f"{place} > models", problems))
        self.offers: Mapping[str, Offer] = MappingProxyType(_by_id(offers, f"{place} > offers", problems))
        self.seller_names: Mapping[str, Seller] = MappingProxyType(_by_id(sellers, f"{place} > sellers", problems))
        self.vendor_names: Mapping[str, str] = MappingProxyType(dict(vendors or {}))
        self.aliases: Mapping[str, str] = MappingProxyType(dict(aliases or {}))
        self.shadowed: Mapping[str, Offer] = MappingProxyType({})
        """Listed offers that a price sheet hides, by id."""
        self._names = self._collect_names(self.aliases, place, problems)
        self._sellers_of: dict[str, list[str]] = {}
        for offer in self.offers.values():
            self._sellers_of.setdefault(offer.model, []).append(offer.seller)
        self._shops = {seller.vendor: seller.id for seller in self.seller_names.values() if seller.vendor}
        self._check_links(place, problems)
        if problems:
            raise InputError(problems)
        self._cuts: dict[date, tuple[float, float]] = {}
        self._resolved: dict[str, Offer] = {}
        self._stretches: dict[int, tuple[list[date], list[Quote | None], Offer]] = {}

    def _collect_names(self, aliases: Mapping[str, str], place: str, problems: list[Problem]) -> dict[str, str]:
        names: dict[str, str] = {}
        own = [(name, model.id) for model in self.models.values() for name in (model.id, model.display, model.short)]
        for name, model in [*own, *aliases.items()]:
            where = f"{place} > aliases > {name}"
            if model not in self.models:
                mend = did_you_mean(model, list(self.models), "Name a model of models.yaml.")
                problems.append(Problem(where, quoted(model), "in the catalogue", mend))
            elif names.setdefault(_folded(name), model) != model:
                other = names[_folded(name)]
                problems.append(
                    Problem(where, f"a name for both {quoted(other)} and {quoted(model)}", "a clear alias",
                            "Give each name to one model only.")
                )
        return names

    def _check_links(self, place: str, problems: list[Problem]) -> None:
        for offer in self.offers.values():
            if offer.model not in self.models:
                mend = did_you_mean(offer.model, list(self.models), "Add the model to models.yaml.")
                where = f"{place} > offers > {offer.id} > model"
                problems.append(Problem(where, quoted(offer.model), "in the catalogue", mend))
        for model in self.models.values():
            if model.successor is not None and model.successor not in self.models:
                mend = did_you_mean(model.successor, list(self.models), "Add the model to models.yaml.")
                where = f"{place} > models > {model.id} > successor"
                problems.append(Problem(where, quoted(model.successor), "in the catalogue", mend))
            elif model.successor is not None and self._is_circle(model):
                problems.append(
                    Problem(f"{place} > models > {model.id} > successor", "a circle of successors", "a way forward",
                            "Remove one of the successors.")
                )

    def _is_circle(self, model: Model) -> bool:
        seen = {model.id}
        while model.successor is not None and model.successor in self.models:
            model = self.models[model.successor]
            if model.id in seen:
                return True
            seen.add(model.id)
        return False

    # Names -----------------------------------------------------------------------------------------------------

    def find_model(self, name: str) -> Model | None:
        """The model of that id or alias; None for an unknown name."""
        model_id = self._names.get(_folded(name))
        return None if model_id is None else self.models[model_id]

    def resolve_model(self, name: str, place: str = "model") -> Model:
        """The model of that id or alias; an unknown name raises :class:`InputError` with the nearest ones."""
        model = self.find_model(name)
        if model is None:
            raise InputError(self._unknown(name, place))
        return model

    def resolve(self, name: str, place: str = "model") -> Offer:
        """The offer that a name stands for.

        A bare model id or alias is its vendor's own offer; ``seller/model`` or ``seller/alias`` is that offer, and the
        seller's own id of the model is taken too. Names are compared without case and spaces and never by prefix.
        Raises :class:`InputError` with the nearest names, or with the sellers when the vendor sells none itself.
        """
        known = self._resolved.get(name)
        if known is None:
            known = self._resolve_anew(name, place)
            if len(self._resolved) < _NAMES_KEPT:
                self._resolved[name] = known
        return known

    def _resolve_anew(self, name: str, place: str) -> Offer:
        model_id = self._names.get(_folded(name))
        if model_id is not None:
            return self._own_offer(name, self.models[model_id], place)
        seller, slash, rest = name.strip().partition("/")
        seller = seller.strip().casefold()
        if slash and any(offer.seller == seller for offer in self.offers.values()):
            return self._offer_at(name, seller, rest.strip(), place)
        raise InputError(self._unknown(name, place))

    def _own_offer(self, name: str, model: Model, place: str) -> Offer:
        offer = self.own_offer(model)
        if offer is not None:
            return offer
        sellers = [f"{seller}/{model.id}" for seller in self.sellers(model)]
        mend = f"Name the seller: {' or '.join(map(quoted, sellers))}." if sellers else "Nobody in the catalogue does."
        vendor = self.vendor_names.get(model.vendor, model.vendor)
        raise InputError(Problem(place, quoted(name), f"sold by its maker {vendor}", mend))

    def _offer_at(self, name: str, seller: str, rest: str, place: str) -> Offer:
        theirs = [offer for offer in self.offers.values() if offer.seller == seller]
        model_id = self._names.get(_folded(rest))
        for offer in theirs:
            if offer.model == model_id or _folded(offer.provider_model_id) == _folded(rest):
                return offer
        if model_id is not None:
            others = [quoted(f"{other}/{model_id}") for other in self.sellers(model_id)]
            mend = f"It is sold as {' or '.join(others)}." if others else "Nobody in the catalogue sells it."
            raise InputError(Problem(place, quoted(name), f"sold by {seller}", mend))
        raise InputError(self._unknown(name, place, [offer.id for offer in theirs]))

    def _unknown(self, name: str, place: str, known: list[str] | None = None) -> Problem:
        names = [*self.models, *(m.display for m in self.models.values())] if known is None else known
        if known is None and "/" in name:
            names = [*self.offers]
        # A name that differs in punctuation alone has one meaning; near spellings may have several.
        meant = {self._names.get(_folded(each), each) for each in names if _bare(each) == _bare(name)}
        mend = did_you_mean(name, sorted(meant) if len(meant) == 1 else names, "See the list of models and prices.")
        return Problem(place, quoted(name), "in the catalogue", mend)

    # Look-ups --------------------------------------------------------------------------------------------------

    def own_offer(self, model: Model) -> Offer | None:
        """The offer that the vendor makes of its own model, if it does."""
        return self.offers.get(f"{self._shops.get(model.vendor, model.vendor)}/{model.id}")

    def is_own(self, offer: Offer) -> bool:
        """Whether the seller is the model's vendor."""
        vendor = self.models[offer.model].vendor
        return offer.seller == self._shops.get(vendor, vendor)

    def own_offers(self) -> tuple[Offer, ...]:
        """Every offer that a vendor makes of its own model, in the order of the tables."""
        return tuple(offer for offer in self.offers.values() if self.is_own(offer))

    def sellers(self, model: Model | str) -> tuple[str, ...]:
        """Ids of everyone who sells the model, in the order of the tables."""
        return tuple(self._sellers_of.get(model if isinstance(model, str) else model.id, ()))

    def seller_kind(self, offer: Offer) -> SellerKind:
        """Lab, host or router; a seller without a record is a lab for its own models and a host for others'."""
        seller = self.seller_names.get(offer.seller)
        if seller is not None:
            return seller.kind
        return "lab" if self.is_own(offer) else "host"

    def successor(self, model: Model | str, day: date) -> Model | None:
        """The first model in the chain of successors that its vendor has not retired on the day."""
        record = self.models[model] if isinstance(model, str) else model
        while record.successor is not None:
            record = self.models[record.successor]
            if (record.retires_on is None or day < record.retires_on) and not (
                record.released is not None and day < record.released
            ):
                return record
        return None

    def retirement(self, offer: Offer) -> date | None:
        """First day on which the seller no longer serves the model, where known."""
        return last_day(offer, self.models[offer.model], self.is_own(offer))

    def quote(self, offer: Offer, day: date) -> Quote:
        """What the offer costs on the day; see :class:`Quote`."""
        stretches = self._stretches.get(id(offer))
        if stretches is None:
            model = self.models[offer.model]
            days = turning_days(offer, model, self.retirement(offer), self._chain(model))
            # The offer is kept beside its quotes, so that no other can come to have its identity.
            stretches = self._stretches[id(offer)] = (days, [None] * (len(days) + 1), offer)
        days, quotes, _ = stretches
        number = bisect_right(days, day)
        known = quotes[number]
        if known is None:
            known = quotes[number] = self._quote_anew(offer, day)
        return known.on(day)

    def _quote_anew(self, offer: Offer, day: date) -> Quote:
        model = self.models[offer.model]
        gone = self.retirement(offer)
        return quote_offer(offer, model, day, gone, self.successor(model, day if gone is None else max(day, gone)))

    def _chain(self, model: Model) -> list[Model]:
        found = []
        while model.successor is not None:
            model = self.models[model.successor]
            found.append(model)
        return found

    # Price sheets ----------------------------------------------------------------------------------------------

    def with_sheet(self, sheet: Sheet) -> Catalog:
        """A catalogue in which the offers of a price sheet stand beside ours or in place of them; this one stays.

        Such offers carry the method ``sheet`` in their provenance, and :attr:`shadowed` holds what they hide. Raises
        :class:`InputError` for rows that do not fit the catalogue.
        """
        parts = lay_over(self, sheet)
        made = Catalog(
            parts.models.values(), parts.offers.values(), self.aliases, parts.sellers.values(), parts.vendors
        )
        made.shadowed = MappingProxyType({**self.shadowed, **parts.shadowed})
        return made

    def is_from_sheet(self, offer: Offer) -> bool:
        """Whether the offer's prices are the user's own."""
        return offer.provenance.method == "sheet"

    # Tiers and age ---------------------------------------------------------------------------------------------

    def tier_cuts(self, day: date) -> tuple[float, float]:
        """The highest 3:1 blended prices of the small and of the medium tier, USD per 1M tokens.

        Terciles over the vendors' own priced offers on the day; equal prices fall together into the lower tier. List
        prices decide: what a user has negotiated moves no model to another tier.
        """
        if day not in self._cuts:
            listed = (self._listed(offer) for offer in self.own_offers())
            quotes = (self.quote(offer, day) for offer in listed if not self.is_from_sheet(offer))
            blends = sorted(q.blended_usd_per_mtok or 0.0 for q in quotes if q.state == "priced")
            if not blends:
                return (0.0, 0.0)
            # The nth smallest price closes a tier, n rounded up: whoever asks the same price stays below the cut.
            third = [-(-len(blends) * part // 3) - 1 for part in (1, 2)]
            self._cuts[day] = (blends[third[0]], blends[third[1]])
        return self._cuts[day]

    def tier(self, offer_or_model: Offer | Model, day: date) -> Tier:
        """Small, medium or large: the table's word, or by price among all vendors' own offers on the day.

        A model that its vendor does not sell is placed by its cheapest offer, and one that has no price on the day by
        the last one it had. Raises :class:`InputError` when there never was a price.
        """
        model = self.models[offer_or_model.model] if isinstance(offer_or_model, Offer) else offer_or_model
        if model.tier is not None:
            return model.tier
        own = self.own_offer(model)
        own = None if own is None else self._listed(own)
        everyone = [self._listed(self.offers[f"{seller}/{model.id}"]) for seller in self.sellers(model)]
        blends = self._blends_near([own] if own else [], day) or self._blends_near(everyone, day)
        if not blends:
            raise InputError(
                Problem(f"models > {model.id} > tier", "empty", "known without a price", "Set a tier with a reason.")
            )
        small, medium = self.tier_cuts(day)
        return "small" if min(blends) <= small else "medium" if min(blends) <= medium else "large"

    def _listed(self, offer: Offer) -> Offer:
        """The offer as our tables list it, where a price sheet hides it."""
        return self.shadowed.get(offer.id, offer)

    def _blends_near(self, offers: Iterable[Offer], day: date) -> list[float]:
        """3:1 blended prices on the day or, where there is none, the last that the offer had."""
        blends = []
        for offer in offers:
            blend = self.quote(offer, day).blended_usd_per_mtok
            means = [period.mean_prices for period in offer.periods if not period.free]
            priced = [prices for prices in means if prices.is_priced]
            if blend is not None:
                blends.append(blend)
            elif priced:
                blends.append(blended(priced[-1]))
        return blends

    def freshness(self, quote: Quote, today: date) -> Freshness:
        """How far to trust a price today: by its age and kind of seller, and red when it has run out.

        Red as well while another source disagrees by more than 1 % and nobody has settled which is right, and once a
        source has dropped the offer from its table.
        """
        kind = self.seller_kind(quote.offer)
        provenance = quote.offer.provenance
        age = (today - max(provenance.checked_on or provenance.as_of, provenance.as_of)).days
        amber, red = AGES[kind]
        over = quote.state == "retired" or (quote.valid_until is not None and quote.valid_until <= today)
        if age >= red or over or provenance.gone_from or _is_disputed(quote):
            return "red"
        return "amber" if age >= amber else "fresh"


def _is_disputed(quote: Quote) -> bool:
    if quote.rates is None:
        return False
    for other in quote.offer.provenance.disagrees:
        if other.settled is not None:
            continue
        if other.retires_on is not None and other.retires_on <= quote.day:
            return True
        for theirs, ours in ((other.input, quote.rates.input), (other.output, quote.rates.output)):
            mine = usd(ours)
            if theirs is not None and abs(float(theirs) - mine) > DISAGREEMENT * max(mine, float(theirs)):
                return True
    return False


Item = TypeVar("Item", Model, Offer, Seller)


def _by_id(records: Iterable[Item], place: str, problems: list[Problem]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for record in records:
        if record.id in found:
            problems.append(Problem(place, f"a second {quoted(record.id)}", "allowed", "Keep one of the two."))
        found.setdefault(record.id, record)
    return found


@lru_cache(maxsize=8)
def load_catalog(path: Path | None = None) -> Catalog:
    """The catalogue of the shipped tables, or of the tables in another folder. Read once and kept in memory."""
    folder = TABLES if path is None else path
    tables = read_tables(folder)
    return Catalog(tables.models, tables.offers, tables.aliases, tables.sellers, tables.vendors, folder.name)
