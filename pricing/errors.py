"""The one error that bad input raises: every problem at once, each with a way out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what was handed in.

    It reads as a sentence: ``place: found is not expected. mend``. Where two things contradict each other there is
    no single expectation: ``expected`` is empty, ``found`` says it whole, and it reads ``place: found. mend``.
    """

    place: str
    found: str
    expected: str
    mend: str

    def __str__(self) -> str:
        fault = f"{self.found} is not {self.expected}" if self.expected else self.found
        return f"{self.place}: {fault}. {self.mend}".rstrip()


class InputError(ValueError):
    """What the user gave cannot be used; ``problems`` holds all of it, in reading order."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def quoted(value: object, limit: int = 80) -> str:
    """A value as it is shown in a message: text in quotes, long text cut.

    >>> quoted("Triage"), quoted(1.4), quoted(True), quoted([date(2026, 1, 1), None])
    ('"Triage"', '1.4', 'true', '[2026-01-01, nothing]')
    """
    written = value if isinstance(value, str) else _as_written(value)
    shown = "".join(char if char.isprintable() else "\ufffd" for char in written[:limit])
    shown += "…" * (len(written) > limit)
    return f'"{shown}"' if isinstance(value, str) else shown


def _as_written(value: object) -> str:
    """A value the way a plan file writes it."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {quoted(part)}' for key, part in list(value.items())[:9])}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(quoted(part) for part in value[:9])}]"
    return repr(value)


def did_you_mean(wrong: str, known: Sequence[str], otherwise: str) -> str:
    """The mend for a name that is not known: the nearest ones, or ``otherwise``.

    >>> did_you_mean("claude-opus-45", ["claude-opus-4-5", "gpt-5"], "See the list.")
    'Did you mean "claude-opus-4-5"?'
    """
    close = get_close_matches(wrong[:200].casefold(), [name.casefold() for name in known], n=3, cutoff=0.6)
    by_folded = {name.casefold(): name for name in known}
    names = list(dict.fromkeys(by_folded[name] for name in close))
    return f"Did you mean {' or '.join(quoted(name) for name in names)}?" if names else otherwise
