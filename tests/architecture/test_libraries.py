"""Each library has its rooms: whoever looks for SQL, a chart or a screen knows where it is and where it is not."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.source import Source, parse

NETWORK = (
    *("socket", "ssl", "ftplib", "smtplib", "http.client", "urllib.request"),
    *("requests", "urllib3", "httpx", "aiohttp", "websockets"),
)

ROOMS = {
    "streamlit": ("planner/ui", "planner/pages", "app.py"),
    "plotly": ("planner/views", "app.py"),  # app.py loads it once before the first visitor
    "altair": ("planner/views", "planner/report"),
    "vl_convert": ("planner/views", "planner/report"),
    "typst": ("planner/report",),
    "sqlite3": ("planner/store",),
    "sqlalchemy": ("planner/store",),
    "yaml": ("pricing/documents.py", "pricing/refresh", "pricing/refresh.py", "planner/domain"),
    "genai_prices": ("pricing/upstream.py",),
    **dict.fromkeys(NETWORK, ("pricing/refresh", "pricing/refresh.py")),
    **dict.fromkeys(("pickle", "marshal", "shelve", "dill", "joblib"), ()),  # reading one runs what is in it
}

CALLS = {
    "yaml.load": ("pricing/documents.py",),
    "yaml.safe_load": ("pricing/documents.py",),
    "read_excel": (),  # one crafted cell takes gigabytes; the reader in planner/ingest is bounded
    "read_pickle": (),
    "to_pickle": (),
    "eval": (),
    "exec": (),
    "st.html": (),  # names of plans and categories are text, never markup
    "components.html": (),
}


def misplaced_imports(source: Source) -> list[str]:
    return [
        f"{source.path}:{line} imports {name}"
        for line, name in source.imports()
        for library, rooms in ROOMS.items()
        if (name == library or name.startswith(f"{library}.")) and not source.is_in(*rooms)
    ]


def misplaced_calls(source: Source) -> list[str]:
    return [
        f"{source.path}:{line} calls {name}"
        for line, name in source.calls()
        for call, rooms in CALLS.items()
        if (name == call or name.endswith(f".{call}")) and not source.is_in(*rooms)
    ]


def test_libraries_are_imported_in_their_rooms_only(product: list[Source]) -> None:
    assert [found for source in product for found in misplaced_imports(source)] == []


def test_unsafe_calls_are_nowhere_and_documents_are_read_in_one_place(product: list[Source]) -> None:
    assert [found for source in product for found in misplaced_calls(source)] == []


def test_no_page_switches_off_the_escaping_of_markup(product: list[Source]) -> None:
    assert [source.path for source in product if "unsafe_allow_" + "html" in source.text] == []


def test_the_planner_never_refreshes_prices_by_itself(product: list[Source]) -> None:
    reached = [
        f"{source.path}:{line}"
        for source in product
        if source.is_in("planner", "app.py")
        for line, name in source.imports()
        if name.startswith(("pricing.refresh", "pricing.upstream"))
    ]
    assert reached == []


@pytest.mark.parametrize(
    "text",
    [
        "import streamlit as st",
        "from streamlit import session_state",
        "def later():\n    import plotly.graph_objects",
        "from urllib import request",
        "import requests",
        "from http import client",
        "import importlib\nimportlib.import_module('pickle')",
    ],
)
def test_a_misplaced_import_is_found_however_it_is_written(text: str) -> None:
    assert len(misplaced_imports(parse("planner/engine/split.py", text))) == 1


@pytest.mark.parametrize("text", ["pd.read_excel(upload)", "yaml.load(text)", "x = eval(text)", "st.html(name)"])
def test_an_unsafe_call_is_found(text: str) -> None:
    assert len(misplaced_calls(parse("planner/pages/overview.py", text))) == 1


def test_a_library_in_its_own_room_is_fine() -> None:
    assert misplaced_imports(parse("planner/views/charts.py", "import plotly.graph_objects as go")) == []
    assert misplaced_imports(parse("planner/engine/split.py", "from urllib.parse import quote")) == []


def declared_names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def test_every_library_that_the_product_imports_is_declared(product: list[Source], repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    runtime = declared_names(project["dependencies"])
    maintainer = runtime | declared_names(project["optional-dependencies"]["dev"])
    distributions = packages_distributions()
    undeclared = set()
    for source in product:
        # The price refresh is a maintainer's command: the only code that may need a developer's package.
        allowed = maintainer if source.is_in("pricing/refresh.py", "pricing/upstream.py") else runtime
        for line, name in source.imports():
            root = name.partition(".")[0]
            if root in sys.stdlib_module_names or root in {"pricing", "planner"}:
                continue
            if not {owner.lower().replace("_", "-") for owner in distributions.get(root, [])} & allowed:
                undeclared.add(f"{source.path}:{line} imports {root}")
    assert sorted(undeclared) == []
