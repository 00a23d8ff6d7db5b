"""Waiting for Streamlit without sleeping: by the state that its front end shows to tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

# Counts finished runs from the first moment of a page, so that a run too short to be seen is still counted.
COUNT_RUNS = """
window.finishedRuns = 0;
new MutationObserver((changes) => {
  for (const change of changes) {
    const state = change.target.getAttribute("data-test-script-state");
    if (state === "notRunning" && change.oldValue !== "notRunning") window.finishedRuns += 1;
  }
}).observe(document, {subtree: true, attributeFilter: ["data-test-script-state"], attributeOldValue: true});
"""

IS_SETTLED = """(finishedBefore) => {
  const app = document.querySelector("[data-testid=stApp]");
  return app !== null
    && window.finishedRuns > finishedBefore
    && app.dataset.testConnectionState === "CONNECTED"
    && app.dataset.testScriptState === "notRunning"
    && document.querySelector("[data-testid=stStatusWidget], [data-testid=stSkeleton], [data-stale=true]") === null
    && document.fonts.status === "loaded";
}"""


def settled(page: Page, timeout_s: float = 30) -> Page:
    """The page, once its script has finished and everything that it drew is there."""
    return _settled(page, 0, timeout_s)


@contextmanager
def rerun(page: Page, timeout_s: float = 30) -> Iterator[None]:
    """Waits until what is done inside has made the script run once more and that run is drawn.

    A click alone is not enough to wait for: for some milliseconds after it the old run still looks settled.
    Use it only around something that does cause a run; otherwise it fails after `timeout_s` seconds.
    """
    settled(page, timeout_s)
    before = page.evaluate("window.finishedRuns")
    yield
    _settled(page, before, timeout_s)


def _settled(page: Page, finished_before: int, timeout_s: float) -> Page:
    page.wait_for_function(IS_SETTLED, arg=finished_before, timeout=timeout_s * 1000)
    return page
