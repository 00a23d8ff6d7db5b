"""Hostile files are refused, or read right: in bounded time and memory, and with no other error than our own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from planner.ingest import read_usage
from pricing.errors import InputError
from tests.ingest import hostile


def outcome(file: hostile.Hostile) -> int | str | None:
    """Input tokens that a file gives, None if it is refused in words that fit on a screen."""
    try:
        return read_usage([(file.name, file.content)]).totals.input_tokens
    except InputError as error:
        return max(map(str, error.problems), key=len) if len(str(error)) > 20_000 else None


@pytest.mark.parametrize("kind", [hostile.encodings, hostile.cells], ids=["encodings", "cells"])
def test_a_hostile_text_is_refused_or_right(kind: Callable[[], Iterator[hostile.Hostile]]) -> None:
    files = list(kind())
    assert {file.name: outcome(file) for file in files} == {file.name: file.input_tokens for file in files}


LIMITED = """
import resource, sys, time
from pricing.catalog import load_catalog
from tests.ingest import hostile
from tests.ingest.test_hostile import outcome
load_catalog()
files = list(getattr(hostile, sys.argv[1])())
with open("/proc/self/status") as status:
    used = next(int(line.split()[1]) for line in status if line.startswith("VmSize:")) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + 600_000_000, resource.RLIM_INFINITY))
for file in files:
    began = time.process_time()
    found = outcome(file)
    took = time.process_time() - began
    assert found == file.input_tokens, (file.name, found)
    assert took < 10, (file.name, took)
"""


@pytest.mark.parametrize("kind", ["containers", "tables", "documents"])
def test_a_hostile_file_is_refused_or_right_within_600_mb_and_10_s(kind: str) -> None:
    done = subprocess.run([sys.executable, "-c", LIMITED, kind], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_limit_on_memory_is_felt() -> None:
    greedy = LIMITED.replace("for file in files:", "bytearray(700_000_000)\nfor file in files:")
    done = subprocess.run([sys.executable, "-c", greedy, "documents"], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr
