"""What is different between our tables and a source, sorted by what it means and judged: may it be written?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from pricing.catalog import DISAGREEMENT, Catalog
from pricing.offers import Disagreement, Offer
from pricing.refresh.figures import INPUT, OUTPUT, Figure, Figures, figures_of, in_table
from pricing.refresh.sources import Dated, Source, Told

Group = Literal["changed", "new period", "announced", "retiring", "disagrees", "gone", "refused", "rechecked"]
GROUPS: tuple[Group, ...] = ("changed", "new period", "announced", "retiring", "disagrees", "gone", "refused",
                             "rechecked")  # fmt: skip
# A price that moves by a power of ten is a slip of the unit far more often than a sale; it needs to be named.
JUMP = Decimal(10)
# Two sources that share a change smaller than this may write it without being named.
AGREED_SHARE = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. ``old`` and ``new`` are as people read them, ``share`` the relative change."""

    what: str
    old: str
    new: str
    share: Decimal | None
    second: str

    @property
    def percent(self) -> str:
        """The relative change in words, or a dash."""
        return "-" if self.share is None else f"{float(self.share):+.1%}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that differs for one offer.

    ``barred`` says why it cannot be written, ``forceable`` whether naming it under --force writes it all the same,
    ``agreed`` whether two sources share it and it is small. ``starts`` and ``figures`` are those of a period to append.
    """

    offer: Offer
    group: Group
    changes: tuple[Change, ...]
    row: str
    starts: date | None = None
    figures: Figures | None = None
    dispute: Disagreement | None = None
    retires_on: date | None = None
    barred: str | None = None
    forceable: bool = False
    agreed: bool = False

    @property
    def is_difference(self) -> bool:
        """Whether the tables and the source say different things."""
        return self.group != "rechecked"


def compare(catalog: Catalog, first: Source, second: Source | None, day: date) -> list[Finding]:
    """Everything that differs between the catalogue and the first source on the day of which the source speaks.

    The second source is asked for its opinion on each of them, and where the first agrees with us but the second does
    not. The order is that of the groups, then of the tables.
    """
    found: list[Finding] = []
    for offer in catalog.offers.values():
        found.extend(_Comparison(catalog, offer, first, second, day).findings())
    return sorted(found, key=lambda finding: GROUPS.index(finding.group))


class _Comparison:
    """One offer against one source."""

    def __init__(self, catalog: Catalog, offer: Offer, first: Source, second: Source | None, day: date) -> None:
        self.catalog, self.offer, self.first, self.day = catalog, offer, first, day
        seller = catalog.seller_names.get(offer.seller)
        self.url = offer.provenance.url or (seller.url if seller else None)
        self.told = _usable(first, first.ask(offer, seller), offer, day)
        self.second = second
        self.opinion = _usable(second, second.ask(offer, seller), offer, day) if second else None
        self.ours = next((period for period in offer.periods if period.covers(day)), None)
        self.is_open = catalog.quote(offer, day).state in ("priced", "free", "unpriced")

    def findings(self) -> Iterator[Finding]:
        told = self.told
        if told is None or told.by_hand is not None:
            return
        if told.absent:
            name = str(self.first)
            if self.is_open and not any(one.startswith(self.first.name) for one in self.offer.provenance.gone_from):
                missing = Change("row", told.row or "-", f"not in {name}", None, self._says_gone())
                yield self._finding("gone", (missing,))
            return
        if told.refused is not None:
            yield self._finding("refused", (Change("row", "-", told.refused, None, "-"),), barred=told.refused)
            return
        if not self.is_open:
            return
        prices = list(self._prices())
        yield from prices
        yield from self._retirement()
        settled = all(finding.group == "rechecked" for finding in prices)
        if settled and self.opinion is not None and not self.opinion.absent:
            yield from self._second_disagrees(self.opinion)

    def _finding(self, group: Group, changes: tuple[Change, ...], **more: object) -> Finding:
        found = Finding(self.offer, group, changes, self.told.row if self.told else "")
        return _judged(replace(found, **more))  # type: ignore[arg-type]

    # Prices ----------------------------------------------------------------------------------------------------

    def _prices(self) -> Iterator[Finding]:
        assert self.told is not None
        now = self.told.on(self.day)
        if now is None or self.ours is None or self.ours.bands:
            return
        if not now.figures:
            if self.ours.is_priced and not self.ours.free:
                yield self._finding("changed", (Change("price", "priced", "none", None, "-"),),
                                    barred="the source lists it without a price, which is no price of zero")
            return
        ours = figures_of(self.ours)
        if now_changes := self._changes(ours, now.figures, self.day):
            yield from self._running(ours, now, now_changes)
        else:
            yield from self._recheck()
        yield from self._announced()

    def _changes(self, ours: Figures, theirs: Figures, day: date) -> tuple[Change, ...]:
        """Figures that both state and that differ, and figures that only the source states."""
        changes = []
        for figure in sorted(set(theirs)):
            old, new = ours.get(figure), theirs[figure]
            if old != new and not (new == 0 and old is None):
                share = (new - old) / old if old else None
                changes.append(Change(str(figure), in_table(old) if old is not None else "-", in_table(new), share,
                                      self._opinion_on(figure, new, day)))  # fmt: skip
        return tuple(changes)

    def _opinion_on(self, figure: Figure, new: Decimal, day: date) -> str:
        told = self.opinion
        dated = told.on(day) if told and not (told.by_hand or told.refused or told.absent) else None
        said = dated.figures.get(figure) if dated else None
        if said is None or self.second is None:
            return "-"
        return f"{self.second.name} agrees" if said == new else f"{self.second.name} says {in_table(said)}"

    def _running(self, ours: Figures, now: Dated, changes: tuple[Change, ...]) -> Iterator[Finding]:
        """One finding where the source gives no day, and one for each dated period that we have missed."""
        if self.ours is None or self._is_settled(ours, now.figures):
            return
        since = self.ours.starts
        missed = [dated for dated in self._missed(ours) if dated.starts and (since is None or dated.starts > since)]
        if not missed or not _moves(ours, now.figures):
            newer = since is not None and self.day <= since
            yield self._finding("changed", (*changes, *_lost(ours, now.figures)), starts=self.day,
                                figures=_followed(ours, now.figures),
                                barred=f"our price is newer: it holds since {since}" if newer else None)
            return
        before = ours
        for dated in missed:
            assert dated.starts is not None
            found = (*self._changes(before, dated.figures, dated.starts), *_lost(before, dated.figures))
            before = _followed(before, dated.figures)
            yield self._finding("new period", found, starts=dated.starts, figures=before)

    def _missed(self, ours: Figures) -> list[Dated]:
        """The source's periods up to the day that come after the last one that says what we say."""
        assert self.told is not None
        found: list[Dated] = []
        for dated in reversed(self.told.periods):
            if dated.starts is not None and dated.starts > self.day:
                continue
            if not dated.figures or not _moves(ours, dated.figures):
                break
            found.insert(0, dated)
        return found if len(found) < sum(1 for one in self.told.periods if one.figures) else found[-1:]

    def _announced(self) -> Iterator[Finding]:
        assert self.told is not None
        coming = [dated for dated in self.told.periods if dated.starts is not None and dated.starts > self.day]
        for dated in coming:
            assert dated.starts is not None
            ours = next((period for period in self.offer.periods if period.covers(dated.starts)), None)
            held = figures_of(ours) if ours else {}
            changes = self._changes(held, dated.figures, dated.starts) if dated.figures else ()
            if changes:
                same_day = ours is not None and ours.starts == dated.starts
                barred = "we hold another price from that day on" if same_day else None
                if barred is None and self.url is None:
                    barred = "an announced price needs a url, and the seller's table gives none"
                yield self._finding("announced", (*changes, *_lost(held, dated.figures)), starts=dated.starts,
                                    figures=_followed(held, dated.figures), barred=barred)
        known = {dated.starts for dated in coming}
        for period in self.offer.periods:
            if self.first.announces and self.first.name in self.offer.provenance.source and period.starts is not None \
                    and period.starts > self.day and period.starts not in known:  # fmt: skip
                yield self._finding("disagrees", (Change("announced price", f"from {period.starts}", "not announced",
                                                         None, "-"),),
                                    barred="take an announced price back by hand, with a note")  # fmt: skip

    def _recheck(self) -> Iterator[Finding]:
        provenance = self.offer.provenance
        if self.day > max(provenance.checked_on or provenance.as_of, provenance.as_of):
            change = Change("checked", str(provenance.checked_on or provenance.as_of), str(self.day), None,
                            self._opinion_on(INPUT, self._input(), self.day))  # fmt: skip
            yield self._finding("rechecked", (change,))

    def _input(self) -> Decimal:
        return self.ours.input if self.ours is not None and self.ours.input is not None else Decimal(0)

    # Other sources ---------------------------------------------------------------------------------------------

    def _is_settled(self, ours: Figures, theirs: Figures) -> bool:
        """Whether every difference stands in the row's provenance already, decided or not."""
        differing = {figure for figure in theirs if figure in ours and ours[figure] != theirs[figure]}
        differing |= {figure for figure in theirs if figure not in ours and theirs[figure] != 0}
        for known in self.offer.provenance.disagrees:
            if known.source.startswith(self.first.name):
                said = {INPUT: known.input, OUTPUT: known.output, Figure(0, False, "cache_read"): known.cache_read,
                        Figure(0, False, "cache_write"): known.cache_write}  # fmt: skip
                steps = {step + past for step in known.steps for past in (0, 1)}
                moved = differing & {INPUT, OUTPUT}
                told = moved or differing  # with another input or output price go other cached and batch prices
                if all(said.get(figure) == theirs[figure] or figure.begins in steps for figure in told):
                    return True
        return False

    def _second_disagrees(self, told: Told) -> Iterator[Finding]:
        dated = told.on(self.day) if not (told.by_hand or told.refused) else None
        if dated is None or self.second is None or self.ours is None or not dated.figures:
            return
        ours = figures_of(self.ours)
        both = [figure for figure in (INPUT, OUTPUT) if figure in ours and figure in dated.figures]
        apart = [figure for figure in both if _far(ours[figure], dated.figures[figure])]
        known = [one for one in self.offer.provenance.disagrees if one.source.startswith(self.second.name)]
        theirs = {figure.name: in_table(dated.figures[figure]) for figure in both}
        if not apart or any(one.input == dated.figures.get(INPUT) and one.output == dated.figures.get(OUTPUT)
                            for one in known):  # fmt: skip
            return
        changes = tuple(
            Change(str(figure), in_table(ours[figure]), in_table(ours[figure]),
                   None, f"{self.second.name} says {in_table(dated.figures[figure])}") for figure in apart
        )  # fmt: skip
        dispute = Disagreement.model_validate({"source": str(self.second), **theirs})
        yield self._finding("disagrees", changes, dispute=dispute)

    def _says_gone(self) -> str:
        if self.second is None or self.opinion is None:
            return "-"
        return f"{self.second.name} {'lists it no more either' if self.opinion.absent else 'still lists it'}"

    def _retirement(self) -> Iterator[Finding]:
        for source, told in ((self.first, self.told), (self.second, self.opinion)):
            if source is None or told is None or told.retires_on is None or told.by_hand or told.refused:
                continue
            ours = self.catalog.retirement(self.offer)
            other = self.opinion if source is self.first else None
            same = other is not None and other.retires_on == told.retires_on
            opinion = f"{self.second.name} agrees" if same and self.second else f"from {source.name}"
            if ours is None:
                known = [one for one in self.offer.provenance.disagrees if one.retires_on == told.retires_on]
                if not known:
                    change = Change("last day", "-", str(told.retires_on), None, opinion)
                    yield self._finding("retiring", (change,), retires_on=told.retires_on)
            elif ours != told.retires_on:
                known = [one for one in self.offer.provenance.disagrees if one.retires_on == told.retires_on]
                if not known:
                    change = Change("last day", str(ours), str(ours), None, f"{source.name} says {told.retires_on}")
                    said = {"source": str(source), "retires_on": told.retires_on}
                    yield self._finding("disagrees", (change,), dispute=Disagreement.model_validate(said))
            return


def _usable(source: Source | None, told: Told | None, offer: Offer, day: date) -> Told | None:
    """What was told, with steps that begin at a bare "above N tokens" put on our side of the boundary."""
    if source is None or told is None or source.exact_steps:
        return told
    begins = {begin for period in offer.periods for begin in (figure.begins for figure in figures_of(period)) if begin}
    moved = {
        other: begin for begin in begins for other in (begin - 1, begin + 1) if other not in begins
    }
    periods = tuple(
        replace(dated, figures={figure._replace(begins=moved.get(figure.begins, figure.begins)): value
                                for figure, value in dated.figures.items()})
        for dated in told.periods
    )  # fmt: skip
    return replace(told, periods=periods)


def _moves(ours: Figures, theirs: Figures) -> bool:
    return any(figure in theirs and ours[figure] != theirs[figure] for figure in ours)


def _stale(ours: Figures, theirs: Figures, figure: Figure) -> bool:
    """Whether a figure of ours that the source does not state may no longer hold: a price beside it has moved."""
    beside = {INPUT, OUTPUT, figure._replace(name="input"), figure._replace(name="output")}
    return any(one in theirs and ours.get(one) != theirs[one] for one in beside)


def _followed(ours: Figures, theirs: Figures) -> dict[Figure, Decimal]:
    """The figures of the next period: the source's, and ours where it is silent and no price beside them moved."""
    silent = [figure for figure in ours if figure not in theirs and not _stale(ours, theirs, figure)]
    return {**{figure: ours[figure] for figure in silent}, **theirs}


def _lost(ours: Figures, theirs: Figures) -> tuple[Change, ...]:
    """Figures of ours that the next period cannot keep."""
    gone = sorted(figure for figure in ours if figure not in theirs and _stale(ours, theirs, figure))
    return tuple(Change(str(figure), in_table(ours[figure]), "unknown", None, "-") for figure in gone)


def _far(ours: Decimal, theirs: Decimal) -> bool:
    return abs(ours - theirs) > Decimal(str(DISAGREEMENT)) * max(ours, theirs)


def _judged(finding: Finding) -> Finding:
    """The finding with the reason why it may not be written, if there is one, and whether two sources share it."""
    barred, forceable = finding.barred, False
    figures = finding.figures or {}
    if barred is None and any(value == 0 for value in figures.values()):
        zero = next(figure for figure, value in figures.items() if value == 0)
        barred = f"{zero} would be 0, and a zero is never taken from another table"
    ratios = [1 + change.share for change in finding.changes if change.share is not None]
    if barred is None and any(ratio >= JUMP or ratio <= 1 / JUMP for ratio in ratios):
        barred, forceable = "a jump by a factor of ten or more", True
    locked = finding.offer.provenance.method != "import" and finding.group in ("changed", "new period", "announced")
    if barred is None and locked:
        barred, forceable = "set by hand", True
    shared = all(change.second.endswith("agrees") for change in finding.changes)
    small = all(
        change.old == "-" if change.share is None else abs(change.share) < AGREED_SHARE for change in finding.changes
    )
    agreed = barred is None and shared and small and bool(finding.changes)
    return replace(finding, barred=barred, forceable=forceable, agreed=agreed or finding.group == "rechecked")
