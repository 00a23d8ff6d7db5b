"""The planner as a visitor meets it: a real server, a real browser, no way out of this machine."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.waiting import COUNT_RUNS, settled

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",  # the tests also run as root, where Chromium has no sandbox
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
REACHED = pytest.StashKey[bool]()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(server: subprocess.Popen[bytes], url: str, log: Path, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:  # noqa: S310 (our own server)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)  # nothing to wait on before the port is open
    pytest.fail(f"the planner did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


@pytest.fixture(scope="package")
def server_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the server under test writes its messages to."""
    return tmp_path_factory.mktemp("server") / "streamlit.log"


@pytest.fixture(scope="package")
def app_url(repository: Path, server_log: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a planner of our own, on a free port, with an empty place for what it keeps."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    kept = tmp_path_factory.mktemp("kept")
    places = {name: str(kept) for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")}
    with server_log.open("wb") as output:
        server = subprocess.Popen(
            command, cwd=repository, env=os.environ | places, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            wait_until_healthy(server, url, server_log)
            yield url
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


# Not for the whole session: while Playwright runs, the thread has an event loop that other tests would stumble over.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests: the one in $CHROMIUM, or the system's."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        pytest.fail("the browser tests need Chromium: install it, or name it in CHROMIUM=/path/to/browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(
    browser: Browser, app_url: str, request: pytest.FixtureRequest, repository: Path
) -> Iterator[Callable[..., Page]]:
    """`open_page("forecast", width=360, colour_scheme="dark")`: a page of the planner, drawn, in a visit of its own.

    At the end of the test it must not have asked another host for anything, nor raised an error in the browser.
    After a failure its picture lies in out/browser.
    """
    pages: list[Page] = []
    complaints: list[str] = []

    def open_one(
        path: str = "",
        *,
        width: int = 1280,
        height: int = 900,
        colour_scheme: Literal["light", "dark"] = "light",
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=colour_scheme,
            locale="en-US",
            timezone_id="UTC",
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.add_init_script(COUNT_RUNS)
        page = context.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: complaints.append(f"error in the browser: {error}"))
        page.on(
            "request",
            lambda asked: None
            if asked.url.startswith((f"{app_url}/", "data:", "blob:"))
            else complaints.append(f"asked another host: {asked.url}"),
        )
        page.goto(f"{app_url}/{path.lstrip('/')}")
        return settled(page)

    yield open_one

    if not request.node.stash.get(REACHED, False):
        pictures = repository / "out" / "browser"
        for number, page in enumerate(pages):
            name = re.sub(r"[^\w.-]+", "_", request.node.name)
            page.screenshot(path=pictures / f"{name}-{number}.png", full_page=True)
    for page in pages:
        page.context.close()
    assert complaints == []


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The planner's first page, on a desktop in daylight."""
    return open_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Remember whether the test reached its end, for the picture after a failure."""
    report = yield
    if call.when == "call":
        item.stash[REACHED] = report.passed
    return report
