"""Files stay small enough to read in one go, and name nothing that only one machine knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.source import Source, parse

# Written in two halves, or this file would be its own first finding.
ADDRESSES = re.compile(
    "|".join(
        [
            "pypi" + r"\.org",
            "python" + r"hosted\.org",
            "npm" + r"js\.(org|com)",
            "deb\\." + r"debian\.org",
            r"--(extra-)?" + "index-url",
            "--find" + "-links",
            r"\bfile" + "://",
            r"https?://(?!127\.0\.0\.1|localhost)[^/\s\"'{]+:\d+",
        ]
    )
)


def found_addresses(text: str) -> list[str]:
    return [found.group() for found in ADDRESSES.finditer(text)]


def test_no_file_holds_the_address_of_a_package_index(kept_files: list[Path], repository: Path) -> None:
    found = {}
    for path in kept_files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a font or a picture
        if addresses := found_addresses(text):
            found[path.relative_to(repository).as_posix()] = addresses
    assert found == {}


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("pip install --" + "index-url X", True),
        ("https:" + "//packages.example:8443/simple", True),
        ("file" + ":///opt/wheels", True),
        ("--no-emit-index-url", False),
        ("https://www.anthropic.com/pricing", False),
        ("http://127.0.0.1:8501", False),
    ],
)
def test_an_address_of_a_package_index_is_found(text: str, is_found: bool) -> None:
    assert bool(found_addresses(text)) is is_found


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, which may be long for a reader's sake."""
    first = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - (first[0].lineno if first else function.lineno) + 1


def long_functions(source: Source) -> list[str]:
    functions = (node for node in ast.walk(source.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [f"{source.path}:{node.lineno} {node.name}" for node in functions if code_lines(node) > 60]


def test_a_function_fits_on_a_screen(product: list[Source]) -> None:
    assert [found for source in product for found in long_functions(source)] == []


def test_a_function_of_61_lines_is_found_and_one_of_60_is_not() -> None:
    def body(lines: int) -> Source:
        return parse("planner/engine/long.py", 'def f():\n    """Long.\n\n    Story."""\n' + "    pass\n" * lines)

    assert long_functions(body(60)) == []
    assert long_functions(body(61)) == ["planner/engine/long.py:1 f"]


def test_a_file_is_read_in_one_go(product: list[Source]) -> None:
    assert {source.path: lines for source in product if (lines := source.text.count("\n")) > 450} == {}


def test_the_entry_and_the_pages_stay_thin(product: list[Source]) -> None:
    limits = {"app.py": 50, "planner/pages": 120}
    long = {
        source.path: source.text.count("\n")
        for place, limit in limits.items()
        for source in product
        if source.is_in(place) and source.text.count("\n") > limit
    }
    assert long == {}
