"""Other people's tables, as they come: poisoned, broken, huge, or by the hour. Refused or shown, nothing written."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pricing.errors import InputError
from pricing.refresh.litellm_json import read_litellm
from pricing.refresh.model_prices import read_snapshot
from pricing.refresh.sources import open_source
from tests.pricing.refresh.folder import Desk, row, upstream

FINE = '{"host/big": {"litellm_provider": "host", "input_cost_per_token": 3e-06, "output_cost_per_token": %s}}'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-3e-06, "is below zero"),
        ("3e-06", "is not a number"),
        ("3 EUR", "is not a number"),
        (True, "is not a number"),
        ([3e-06], "is not a number"),
        (3.0, "is more than 100,000 USD per 1M tokens"),  # USD per 1M tokens in place of USD per token
        (3e-15, "too small to be USD per 1M tokens"),
        (10**400, "is more than 100,000 USD per 1M tokens"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_row_with_a_wrong_figure_is_shown_and_stops_the_writing_of_all(desk: Desk, value: Any, said: str) -> None:
    before = desk.texts()
    feed = upstream(**{"host/big": row(input_cost_per_token=value, output_cost_per_token=1.5e-05),
                       "acme-big": {**upstream()["acme-big"], "input_cost_per_token": 5e-06}})  # fmt: skip
    code, out, err = desk.run("--write", "--accept", "acme/big", source=feed)
    assert code == 2
    assert said in err
    assert "refused (1)" in out
    assert desk.texts() == before


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "null}, \"host/big\": {\"x\": 1", ""])
def test_a_feed_that_is_no_clean_json_is_refused_as_a_whole(desk: Desk, value: str) -> None:
    before = desk.texts()
    code, _, err = desk.run("--write", "--accept-agreed", source=FINE % value)
    assert code == 2
    assert "feed.json" in err or "host/big" in err
    assert desk.texts() == before


def test_the_same_row_twice_is_refused_and_neither_is_taken(desk: Desk) -> None:
    text = json.dumps({"host/big": row(input_cost_per_token=2e-06, output_cost_per_token=1e-05)})
    code, _, err = desk.run(source=f'{text[:-1]}, "host/big": {{}}}}')
    assert code == 2
    assert 'the second "host/big" is not allowed' in err


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe{\x00}\x00", b"\x80abc", "{}".encode("utf-16"), b"\x00" * 100, b"", b"[]", b'{"a": 1}',
     b"[" * 100_000, b'{"a":' * 100_000, b"input: 1\n"],
    ids=lambda content: str(content[:8]),
)  # fmt: skip
def test_a_file_that_is_no_table_is_refused(desk: Desk, content: bytes) -> None:
    (desk.root / "bad.json").write_bytes(content)
    code, out, err = desk.run("--source", "litellm-json", str(desk.root / "bad.json"))
    assert (code, out) == (2, "")
    assert "bad.json" in err


@pytest.mark.parametrize("name", ["nothing.json", ".", "/dev/zero"])
def test_a_path_that_is_no_file_is_refused(desk: Desk, name: str) -> None:
    assert desk.run("--source", "litellm-json", name if name.startswith("/") else str(desk.root / name))[0] == 2


def test_a_byte_order_mark_is_no_harm(desk: Desk) -> None:
    assert desk.run(source="\ufeff" + json.dumps(upstream()))[0] == 0


def test_100_000_rows_are_read_in_seconds_and_one_more_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    rows = {f"m{number}": row(input_cost_per_token=1e-06) for number in range(100_000)}
    path.write_text(json.dumps(rows))
    began = time.perf_counter()
    read_litellm(path)
    assert time.perf_counter() - began < 10
    path.write_text(json.dumps({**rows, "one-more": {}}))
    with pytest.raises(InputError, match="a table of 100,001 rows is not at most 100,000 rows"):
        read_litellm(path)


def test_a_file_of_40_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("wb") as handle:
        handle.truncate(40_000_000)
    began = time.perf_counter()
    with pytest.raises(InputError, match="a file of 40,000,000 bytes"):
        read_litellm(path)
    assert time.perf_counter() - began < 0.5


def test_prices_by_the_hour_are_left_to_the_hand(desk: Desk) -> None:
    feed = upstream(**{"host/big": row(input_cost_per_token=6e-06, output_cost_per_token=3e-05, off_peak_pricing={})})
    code, out, _ = desk.run(source=feed)
    assert code == 0
    assert "host/big  " not in out


def test_a_name_is_compared_whole(desk: Desk) -> None:
    feed = {"acme-big-2": row(input_cost_per_token=1e-06), "host/Big": upstream()["host/big"]}
    _, out, _ = desk.run(source=feed)
    assert "gone (2)" in out  # acme-big-2 is another model than acme-big; case does not count


@pytest.mark.parametrize("words", [["nobody"], ["litellm-json"], ["genai-prices", "file"], ["model-prices"], ["", ""]])
def test_a_source_that_does_not_exist_is_refused(words: list[str]) -> None:
    with pytest.raises(InputError):
        open_source(words, "--source")


def test_a_zero_for_writing_to_the_cache_is_a_note_and_no_price(desk: Desk) -> None:
    feed = host_row(cache_creation_input_token_cost=0)
    assert desk.run(source=feed)[0] == 0


def host_row(**more: Any) -> dict[str, Any]:
    return upstream(**{"host/big": row(input_cost_per_token=3e-06, output_cost_per_token=1.5e-05, **more)})


# The snapshot of model-prices: dated, so that it can tell the day of a change ----------------------------------


def entry(starts: str | None, usd_in: float, usd_out: float, **more: Any) -> dict[str, Any]:
    return {"start": starts, "rates": {"input": usd_in, "output": usd_out, **more}}


def install(desk: Desk, monkeypatch: pytest.MonkeyPatch, **models: Any) -> None:
    """The package, as an installation would leave it."""
    package = desk.root / "site" / "model_prices"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('none of its code runs')\n")
    (package / "snapshot.json").write_text(json.dumps({"prices": {"acme": models}}))
    monkeypatch.syspath_prepend(str(desk.root / "site"))


BIG = [entry(None, 8, 40), entry("2026-02-01T00:00:00Z", 4, 20)]


def run_model_prices(desk: Desk, *options: str, as_of: str = "2026-04-01") -> tuple[int, str, str]:
    return desk.run("--source", "model-prices", *options, as_of=as_of)


def test_a_change_with_a_day_of_its_own_is_a_new_period_from_that_day(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [entry("2026-03-10T00:00:00Z", 4.4, 20), entry("2026-03-20T12:00:00Z", 4.5, 20)]
    install(desk, monkeypatch, **{"acme-big": {"standard": [*BIG, *late]}})
    code, out, err = run_model_prices(desk, "--write", "--accept", "acme/big")
    assert (code, err) == (0, "")
    assert "new period (2)" in out
    # Both changes that we have missed are there, each on its day.
    periods = desk.catalog().offers["acme/big"].periods
    assert [(str(period.input), str(period.starts), str(period.ends)) for period in periods] == [
        ("8", "None", "2026-02-01"), ("4", "2026-02-01", "2026-03-10"), ("4.4", "2026-03-10", "2026-03-20"),
        ("4.5", "2026-03-20", "None"),
    ]  # fmt: skip


def test_an_announced_price_waits_for_its_day_and_names_the_sellers_page(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(desk, monkeypatch, **{"acme-big": {"standard": [*BIG, entry("2026-06-01T00:00:00Z", 5, 25)]}})
    code, out, _ = run_model_prices(desk, "--write", "--accept", "acme/big")
    assert code == 0
    assert "announced (1)" in out
    catalog = desk.catalog()
    offer = catalog.offers["acme/big"]
    assert offer.periods[-1].url == "https://acme.example/"
    assert catalog.quote(offer, date(2026, 5, 31)).next_change == (
        date(2026, 6, 1), "input $4 to $5, output $20 to $25 per 1M tokens",
    )  # fmt: skip
    assert run_model_prices(desk)[0] == 0


def test_an_announcement_does_not_push_out_the_running_price(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    standard = [*BIG, entry("2026-03-10T00:00:00Z", 4.4, 20), entry("2026-06-01T00:00:00Z", 5, 25)]
    install(desk, monkeypatch, **{"acme-big": {"standard": standard}})
    assert run_model_prices(desk, "--write", "--accept", "acme/big")[0] == 0
    assert [str(period.input) for period in desk.catalog().offers["acme/big"].periods] == ["8", "4", "4.4", "5"]


@pytest.mark.parametrize("document", ["[]", '{"prices": 1}', "{", "", '{"prices": {"acme": NaN}}'])
def test_a_snapshot_that_is_none_is_refused(tmp_path: Path, document: str) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(document)
    with pytest.raises(InputError):
        read_snapshot(path, "1")


@pytest.mark.parametrize("model", [4, {"standard": [{"start": "x"}]}, {"standard": [entry("2026-13-01", 1, 1)]},
                                   {"standard": [entry(None, -1, 1)]}, {"standard": 7}])  # fmt: skip
def test_a_broken_row_of_a_snapshot_stops_the_writing(desk: Desk, monkeypatch: pytest.MonkeyPatch, model: Any) -> None:
    install(desk, monkeypatch, **{"acme-big": model})
    code, out, err = run_model_prices(desk)
    assert code == 2
    assert "refused (1)" in out
    assert "acme/big (acme/acme-big)" in err
