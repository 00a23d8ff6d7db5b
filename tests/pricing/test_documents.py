"""YAML and JSON without quiet guesses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pricing.documents import load_document, parse_document
from pricing.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12:30", "12:30"), ("010", "010"), ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("1_000", "1_000"),
        ("True", "True"), ("0x10", "0x10"), ("+5", "+5"), ("2026-13-01", "2026-13-01"), ("1.2.3", "1.2.3"),
        ("true", True), ("false", False), ("null", None), ("~", None), ("", None),
        ("-3", -3), ("0", 0), ("1e6", 1e6), (".5", 0.5), ("5.", 5.0), ("-1.5e-3", -0.0015),
        ("2026-11-22", date(2026, 11, 22)),
        ('"1"', "1"), ("'null'", "null"), ('"2026-11-22"', "2026-11-22"),
    ],
)  # fmt: skip
def test_a_word_is_what_json_would_call_it_and_else_text(text: str, value: object) -> None:
    found = parse_document(f"a: {text}", "x")["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", 'x > line 3: the second "a" is not allowed'),
        ("a: {b: 1, b: 2}", 'the second "b"'),
        ("a: &one 1\nb: *one", "an anchor or alias"),
        ("a: !!python/object:os.system ls", "the tag"),
        ("--- 1\n--- 2", "a second document"),
        ("? [a, b]\n: 1", "a list or mapping is not a name for a field"),
        ("? {a: 1}\n: 1", "a list or mapping is not a name for a field"),
        ("a: " + "9" * 19, "is not a number this planner can count with"),
        ("a: 0." + "9" * 50, "is not a number this planner can count with"),
        ("a: " + "[" * 60 + "]" * 60, "nesting deeper than 40"),
        ("a: [1, 2", "is not YAML"),
        ("a:\n\tb: 1", "is not YAML"),
        ("x" * 4_000_001, "is not read here"),
        ('{"a": NaN}', "NaN is not a number"),
        ('{"a": Infinity}', "Infinity is not a number"),
        ('{"a": 1, "a": 2}', 'the second "a"'),
        ('{"a": }', "is not JSON"),
        ("[" * 100_000, "is not"),
    ],
)
def test_what_could_be_meant_in_two_ways_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_document(text, "x")
    assert said in str(caught.value)


def test_a_bomb_of_aliases_never_unfolds() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "\n".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]" for n in range(12)
    )
    with pytest.raises(InputError, match="line 1: an anchor or alias"):
        parse_document(bomb, "x")


def test_lists_mappings_and_text_blocks_are_read_as_written() -> None:
    text = "a:\n  - 1\n  - {b: [2, 3], c: }\n  - - x\nd: |\n  one\n  two\n"
    assert parse_document(text, "x") == {"a": [1, {"b": [2, 3], "c": None}, ["x"]], "d": "one\ntwo\n"}


def test_keys_stay_text() -> None:
    assert parse_document("1: a\ntrue: b\n2026-01-01: c", "x") == {"1": "a", "true": "b", "2026-01-01": "c"}


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_document_is_nothing(text: str) -> None:
    assert parse_document(text, "x") is None


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        load_document(tmp_path / "missing.yaml")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("a: Zürich".encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8 text"):
        load_document(latin)
    with pytest.raises(InputError, match="Check the path"):
        load_document(tmp_path)
