"""The command itself: what was asked, the table that is printed, and what is written."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from pricing.catalog import TABLES, Catalog
from pricing.errors import InputError, Problem, did_you_mean, quoted
from pricing.reading import read_tables
from pricing.refresh.findings import GROUPS, Finding, compare
from pricing.refresh.sources import GENAI, open_source
from pricing.refresh.swap import locked
from pricing.refresh.writing import Edition, day_of, write_findings

_COLUMNS = (("offer", 40), ("field", 34), ("old", 12), ("new", 12), ("%", 9), ("second opinion", 26))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``python -m pricing refresh``."""
    parser.add_argument("--source", nargs="+", default=[GENAI], metavar=("NAME", "FILE"),
                        help="genai-prices (the installed package), litellm-json FILE or model-prices")
    parser.add_argument("--second", nargs="+", metavar=("NAME", "FILE"), help="a second opinion, named as above")
    parser.add_argument("--as-of", metavar="YYYY-MM-DD", help="the day of which the source speaks")
    parser.add_argument("--write", action="store_true", help="write what is accepted; without it nothing is written")
    parser.add_argument("--accept", nargs="+", default=[], metavar="SELLER/MODEL", help="offers to write")
    parser.add_argument("--accept-agreed", action="store_true",
                        help="write what both sources share and is a change of less than 50 %%, and rechecked days")
    parser.add_argument("--force", nargs="+", default=[], metavar="SELLER/MODEL",
                        help="offers to write although they are set by hand or jump tenfold")


def refresh(chosen: argparse.Namespace, as_of: date | None, today: date, say: Callable[[str], object]) -> int:
    """Compares, says what it found line by line and, when asked, writes: 0 nothing differs any more, 1 something does.

    Raises :class:`InputError` for anything invalid; nothing is written then.
    """
    folder: Path = chosen.tables or TABLES
    with locked(folder):
        tables = read_tables(folder)
        catalog = Catalog(tables.models, tables.offers, tables.aliases, tables.sellers, tables.vendors, folder.name)
        first = open_source(chosen.source, "--source")
        second = open_source(chosen.second, "--second") if chosen.second else None
        day = as_of or day_of(first, catalog.offers.values())
        if day is None and chosen.write:
            raise InputError(Problem("--as-of", "nothing", "a day", f"Say of which day {first} speaks: YYYY-MM-DD."))
        edition = Edition(first, second, day or today)
        findings = compare(catalog, first, second, edition.day)
        _show(findings, edition, catalog, say)
        refused = [_refusal(finding) for finding in findings if finding.group == "refused"]
        if refused:
            raise InputError(refused)
        accepted = _accepted(findings, chosen, catalog)
        if accepted:
            write_findings(folder, accepted, edition, today)
            say(f"\n{len(accepted)} written.")
        elif chosen.write:
            say("\nNothing to write.")
    written = {id(finding) for finding in accepted}
    return int(any(finding.is_difference and id(finding) not in written for finding in findings))


def _refusal(finding: Finding) -> Problem:
    return Problem(f"{finding.offer.id} ({finding.row})", finding.barred or "this row", "",
                   "Nothing is taken from a source with such rows.")


def _accepted(findings: Sequence[Finding], chosen: argparse.Namespace, catalog: Catalog) -> list[Finding]:
    """What the options accept; InputError when they name an offer that cannot be written."""
    if not chosen.write:
        if chosen.accept or chosen.accept_agreed or chosen.force:
            raise InputError(Problem("--accept", "given without --write", "", "Add --write, or leave it out."))
        return []
    named, forced = set(chosen.accept) | set(chosen.force), set(chosen.force)
    problems = [_unknown(name, findings, catalog) for name in sorted(named)
                if not any(finding.offer.id == name for finding in findings)]  # fmt: skip
    accepted = []
    for finding in findings:
        by_name = finding.offer.id in named
        if finding.barred is not None and by_name and not (finding.forceable and finding.offer.id in forced):
            mend = "Name it under --force." if finding.forceable else "Change it by hand if it is right."
            problems.append(Problem(f"{finding.offer.id}: {finding.group}", finding.barred, "", mend))
        elif by_name or (chosen.accept_agreed and finding.agreed):
            accepted.append(finding)
    if problems:
        raise InputError(problems)
    return accepted


def _unknown(name: str, findings: Sequence[Finding], catalog: Catalog) -> Problem:
    if name in catalog.offers:
        return Problem("--accept", quoted(name), "different from the source", "Leave it out.")
    known = [finding.offer.id for finding in findings] or list(catalog.offers)
    return Problem("--accept", quoted(name), "an offer that differs", did_you_mean(name, known, "Write SELLER/MODEL."))


# What is printed -----------------------------------------------------------------------------------------------


def _show(
    findings: Sequence[Finding], edition: Edition, catalog: Catalog, say: Callable[[str], object]
) -> None:
    second = f", second opinion {edition.second}" if edition.second else ""
    say(f"{edition.first}, as of {edition.day}{second}")
    for group in GROUPS:
        here = [finding for finding in findings if finding.group == group]
        if not here:
            continue
        say(f"\n{group} ({len(here)})")
        say("  " + "  ".join(f"{name:{width}}" for name, width in _COLUMNS).rstrip())
        for finding in here:
            _show_one(finding, say)
    differing = len({finding.offer.id for finding in findings if finding.is_difference})
    told = sum(1 for offer in catalog.offers.values() if _is_told(edition, catalog, offer.id))
    say(f"\n{told} of {len(catalog.offers)} offers are in this source; {differing} differ.")


def _is_told(edition: Edition, catalog: Catalog, offer_id: str) -> bool:
    offer = catalog.offers[offer_id]
    told = edition.first.ask(offer, catalog.seller_names.get(offer.seller))
    return told is not None and not told.absent


def _show_one(finding: Finding, say: Callable[[str], object]) -> None:
    for change in finding.changes:
        cells = (finding.offer.id, change.what, change.old, change.new, change.percent, change.second)
        line = "  ".join(f"{cell:{width}}" for cell, (_, width) in zip(cells, _COLUMNS, strict=True)).rstrip()
        say(f"  {line}")
    notes = [f"from {finding.starts}"] if finding.starts else []
    if finding.barred:
        notes.append(f"blocked: {finding.barred}" + (" (--force)" if finding.forceable else ""))
    if finding.agreed and finding.is_difference:
        notes.append("both sources agree")
    if notes:
        say(f"    {'; '.join(notes)}")
