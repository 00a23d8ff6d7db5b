"""Laws of reading: order, splitting and spelling of a legal file change nothing; noise is read or refused."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.ingest import read_usage
from planner.ingest.usage import Amounts
from pricing.errors import InputError
from tests.ingest.exports import NAMES, TABLES, figures, read, sample, table, written

PARTED = TABLES  # every sample table may be split: no two of its rows name the same thing


@pytest.mark.parametrize("name", TABLES)
@given(chance=st.randoms(use_true_random=False), parts=st.integers(1, 4), delimiter=st.sampled_from(",;\t"),
       end=st.sampled_from(["\n", "\r\n"]), encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
       quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
@settings(max_examples=15)
def test_any_order_split_and_spelling_gives_the_same_sums(
    name: str, chance: Any, parts: int, delimiter: str, end: str, encoding: str, quoting: int
) -> None:
    header, rows = table(sample(name))
    order = chance.sample(range(len(header)), len(header))
    rows = chance.sample(rows, len(rows))
    files = []
    for part in range(parts):
        mine = [[row[at] for at in order] for row in rows[part::parts]]
        files.append(written([header[at] for at in order], mine, delimiter, end, quoting).encode(encoding))
    again, before = read(*files), read(sample(name))
    assert figures(again) == figures(before)
    assert again.period == before.period


bucket = st.fixed_dictionaries({
    "input_tokens": st.integers(0, 10**12), "requests": st.integers(0, 10**9), "output_tokens": st.integers(0, 10**12),
})


@given(buckets=st.lists(bucket, min_size=1, max_size=20), cut=st.integers(0, 20),
       separator=st.sampled_from(["", ",", " ", "'", "\u202f"]), tail=st.sampled_from(["", ".0"]))
def test_sums_are_exact_in_every_spelling_of_numbers(
    buckets: list[dict[str, int]], cut: int, separator: str, tail: str
) -> None:
    def cell(number: int) -> str:
        return f"{number:,}".replace(",", separator) + tail

    names = ["requests", "input_tokens", "output_tokens"]
    header = ["date", "model", "project", *names]
    rows = [["2026-10-01", "gpt-5", f"p{at}", *(cell(each[name]) for name in names)] for at, each in enumerate(buckets)]
    pieces = [part for part in (rows[:cut], rows[cut:]) if part]
    totals = read(*(written(header, part) for part in pieces)).totals
    assert totals == Amounts(
        requests=sum(each["requests"] for each in buckets), input_tokens=sum(each["input_tokens"] for each in buckets),
        output_tokens=sum(each["output_tokens"] for each in buckets),
    )


@given(usd=st.lists(st.decimals(0, 10**6, places=9), min_size=1, max_size=30))
def test_money_adds_up_to_the_last_digit_in_any_order(usd: list[Any]) -> None:
    head = "date,model,project,requests,input_tokens,output_tokens,cost_usd\n"
    rows = [f"2026-10-01,gpt-5,p{at},1,1,1,{value:f}\n" for at, value in enumerate(usd)]
    there, back = read(head + "".join(rows)), read(head + "".join(rows[::-1]))
    assert there.totals.cost_picousd == back.totals.cost_picousd == int(sum(usd) * 10**12)


# Noise -------------------------------------------------------------------------------------------------------------

SPOILS = [b"", b",", b";", b'"', b"\n", b"\r", b"\0", b"\xff", b"-", b"NaN", b"1e999", b"{", b"}", b"[", b"=1+1",
          b"9" * 40, b"\xef\xbb\xbf", b"null", b"true", b"2026-13-45", "\u202e".encode(), b".", b"'", b":", b"\\"]


@pytest.mark.parametrize("name", NAMES)
@given(cuts=st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 200), st.sampled_from(SPOILS)), max_size=4),
       keep=st.integers(200, 6000))
@settings(max_examples=40)
def test_a_spoilt_file_is_read_or_refused_and_never_breaks(
    name: str, cuts: list[tuple[int, int, bytes]], keep: int
) -> None:
    content = sample(name)[:keep] if keep % 2 else sample(name)
    for at, length, spoil in cuts:
        at %= len(content) + 1
        content = content[:at] + spoil + content[at + length :]
    try:
        reading = read(content)
    except InputError:
        return
    for count in (reading.totals.requests, reading.totals.input_tokens, reading.totals.output_tokens):
        assert count is None or 0 <= count <= 10**18


KNOWN = ["2026-10-01", "gpt-5", "1", "0", "1,000", "-5", "1.5", "", "{}"]
cell = st.one_of(st.text(max_size=12), st.sampled_from(KNOWN))


@given(rows=st.lists(st.lists(cell, min_size=5, max_size=5), min_size=1, max_size=6), delimiter=st.sampled_from(",;\t"))
@settings(max_examples=100)
def test_a_table_of_any_text_is_read_as_it_stands_or_refused(rows: list[list[str]], delimiter: str) -> None:
    text = written(["date", "model", "requests", "input_tokens", "output_tokens"], rows, delimiter)
    try:
        totals = read_usage([("any", text.encode("utf-8", "surrogatepass"))]).totals
    except InputError:
        return
    kept = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1:]
    told = [row[3].strip().replace(",", "") for row in kept if any(map(str.strip, row))]
    assert totals.input_tokens == sum(map(int, told))
