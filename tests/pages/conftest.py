"""The app with any plan opened, on any page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from planner.domain.plan import Plan, parse_plan
from planner.domain.templates import find_template
from planner.ui.menu import PAGES
from planner.ui.state import Session

FILES = tuple(file for file, _ in PAGES)


class Bench:
    """One visitor: opens a page, acts, reads."""

    def __init__(self, app: AppTest, plan: Plan) -> None:
        self.app = app
        self.session = Session(plan)
        app.session_state["planner_session"] = self.session
        app.run()

    @property
    def plan(self) -> Plan:
        """The plan as it stands."""
        return self.session.plan

    def go(self, file: str) -> AppTest:
        """Open a page."""
        return self.app.switch_page(f"planner/pages/{file}").run()

    def click(self, key: str) -> AppTest:
        """Press a button."""
        return self.app.button(key=key).click().run()

    def type_in_grid(self, **edits: Any) -> AppTest:
        """Edit the grid as the browser does: cells by row, rows added and deleted."""
        key = f"grid_{self.session.grid_version}"
        self.app.session_state[key] = {"edited_rows": {}, "added_rows": [], "deleted_rows": []} | edits
        return self.app.run()

    def complaints(self) -> list[str]:
        """Everything that a visitor would read as a failure."""
        return [each.value for each in (*self.app.error, *self.app.exception)]


@pytest.fixture
def visit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bench]:
    """`visit("support_bot")` or `visit(plan)`: a visitor with that plan open."""
    monkeypatch.chdir(repository)

    def open_app(start: str | Plan = "example") -> Bench:
        plan = start if isinstance(start, Plan) else parse_plan(find_template(start).text)
        return Bench(AppTest.from_file(repository / "app.py", default_timeout=30), plan)

    return open_app
