"""A file is read right however it is written, or refused with file, row, column, what was found and is expected."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.ingest import read_usage
from planner.ingest.cells import Refused, read_count, read_decimal, read_moment
from pricing.errors import InputError
from tests.ingest.exports import TABLES, figures, read, sample, table, written

HEAD = "date,model,requests,input_tokens,output_tokens\n"
ROW = "2026-10-01,gpt-5,1,10,1\n"


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_delimiters_line_ends_and_encodings_do_not_matter(name: str, delimiter: str, end: str, encoding: str) -> None:
    header, rows = table(sample(name))
    again = written(header, rows, delimiter, end, quoting=1).encode(encoding)
    assert figures(read(again)) == figures(read(sample(name)))


def test_a_line_break_inside_quotes_is_part_of_the_cell() -> None:
    text = HEAD[:-1] + ',note\n2026-10-01,gpt-5,1,10,1,"two\nlines"\n' + ROW[:-1] + ",\n"
    assert read(text).totals.input_tokens == 20


def test_a_hint_for_spreadsheets_and_blank_lines_are_passed_over() -> None:
    assert read("sep=;\n" + HEAD.replace(",", ";") + "\n" + ROW.replace(",", ";") + ";;;;\n").totals.requests == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [("1234", 1234), ("1,234", 1234), ("1,234,567", 1_234_567), ("12.0", 12), ("1 234", 1234), ("1\u202f234", 1234),
     ("1'234", 1234), (" 7 ", 7), ("-5", -5), ("+5", 5), ("0", 0), ("12.000", 12)],
)
def test_a_count_as_people_and_programs_write_it(text: str, count: int) -> None:
    assert read_count(text) == count


@pytest.mark.parametrize(
    "text",
    ["12.5", "1,23", "1,2345", "1.234.567", "1e6", "1.23E+11", "=1+1", "NaN", "inf", "", "ten", "1,234 567", "0x10",
     "1_000", "٣", "--1", "(5)", "5-", "9" * 19, "1" * 5000, "True"],
)
def test_a_count_that_could_be_two_things_or_none_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_count(text)


def test_thousands_with_a_point_are_refused_where_commas_do_not_part_cells() -> None:
    with pytest.raises(Refused):
        read_count("12.000", has_comma_cells=False)
    with pytest.raises(Refused):
        read_decimal("1,234", has_comma_cells=False)


@pytest.mark.parametrize(("text", "usd"), [("0.25", 0.25), ("$1,234.50", 1234.5), ("5e-06", 5e-6), (".5", 0.5)])
def test_money_as_programs_write_it(text: str, usd: float) -> None:
    assert float(read_decimal(text)) == usd


@pytest.mark.parametrize("text", ["1,5", "1.2.3", "NaN", "1e99", "€5", "", ".", "=A1", "5 USD"])
def test_money_that_is_not_clear_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_decimal(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2026-10-01", 1790812800), ("2026-10-01T00:00:00Z", 1790812800), ("1790812800", 1790812800),
     ("1790812800000", 1790812800), ("2026-10-01 02:00:00+02:00", 1790812800),
     ("2026-09-30T19:00:00-0500", 1790812800), ("2026-10-01T00:00:00.123456Z", 1790812800),
     ("2026-10-01 00:00:00 UTC", 1790812800)],
)
def test_a_time_in_its_zone(text: str, seconds: int) -> None:
    assert read_moment(text)[0] == seconds


@pytest.mark.parametrize(
    "text", ["10/05/2026", "05.10.2026", "2026-02-30", "2026-13-01", "Total", "", "1970-01-01", "99999999999999",
             "2026-10-01T25:00:00Z", "2026-10-01T00:00:60Z", "20261001", "2026-W40-1", "NaN"],
)
def test_a_day_that_is_not_clear_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        read_moment(text)


def test_the_last_hour_of_a_month_falls_into_the_month_of_its_utc_day() -> None:
    text = HEAD.replace("date", "timestamp") + "2026-10-31T23:30:00-02:00,gpt-5,1,10,1\n"  # 01:30 UTC on 1 November
    assert str(read(text).period.start) == "2026-11-01"


def test_times_without_a_zone_are_utc_and_said() -> None:
    text = HEAD.replace("date", "timestamp") + "2026-10-31 23:30:00,gpt-5,1,10,1\n"
    reading = read(text)
    assert str(reading.period.start) == "2026-10-31"
    assert any("no time zone" in words for words in reading.warnings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "2026-10-01,gpt-5,1,1O,1\n",
         'usage.csv > row 2 > input_tokens: "1O" is not a whole count. Write digits, such as 250000 or 250,000.'),
        (HEAD + ROW + "2026-10-02,gpt-5,1,10\n", "usage.csv > row 3: a row of 4 cells is not one of 5 cells"),
        (HEAD + "2026-10-01,gpt-5,1,10,1,9\n", "usage.csv > row 2: a row of 6 cells is not one of 5 cells"),
        (HEAD + '2026-10-01,"gpt"5,1,10,1\n', "usage.csv > row 2: this row"),
        (HEAD + '2026-10-01,"gpt-5,1,10,1\n', "usage.csv > row 2: this row (unexpected end of data) is not CSV"),
        (HEAD.replace("requests", "Model"), 'both "Model" and "model" is not clear about model'),
        (HEAD, "usage.csv: a header of generic_csv without rows is not a usage export"),
        ("", "usage.csv: an empty file is not a usage export"),
        ("a,b\n1,2\n", "usage.csv > row 1: this header is not one of a usage export known here"),
        (HEAD + "2026-10-01,gpt-5,1,10,-1\n", "a correction: some of its counts are positive"),
        (HEAD + "2026-10-01,gpt-5,1,-10,-1\n", "a correction"),
        (HEAD + "2026-10-01,gpt-5,-1,-10,-1\n", "a sum of -1 requests is not possible"),
        (HEAD[:-1] + ",cached_tokens\n2026-10-01,gpt-5,1,10,1,11\n", "11 cached tokens is not part of 10 input tokens"),
        (HEAD + "2026-10-01,gpt\u202e5,1,10,1\n", "a name without control or direction characters"),
        (HEAD + f"2026-10-01,{'m' * 201},1,10,1\n", "a name of at most 200 characters"),
        (HEAD + "2026-10-01,gpt-5,1,10,1\nTotal,,1,10,1\n", 'row 3 > date: "Total" is not a day or a time'),
    ],
)
def test_a_refusal_names_file_row_and_column(text: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_usage([("usage.csv", text.encode())])
    assert message in str(caught.value)


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(InputError, match=r'the second column "user" is not allowed'):
        read("user,user," + HEAD + "a,b," + ROW)


def test_all_faults_are_named_at_once_up_to_twenty() -> None:
    with pytest.raises(InputError) as caught:
        read(HEAD + "".join(f"2026-10-01,gpt-5,1,{at}x,1\n" for at in range(50)))
    assert len(caught.value.problems) == 20


def test_a_header_that_lost_a_column_is_named_with_what_is_missing() -> None:
    header, rows = table(sample("openai_completions_usage.csv"))
    at = header.index("output_tokens")
    drifted = written([*header[:at], "tokens_output", *header[at + 1 :]], rows)
    with pytest.raises(InputError, match='looks like openai_usage_csv, but has no "output_tokens"'):
        read(drifted)


def test_a_header_or_empty_buckets_without_usage_are_an_error_never_zero() -> None:
    header, rows = table(sample("openai_completions_usage.csv"))
    empty = [row for row in rows if not any(row[4:])]
    for left in ([], empty):
        with pytest.raises(InputError):
            read(written(header, left))


def test_a_blank_detail_is_zero_and_an_absent_column_is_unknown() -> None:
    assert read(HEAD[:-1] + ",cached_tokens\n" + ROW[:-1] + ",\n").totals.cached_input_tokens == 0
    assert read(HEAD + ROW).totals.cached_input_tokens is None


def test_a_page_that_says_has_more_is_a_part() -> None:
    page = sample("openai_usage_api.json").replace(b'"has_more": false', b'"has_more": true')
    assert any("has_more" in words for words in read(page).warnings)
    assert not any("has_more" in words for words in read(sample("openai_usage_api.json")).warnings)


@given(usd=st.decimals(0, 10**8 - 1, places=12), shape=st.sampled_from(["{:f}", "{:f}000", " {:f}", "+{:f}", "{:,f}"]))
def test_money_is_the_same_number_however_it_is_spelt(usd: Decimal, shape: str) -> None:
    head = "date,model,requests,input_tokens,output_tokens,cost_usd\n"
    assert read(head + f'2026-10-01,gpt-5,1,1,1,"{shape.format(usd)}"\n').totals.cost_picousd == int(usd * 10**12)
