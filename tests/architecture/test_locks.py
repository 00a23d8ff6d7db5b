"""Everybody runs the same packages, to the byte: exact versions with hashes, from whatever index the machine uses."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("requirements.lock", "requirements-dev.lock")

# The oldest releases without a known hole that matters here.
FLOORS = {"streamlit": (1, 54), "starlette": (1, 1, 0), "pyarrow": (23, 0, 1)}


def pinned(path: Path) -> dict[str, str]:
    """Version by package name."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE))


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pins_and_hashes_and_nothing_else(lock: str, repository: Path) -> None:
    text = (repository / lock).read_text(encoding="utf-8")
    pin = r"[a-z0-9-]+==[\w.]+( ; [^\\\n:/]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n"
    assert re.fullmatch(f"({pin})+", text), "write it with `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_meets_the_security_floors(lock: str, repository: Path) -> None:
    pins = pinned(repository / lock)
    assert {name: pins[name] for name, floor in FLOORS.items() if version(pins[name]) < floor} == {}


def test_developers_run_the_versions_that_users_run(repository: Path) -> None:
    runtime, developer = (pinned(repository / lock) for lock in LOCKS)
    assert runtime.items() <= developer.items()


def test_users_install_no_tool_of_the_developers(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tools = {re.split(r"[<>=]", requirement)[0].lower() for requirement in project["optional-dependencies"]["dev"]}
    assert tools & pinned(repository / "requirements.lock").keys() == set()
    assert tools <= pinned(repository / "requirements-dev.lock").keys()


def test_every_declared_package_is_locked(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.split(r"[<>=]", requirement)[0].lower() for requirement in project["dependencies"]}
    assert names <= pinned(repository / "requirements.lock").keys()


def test_contributing_says_why_each_declared_package_is_there(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {re.split(r"[<>=]", requirement)[0] for requirement in requirements}
    contributing = (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert {name for name in names if f"| {name} |" not in contributing} == set()
