"""Photographs every page for the README: `python -m tests.browser.pictures [URL] [PAGE ...]` into docs/pictures.

Without a URL it starts a planner of its own. Widths of a desktop and a phone, light and dark. Where pngquant is
installed, the files keep 128 colours each, about a third of their size.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import CHROMIUM_FLAGS, CHROMIUM_NAMES, free_port, wait_until_healthy
from tests.browser.waiting import COUNT_RUNS, settled

REPOSITORY = Path(__file__).parents[2]
PLACE = REPOSITORY / "docs" / "pictures"
PAGES = ("overview", "workload", "models", "compare", "break_even", "forecast", "export", "method")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def photograph(browser: Browser, url: str, page_name: str, width: int, scheme: Literal["light", "dark"],
               place: Path) -> Path:
    """One page at one width in one theme, as tall as its content."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="en-US",
                                  reduced_motion="reduce")
    context.add_init_script(COUNT_RUNS)
    page = context.new_page()
    page.goto(f"{url}/{'' if page_name == 'overview' else page_name}")
    settled(page)
    page.wait_for_timeout(400)  # plotly and the tables draw after the last message has come
    tall = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(int(tall) + 70, 6000)})
    page.wait_for_timeout(500)
    path = place / f"{page_name}_{width}_{scheme}.png"
    page.screenshot(path=path)
    context.close()
    smaller = shutil.which("pngquant")
    if smaller is not None:
        subprocess.run([smaller, "--force", "--strip", "--output", str(path), "128", str(path)], check=True)
    return path


def main(arguments: list[str]) -> None:
    url = arguments[0] if arguments and arguments[0].startswith("http") else ""
    wanted = [name for name in arguments if name in PAGES] or list(PAGES)
    place = Path(os.environ.get("PICTURES", PLACE))
    place.mkdir(parents=True, exist_ok=True)
    server = None
    if not url:
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        log = Path(tempfile.mkdtemp()) / "streamlit.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.address",
                 "127.0.0.1", "--server.headless", "true"],
                cwd=REPOSITORY, stdout=output, stderr=subprocess.STDOUT,
            )
        wait_until_healthy(server, url, log)
    try:
        found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
            for name in wanted:
                for width in (1280, 360):
                    for scheme in SCHEMES:
                        photograph(browser, url, name, width, scheme, place)
            browser.close()
    finally:
        if server is not None:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
