"""Imports go one way: facts, plan, engine, views, report or screens, pages. The contract is in pyproject.toml."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> tuple[int, str]:
    """Exit code and report of import-linter for the packages below a folder that holds a pyproject.toml."""
    done = subprocess.run(
        [LINT_IMPORTS, "--no-logo", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_product_keeps_its_contract(repository: Path) -> None:
    code, report = lint(repository)
    assert code == 0, report


@pytest.fixture
def house(repository: Path, tmp_path: Path) -> Path:
    """An empty house with every room and the real contract, for the tests below to break."""
    shutil.copy(repository / "pyproject.toml", tmp_path)
    rooms = ("domain", "engine", "ingest", "store", "views", "report", "ui", "pages", "cli")
    for place in ("pricing", "planner", *(f"planner/{room}" for room in rooms)):
        (tmp_path / place).mkdir()
        (tmp_path / place / "__init__.py").touch()
    return tmp_path


def test_an_empty_house_keeps_the_contract(house: Path) -> None:
    code, report = lint(house)
    assert code == 0, report


def test_every_import_against_the_direction_is_named(house: Path) -> None:
    against = {
        "pricing": "planner.domain",
        "planner.domain": "planner.engine",
        "planner.engine": "planner.store",  # beside each other: neither may know the other
        "planner.ingest": "planner.views",
        "planner.store": "planner.ingest",
        "planner.views": "planner.report",
        "planner.report": "planner.ui",
        "planner.ui": "planner.pages",
        "planner.pages": "planner.cli",
    }
    for room, wrong in against.items():
        (house / room.replace(".", "/") / "broken.py").write_text(f"import {wrong}\n")
    code, report = lint(house)
    assert code == 1
    assert [room for room, wrong in against.items() if f"{room}.broken -> {wrong}" not in report] == []


def test_a_new_room_must_be_given_its_place(house: Path) -> None:
    (house / "planner" / "attic").mkdir()
    (house / "planner" / "attic" / "__init__.py").touch()
    code, report = lint(house)
    assert code == 1
    assert "planner.attic" in report


def test_every_folder_with_code_is_a_package_so_that_the_contract_sees_it(repository: Path) -> None:
    folders = {path.parent for root in ("pricing", "planner") for path in (repository / root).rglob("*.py")}
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
