"""What every test shares: repeatable examples, no way out to the network, golden files."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).parents[1]
GOLDEN = REPOSITORY / "tests" / "golden"

# The same examples on every run and machine: a red test is red for everybody, and stays red until it is mended.
settings.register_profile(
    "repeatable",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate-golden", action="store_true", help="write tests/golden anew instead of comparing")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With --regenerate-golden only the tests that compare with a golden file are of interest."""
    if config.getoption("--regenerate-golden"):
        chosen = [item for item in items if "golden" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds app.py."""
    return REPOSITORY


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)` asserts that tests/golden/<name> holds exactly the text.

    `make golden` writes the files instead; the diff is then read like any other change.
    """
    regenerate = request.config.getoption("--regenerate-golden")

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if regenerate:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"tests/golden/{name} is missing: run `make golden`, read the file, commit it"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session", autouse=True)
def _no_way_out() -> Iterator[None]:
    """The planner works without a network: a connection to anything but this machine fails the test that made it."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def is_here(connection: socket.socket, address: Any) -> bool:
        if connection.family not in (socket.AF_INET, socket.AF_INET6):
            return True
        host = str(address[0])
        return host == "localhost" or ipaddress.ip_address(host.partition("%")[0]).is_loopback

    def guarded(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(connection: socket.socket, address: Any) -> Any:
            if not is_here(connection, address):
                raise AssertionError(f"a test tried to reach {address!r}: the planner makes no connection")
            return original(connection, address)

        return call

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded(connect))
    patch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
    yield
    patch.undo()
