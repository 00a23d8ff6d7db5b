"""Every sample gives the sums written down for it, and a reader that shares no code finds the same."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from planner.ingest import group_by
from planner.ingest.aggregate import amounts_of
from planner.ingest.usage import Kind
from pricing.documents import load_document
from tests.ingest.exports import NAMES, SAMPLES, read, sample
from tests.ingest.second_reader import READERS

EXPECTED: dict[str, Any] = load_document(SAMPLES / "expected.yaml")["files"]


def agrees(amounts: Any, expected: dict[str, Any]) -> bool:
    return all(
        getattr(amounts, name) == value
        or (name == "cost_usd" and value is not None and abs(amounts.cost_usd - value) < 1e-6)
        for name, value in expected.items()
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_gives_its_totals_per_model_and_per_group(name: str) -> None:
    expected, reading = EXPECTED[name], read(sample(name))
    usage = [row for row in reading.rows if row.kind is Kind.USAGE]
    assert reading.format == expected["format"]
    assert agrees(reading.totals, expected["total"])
    models = {row.model for row in usage}
    assert models == set(expected["by_model"])
    for model, amounts in expected["by_model"].items():
        assert agrees(amounts_of(row for row in usage if row.model == model), amounts), model
    groups = expected["by_category"]["values"]
    assert {row.category for row in usage} == set(groups)
    for group, amounts in groups.items():
        assert agrees(amounts_of(row for row in usage if row.category == group), amounts), group


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_tells_its_days_its_rows_and_its_other_charges(name: str) -> None:
    expected, reading = EXPECTED[name], read(sample(name))
    start, end = (date.fromisoformat(expected["period"][key]) for key in ("start", "end_exclusive"))
    assert (reading.period.start, reading.period.end_exclusive) == (start, end)
    assert reading.period.days == (end - start).days
    assert reading.files[0].usage_rows == expected["usage_rows"]
    assert reading.files[0].empty_buckets == expected.get("empty_buckets", 0)
    assert reading.other_charges_usd == expected.get("other_charges_usd")


def test_every_sample_is_expected_and_read_by_both_readers() -> None:
    assert set(NAMES) == set(EXPECTED) == set(READERS)


@pytest.mark.parametrize("name", NAMES)
def test_two_readers_that_share_no_code_agree(name: str) -> None:
    other, totals = READERS[name](sample(name)), read(sample(name)).totals
    counts = (totals.requests, totals.input_tokens, totals.cached_input_tokens, totals.cache_write_tokens,
              totals.output_tokens)
    assert counts == tuple(other[key] for key in ("requests", "input", "cached", "written", "output"))
    assert totals.cost_usd == (None if other["usd"] is None else pytest.approx(other["usd"], abs=1e-9))


@pytest.mark.parametrize("name", NAMES)
def test_groups_add_up_to_the_totals_whatever_they_are_grouped_by(name: str) -> None:
    reading = read(sample(name))
    for grouping in ("source", "project", "key", "team", "tag", "feature", "model"):
        groups = group_by(reading, grouping)
        for field in ("requests", "input_tokens", "output_tokens", "cost_picousd"):
            told = [getattr(group.amounts, field) for group in groups if getattr(group.amounts, field) is not None]
            assert (sum(told) if told else None) == getattr(reading.totals, field)


@pytest.mark.parametrize("name", NAMES)
def test_no_person_and_no_secret_is_kept(name: str) -> None:
    kept = repr(read(sample(name)))
    assert "@" not in kept
    assert "user-" not in kept


def test_an_address_inside_a_name_is_removed_and_a_secret_too() -> None:
    text = ("date,model,requests,input_tokens,output_tokens,key_name,project\n"
            "2026-10-01,gpt-5,1,10,1,anna.b@example.com's key,sk-proj-abcdefghijklmnop1234\n")
    row = read(text).rows[0]
    assert row.labels[:2] == ("(secret removed)", "(e-mail removed)'s key")
