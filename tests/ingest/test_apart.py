"""Uploads are read in a process of their own: the same reading, and a hostile file ends that process alone."""

from __future__ import annotations

import pytest

from planner.ingest.apart import read_usage_apart
from planner.ingest.reading import read_usage
from pricing.errors import InputError
from tests.ingest.exports import NAMES, sample

ALL = [(name, sample(name)) for name in NAMES]
HEAD = b"date,model,requests,input_tokens,output_tokens\n"


def test_the_reading_is_the_same_as_without_a_process() -> None:
    assert read_usage_apart(ALL) == read_usage(ALL)


def test_problems_come_back_with_their_places() -> None:
    bad = [("a.csv", HEAD + b"2026-10-01,gpt-5,1,ten,1\n"), ("b.csv", b"x,y\n1,2\n")]
    with pytest.raises(InputError) as apart:
        read_usage_apart(bad)
    with pytest.raises(InputError) as here:
        read_usage(bad)
    assert apart.value.problems == here.value.problems


def test_a_mapping_goes_along() -> None:
    mapping = {"time": "when", "model": "what", "input_tokens": "sent", "output_tokens": "got"}
    reading = read_usage_apart([("log", b"when,what,sent,got\n2026-10-01,gpt-5,100,20\n")], mapping)
    assert reading.totals.input_tokens == 100


def test_a_file_that_needs_more_memory_or_time_than_allowed_is_refused() -> None:
    heavy = HEAD + b"".join(b"2026-10-01,model-%d,1,10,1\n" % at for at in range(200_000))
    with pytest.raises(InputError, match="memory and time"):
        read_usage_apart([("heavy.csv", heavy)], memory_bytes=20_000_000)
    with pytest.raises(InputError, match="memory and time"):
        read_usage_apart([("heavy.csv", heavy)], seconds=0.2)
