"""The session: one plan is the truth, every change is a step that can be taken back.

Widgets never hold a figure of the plan for longer than a run; they read it from here and write it back through
:func:`revise`. A change that cannot be is refused with its reason, and the old plan stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Literal

import streamlit as st

from planner.domain.plan import Plan, build_plan, parse_plan, plan_document, plan_hash
from planner.domain.templates import example_plan
from pricing.errors import InputError

STEPS = 50
"""Changes that can be taken back."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to say once, in the next run of the page."""

    kind: Literal["done", "refused", "echo"]
    text: str
    """Plain text: whoever shows it escapes it."""


@dataclass
class Session:
    """What one visitor works on."""

    plan: Plan
    before: list[tuple[Plan, str]] = field(default_factory=list)
    """Plans that undo goes back to, with what was done to each."""
    after: list[tuple[Plan, str]] = field(default_factory=list)
    version: int = 0
    """Counts changes of the plan; part of the key of widgets that must forget what they showed."""
    grid_version: int = 0
    """Counts changes of the plan that did not come from the grid."""
    notices: list[Notice] = field(default_factory=list)
    named: tuple[Plan, str] | None = None
    """A plan and its name among kept results, so that it is worked out once per change."""


def session() -> Session:
    """The visitor's session; the first call opens the example plan."""
    if "planner_session" not in st.session_state:
        st.session_state["planner_session"] = Session(parse_plan(example_plan().text))
    found: Session = st.session_state["planner_session"]
    return found


def plan() -> Plan:
    """The plan that is worked on."""
    return session().plan


def plan_name() -> str:
    """The plan's hash: the name of everything that was computed from it."""
    here = session()
    if here.named is None or here.named[0] is not here.plan:
        here.named = (here.plan, plan_hash(here.plan))
    return here.named[1]


def today() -> date:
    """The day on the visitor's side of the world is not known: the server's clock in UTC counts."""
    return datetime.now(UTC).date()


def put(changed: Plan, what: str, from_grid: bool = False) -> None:
    """Make ``changed`` the plan; ``what`` is what was done, for the undo button ("Removed Contracts")."""
    here = session()
    if changed == here.plan:
        return
    here.before = [*here.before[-(STEPS - 1):], (here.plan, what)]
    here.after = []
    _move(changed, from_grid)


def _move(changed: Plan, from_grid: bool = False) -> None:
    here = session()
    here.plan = changed
    here.version += 1
    if not from_grid:
        here.grid_version += 1


def revise(edit: Callable[[Document], None], what: str, toast: bool = False, from_grid: bool = False) -> bool:
    """Change the plan's document in place and keep it if it is still a plan; otherwise say why and keep the old one."""
    document = plan_document(plan())
    try:
        edit(document)
        changed = build_plan(document, "plan")
    except InputError as error:
        refuse(error)
        return False
    if changed == plan():
        return True
    put(changed, what, from_grid)
    if toast:
        say(f"{what}. The arrow at the top takes it back.")
    return True


def refuse(error: InputError, kept: str = "Nothing was changed.") -> None:
    """Say why a change cannot be."""
    for problem in error.problems[:8]:
        session().notices.append(Notice("refused", _spoken(str(problem))))
    if len(error.problems) > 8:
        session().notices.append(Notice("refused", f"And {len(error.problems) - 8} more problems."))
    session().notices.append(Notice("refused", kept))


def _spoken(text: str) -> str:
    """A problem's place without the name of the document."""
    return text.removeprefix("plan > ").removeprefix("workload > ").removeprefix("categories > ")


def say(text: str, kind: Literal["done", "refused", "echo"] = "done") -> None:
    """Say something in the next run."""
    session().notices.append(Notice(kind, text))


def take_notices(*kinds: str) -> list[Notice]:
    """The notices of some kinds, each handed out once."""
    here = session()
    taken = [notice for notice in here.notices if notice.kind in kinds]
    here.notices = [notice for notice in here.notices if notice.kind not in kinds]
    return taken


def undo() -> None:
    """Take the last change back."""
    here = session()
    if here.before:
        earlier, what = here.before.pop()
        here.after.append((here.plan, what))
        _move(earlier)
        say(f"Taken back: {what}")


def redo() -> None:
    """Make the change again that was taken back last."""
    here = session()
    if here.after:
        later, what = here.after.pop()
        here.before.append((here.plan, what))
        _move(later)
        say(f"Done again: {what}")


def next_undo() -> str | None:
    """What undo would take back."""
    here = session()
    return here.before[-1][1] if here.before else None


def next_redo() -> str | None:
    """What redo would do again."""
    here = session()
    return here.after[-1][1] if here.after else None
