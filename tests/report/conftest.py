"""Plans that the report has to bear, and the reader's side of a PDF: its text as poppler gives it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from planner.domain.plan import build_plan, load_plan
from planner.domain.templates import example_plan, list_templates
from planner.engine.study import Study, study

TODAY = date(2026, 11, 25)
OPUS = {"kind": "single", "model": "claude-opus-4-5"}
HAIKU = {"kind": "single", "model": "claude-haiku-4-5"}


def category(name: str, **given: Any) -> dict[str, Any]:
    """A category of 1,000 requests a month unless told otherwise."""
    return {
        "name": name,
        "requests_per_month": 1000,
        "input_tokens_per_request": 1000,
        "output_tokens_per_request": 100,
        "error_cost": "medium",
        **given,
    }


def study_of(categories: list[dict[str, Any]], name: str = "Plan", **given: Any) -> Study:
    """A plan of these categories that compares Opus and Haiku."""
    scenarios = [{"name": "Opus alone", "strategy": OPUS}, {"name": "Haiku alone", "strategy": HAIKU}]
    document = {"version": 1, "name": name, "workload": {"categories": categories}, "scenarios": scenarios, **given}
    return study(build_plan(document), TODAY)


@pytest.fixture(scope="session")
def example() -> Study:
    """The plan that the planner opens with."""
    return study(load_plan(example_plan().path), TODAY)


@pytest.fixture(scope="session")
def studies() -> dict[str, Study]:
    """Every template, worked through."""
    return {template.slug: study(load_plan(template.path), TODAY) for template in list_templates()}


@pytest.fixture(scope="session")
def read_pdf(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """``read_pdf(content, layout=False)``: the text, no-break spaces as spaces, pages parted by form feeds."""
    folder: Path = tmp_path_factory.mktemp("pdf")

    def read(content: bytes, *, layout: bool = False) -> str:
        path = folder / "read.pdf"
        path.write_bytes(content)
        command = ["pdftotext", *(["-layout"] if layout else []), str(path), "-"]
        done = subprocess.run(command, capture_output=True, check=True)
        return done.stdout.decode("utf-8").replace("\u00a0", " ")

    return read


def words(text: str) -> str:
    """Text on one line, however it was wrapped."""
    return " ".join(text.split())
