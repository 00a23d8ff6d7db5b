"""``python -m pricing``: check the tables, list what is on sale on a day, compare with other tables."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pricing.catalog import Catalog, load_catalog
from pricing.charge import Rates
from pricing.errors import InputError, Problem, quoted
from pricing.quotes import Quote, usd
from pricing.refresh.command import add_arguments as add_refresh_arguments
from pricing.refresh.command import refresh
from pricing.schema import schema_text


def _batch_figures(rates: Rates | None) -> dict[str, float] | None:
    if rates is None:
        return None
    return {
        "input_usd_per_mtok": usd(rates.input),
        "output_usd_per_mtok": usd(rates.output),
        "cache_read_usd_per_mtok": usd(rates.cache_read),
        "cache_write_usd_per_mtok": usd(rates.cache_write),
    }


def _steps(quote: Quote) -> list[dict[str, Any]]:
    return [
        {
            "prompt_tokens": step.prompt_tokens,
            "boundary": step.boundary,
            **(_batch_figures(step.rates) or {}),
            "batch": _batch_figures(step.batch),
        }
        for step in quote.steps
    ]


def offer_figures(catalog: Catalog, quote: Quote, today: date) -> dict[str, Any]:
    """One offer on a day under the names of the listing; unknown figures are None, never 0."""
    rates = quote.rates
    end = catalog.retirement(quote.offer)
    return {
        "model": quote.offer.model,
        "seller": quote.offer.seller,
        "tier": catalog.tier(quote.offer, quote.day),
        "status": quote.state,
        "reason": quote.reason,
        "input_usd_per_mtok": usd(rates.input) if rates else None,
        "output_usd_per_mtok": usd(rates.output) if rates else None,
        "cache_read_usd_per_mtok": usd(rates.cache_read) if rates and quote.cache_read_known else None,
        "cache_write_usd_per_mtok": usd(rates.cache_write) if rates and quote.cache_write_known else None,
        "cache_write_1h_usd_per_mtok": quote.cache_write_1h_usd_per_mtok,
        "batch": _batch_figures(quote.batch),
        "steps": _steps(quote),
        "fee_usd_per_request": usd(rates.fee_per_request) if rates else None,
        "web_search_usd_per_1k": quote.offer.fees.web_search_usd_per_1k,
        "uplifts": dict(quote.offer.uplifts),
        "context_tokens": quote.model.context_tokens,
        "as_of": str(quote.as_of),
        "freshness": catalog.freshness(quote, today),
        "retires_on": str(end) if end else None,
        "valid_until": str(quote.valid_until) if quote.valid_until else None,
        "next_change": {"on": str(quote.next_change[0]), "what": quote.next_change[1]} if quote.next_change else None,
        "source": quote.source,
        "url": quote.url,
    }


def _list(catalog: Catalog, day: date, today: date, as_json: bool) -> None:
    rows = [offer_figures(catalog, catalog.quote(offer, day), today) for offer in catalog.offers.values()]
    if as_json:
        print(json.dumps({"date": str(day), "offers": rows}, indent=2, allow_nan=False))
        return
    print(f"Prices on {day}, USD per 1M tokens")
    print(f"{'offer':42} {'tier':7} {'input':>9} {'output':>9} {'cached':>9}  {'as of':10}  state")
    for row in rows:
        figures = " ".join(
            f"{'-' if row[name] is None else format(row[name], ',.6g'):>9}"
            for name in ("input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok")
        )
        state = row["reason"] or row["status"]
        print(f"{row['seller'] + '/' + row['model']:42} {row['tier']:7} {figures}  {row['as_of']}  {state}")


def _check(catalog: Catalog, day: date) -> None:
    quotes = [catalog.quote(offer, day) for offer in catalog.offers.values()]
    for quote in quotes:
        catalog.tier(quote.offer, day)
    states = {state: sum(quote.state == state for quote in quotes) for state in
              ("priced", "free", "unpriced", "not_on_sale", "retired")}  # fmt: skip
    ages = {age: sum(catalog.freshness(quote, day) == age for quote in quotes) for age in ("fresh", "amber", "red")}
    periods = sum(len(offer.periods) for offer in catalog.offers.values())
    sellers = {offer.seller for offer in catalog.offers.values()}
    print(f"{len(catalog.models)} models, {len(catalog.offers)} offers from {len(sellers)} sellers, {periods} periods")
    print(f"on {day}: " + ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in states.items() if count))
    print("age: " + ", ".join(f"{count} {age}" for age, count in ages.items() if count))
    print("No problems.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pricing", description=__doc__)
    parser.add_argument("--tables", type=Path, default=None, help="another folder of tables")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="validate every table; exit code 2 and a list of problems if any is wrong")
    listing = commands.add_parser("list", help="every offer on a day")
    listing.add_argument("--date", default=None, metavar="YYYY-MM-DD", help="the day of the prices; today by default")
    listing.add_argument("--json", action="store_true", help="JSON on standard output")
    commands.add_parser("schema", help="the JSON schema of the tables on standard output")
    refreshing = commands.add_parser("refresh", help="compare with another table; 0 the same, 1 differences, 2 invalid")
    add_refresh_arguments(refreshing)
    return parser


def _day(text: str, option: str) -> date:
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(Problem(option, quoted(text), "a day", "Write it as YYYY-MM-DD.")) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; 0 done, 1 the tables differ from a source, 2 bad input with every problem on standard error."""
    chosen = _parser().parse_args(arguments)
    today = datetime.now(tz=UTC).date()
    try:
        if chosen.command == "refresh":
            as_of = _day(chosen.as_of, "--as-of") if chosen.as_of is not None else None
            return refresh(chosen, as_of, today, print)
        if chosen.command == "schema":
            print(schema_text(), end="")
            return 0
        catalog = load_catalog(chosen.tables)
        if chosen.command == "check":
            _check(catalog, today)
        else:
            _list(catalog, _day(chosen.date, "--date") if chosen.date is not None else today, today, chosen.json)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"{error.filename or 'tables'}: {error.strerror}. Nothing was written.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
