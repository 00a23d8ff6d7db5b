"""From accepted findings to new texts of the tables, judged as a whole before the first file is touched."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pricing.catalog import Catalog
from pricing.errors import InputError, Problem
from pricing.offers import Offer
from pricing.reading import read_tables
from pricing.refresh.edit import Place, TableText, written_period
from pricing.refresh.figures import INPUT, OUTPUT, fields_of
from pricing.refresh.findings import Finding
from pricing.refresh.sources import Source
from pricing.refresh.swap import replace_files

CHANGES = "CHANGES.md"


@dataclass(frozen=True, slots=True)
class Edition:
    """What a refresh compares with: the source, a second opinion, and the day of which the source speaks."""

    first: Source
    second: Source | None
    day: date


def write_findings(folder: Path, findings: Sequence[Finding], edition: Edition, today: date) -> None:
    """Writes findings into the tables of the folder, all of them or none. Call it inside :func:`swap.locked`.

    Raises :class:`InputError` when the tables would not be valid with them, and OSError when the disk refuses.
    """
    texts: dict[str, TableText] = {}
    for finding in findings:
        name = f"offers/{finding.offer.seller}.yaml"
        if name not in texts:
            texts[name] = TableText(_text(folder / name), name)
        _apply(texts[name], finding, edition)
    new = {name: (_text(folder / name), table.text) for name, table in texts.items()}
    if (folder / CHANGES).exists():
        old = _text(folder / CHANGES)
        new[CHANGES] = (old, _with_lines(old, findings, edition, today))
    catalog = _judged(folder, new)
    _hold(catalog, findings)
    replace_files(folder, new)


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")


def _judged(folder: Path, new: dict[str, tuple[str, str]]) -> Catalog:
    """The catalogue that the folder would give with the new texts; InputError when it gives none."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / folder.name
        (copy / "offers").mkdir(parents=True)
        for path in [*folder.glob("*.yaml"), *(folder / "offers").glob("*.yaml")]:
            shutil.copyfile(path, copy / path.relative_to(folder))
        for name, (_, text) in new.items():
            (copy / name).write_bytes(text.encode())
        tables = read_tables(copy)
        return Catalog(tables.models, tables.offers, tables.aliases, tables.sellers, tables.vendors, folder.name)


def _hold(catalog: Catalog, findings: Iterable[Finding]) -> None:
    """Refuses tables that do not give, on its first day, the price that was accepted."""
    for finding in findings:
        if finding.starts is None or finding.figures is None:
            continue
        period = next((p for p in catalog.offers[finding.offer.id].periods if p.covers(finding.starts)), None)
        if period is None or period.input != finding.figures[INPUT] or period.output != finding.figures[OUTPUT]:
            raise InputError(Problem(finding.offer.id, "the new price", "what the tables give", "Edit it by hand."))


# One finding ---------------------------------------------------------------------------------------------------


def _apply(table: TableText, finding: Finding, edition: Edition) -> None:
    offer: Place = ("offers", finding.offer.model)
    first = str(edition.first)
    if finding.starts is not None and finding.figures is not None:
        _append_period(table, offer, finding)
        _bring_up_to_date(table, offer, finding, edition)
    elif finding.retires_on is not None:
        table.set_entry(offer, "retires_on", finding.retires_on, after=("provider_model_id", "released"))
    elif finding.group == "gone":
        known = table.value((*offer, "provenance", "gone_from")) or []
        table.set_entry((*offer, "provenance"), "gone_from", [*known, f"{first} of {edition.day}"])
    elif finding.dispute is not None:
        known = table.value((*offer, "provenance", "disagrees")) or []
        said = finding.dispute.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        if finding.dispute.retires_on is not None:
            said["retires_on"] = finding.dispute.retires_on
        source = finding.dispute.source.partition(" ")[0]
        kept = [one for one in known if not str(one["source"]).startswith(source) or one.get("settled")]
        table.set_entry((*offer, "provenance"), "disagrees", [*kept, said])
    elif finding.group == "rechecked":
        table.set_entry((*offer, "provenance"), "checked_on", edition.day, after=("source", "url", "as_of"))


def _append_period(table: TableText, offer: Place, finding: Finding) -> None:
    """Closes the period that covers the first day of the new one and puts the new one behind it."""
    assert finding.starts is not None
    assert finding.figures is not None
    starts = finding.starts
    periods = table.value((*offer, "periods"))
    number = next((place for place, period in enumerate(periods) if _covers(period, starts)), None)
    fields: dict[str, Any] = {"from": starts, **fields_of(finding.figures)}
    if number is None:
        raise InputError(Problem(finding.offer.id, f"a price from {starts}", "inside the known periods",
                                 "Edit it by hand."))
    ends = periods[number].get("until")
    table.set_entry((*offer, "periods", number), "until", starts, after=("from",))
    if ends is not None:
        fields = {"from": starts, "until": ends, **fields_of(finding.figures)}
    if finding.group == "announced":
        seller = table.value(("seller", "url"))
        fields["url"] = table.value((*offer, "provenance", "url")) or seller
    table.insert_row((*offer, "periods"), number + 1, written_period(fields), fields)


def _covers(period: dict[str, Any], day: date) -> bool:
    starts, ends = period.get("from"), period.get("until")
    return (starts is None or starts < day) and (ends is None or day < ends)


def _bring_up_to_date(table: TableText, offer: Place, finding: Finding, edition: Edition) -> None:
    place: Place = (*offer, "provenance")
    held = table.value(place)
    name = edition.first.name
    if held["source"] != name:
        rows = {**held.get("rows", {}), name: finding.row}
        if "source_id" in held and held["source"] not in rows:
            rows[str(held["source"])] = held["source_id"]
        if all(_is_plain(key) for key in rows):
            table.set_entry(place, "rows", rows)
        table.set_entry(place, "source", name)
    table.set_entry(place, "source_id", finding.row, after=("source",))
    table.set_entry(place, "source_version", edition.first.version, after=("source", "source_id"))
    if held["as_of"] <= edition.day:
        table.set_entry(place, "as_of", edition.day)
    if finding.group != "announced":
        agreeing = [str(edition.second)] if finding.agreed and edition.second else []
        if agreeing or "agrees" in held:
            table.set_entry(place, "agrees", agreeing)


def _is_plain(name: str) -> bool:
    return name.replace("-", "").replace(".", "").replace("_", "").isalnum() and name == name.lower()


# The log -------------------------------------------------------------------------------------------------------


def line_of(finding: Finding, edition: Edition) -> str:
    """The one line that the log gets for a finding."""
    said = ", ".join(
        f"{change.what} {change.old} to {change.new}" + (f" ({change.percent})" if change.share is not None else "")
        for change in finding.changes
    )
    since = f" from {finding.starts}" if finding.starts else ""
    seconds = sorted({change.second for change in finding.changes if change.second != "-"})
    opinion = f"; {', '.join(seconds)}" if seconds else ""
    return f"- {finding.offer.id}: {finding.group}: {said}{since}. {edition.first}, as of {edition.day}{opinion}."


def _with_lines(old: str, findings: Sequence[Finding], edition: Edition, today: date) -> str:
    said = [line_of(finding, edition) for finding in findings if finding.is_difference]
    if same := len(findings) - len(said):
        said.append(f"- {same} offers: compared again, as of {edition.day}; nothing changed.")
    lines = "\n".join(said)
    heading = f"## {today}: refreshed from {edition.first}\n"
    start = old.find("\n## ") + 1 or len(old)
    if old.startswith(heading, start):  # the second refresh of a day from the same edition
        start += len(heading)
        return f"{old[:start]}{lines}\n{old[start:]}"
    return f"{old[:start]}{heading}{lines}\n\n{old[start:]}"


def day_of(source: Source, offers: Iterable[Offer]) -> date | None:
    """The day of which an edition speaks, where the tables hold rows of the same edition; None for a new edition."""
    known = (offer.provenance for offer in offers)
    days = [one.as_of for one in known if (one.source, one.source_version) == (source.name, source.version)]
    return max(days, default=None)

