"""Reading YAML and JSON without quiet guesses.

YAML here has the words of JSON and nothing else: ``true`` and ``false`` are the only flags, ``010``, ``12:30``,
``1_000`` and ``NO`` stay text, a key may stand once, anchors, tags and several documents are refused, and both size
and depth are bounded.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from pricing.errors import InputError, Problem, quoted

MAX_BYTES = 4_000_000
MAX_DEPTH = 40


class _Refused(Exception):
    """Carries one problem out of a parser callback."""

    def __init__(self, found: str, expected: str, mend: str, line: int | None = None) -> None:
        super().__init__(found)
        self.found, self.expected, self.mend, self.line = found, expected, mend, line


_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_REAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|-?\.[0-9]+([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan)")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_COUNTABLE = "a number this planner can count with"


def _plain_scalar(text: str, line: int | None) -> Any:
    """What an unquoted YAML word stands for: JSON's words, numbers and a day; anything else is text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _WHOLE.fullmatch(text):
        if len(text) > 18:
            raise _Refused(f"{text[:20]}…", _COUNTABLE, "Use at most 18 digits.", line)
        return int(text)
    if _REAL.fullmatch(text):
        if len(text) > 40:
            raise _Refused(f"{text[:20]}…", _COUNTABLE, "Use fewer digits.", line)
        return float(text.replace(".inf", "inf").replace(".nan", "nan"))
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


class _Builder:
    """Builds the values of one document while the parser reads it, so that a bomb never unfolds.

    ``open`` holds the collections that are not closed yet, ``keys`` the key that each open mapping waits to fill.
    """

    def __init__(self) -> None:
        self.root: Any = None
        self.documents = 0
        self.open: list[dict[str, Any] | list[Any]] = []
        self.keys: list[str | None] = []

    def take(self, value: Any, line: int | None) -> None:
        """Puts a finished scalar or an opened collection where it belongs."""
        if not self.open:
            self.root = value
            return
        parent, key = self.open[-1], self.keys[-1]
        if isinstance(parent, list):
            parent.append(value)
        elif key is None:
            raise _Refused("a list or mapping", "a name for a field", "Write a plain word before the colon.", line)
        else:
            parent[key] = value
            self.keys[-1] = None

    def scalar(self, event: yaml.ScalarEvent, line: int | None) -> None:
        """A word: the key of an open mapping, or a value."""
        text = str(event.value)
        if self.open and self.keys[-1] is None and isinstance(self.open[-1], dict):
            if text in self.open[-1]:
                raise _Refused(f"the second {quoted(text)}", "allowed", "Keep one of the two.", line)
            self.keys[-1] = text
            # The place is taken at once, so that the order and a second use are seen even while the value is open.
            self.open[-1][text] = None
            return
        self.take(_plain_scalar(text, line) if event.implicit[0] else text, line)

    def event(self, event: yaml.Event) -> None:
        """One step of the parser."""
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused("an anchor or alias (& or *)", "read here", "Write the value out where it is needed.", line)
        tag = getattr(event, "tag", None)
        if tag:
            raise _Refused(f"the tag {quoted(tag)}", "read here", "Remove the tag.", line)
        if isinstance(event, yaml.ScalarEvent):
            self.scalar(event, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self.open) >= MAX_DEPTH:
                raise _Refused(f"nesting deeper than {MAX_DEPTH}", "read here", "Flatten the file.", line)
            value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
            self.take(value, line)
            self.open.append(value)
            self.keys.append(None)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
            self.keys.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _Refused("a second document (---)", "read here", "Keep one document in the file.", line)


def _build(text: str) -> Any:
    builder = _Builder()
    for event in yaml.parse(text, Loader=_PARSER):
        builder.event(event)
    return builder.root


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(f"the second {quoted(key)}", "allowed", "Keep one of the two.")
        found[key] = value
    return found


def _constant(text: str) -> float:
    raise _Refused(text, "a number", "Write a plain number.")


def parse_document(text: str, place: str, max_bytes: int = MAX_BYTES) -> Any:
    """Plain values (dict, list, str, int, float, bool, date, None) from YAML or JSON text.

    ``place`` names the source in messages. Raises :class:`InputError` for anything that is not one clean document.

    >>> parse_document("share: 0.5\\nwhen: 12:30\\nsure: NO", "example")
    {'share': 0.5, 'when': '12:30', 'sure': 'NO'}
    """
    try:
        if len(text) > max_bytes:
            raise _Refused(f"a text of {len(text):,} characters", "read here", f"Keep it under {max_bytes:,}.")
        if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            return json.loads(text.lstrip("\ufeff"), object_pairs_hook=_pairs, parse_constant=_constant)
        return _build(text)
    except _Refused as refused:
        where = f"{place} > line {refused.line}" if refused.line else place
        raise InputError(Problem(where, refused.found, refused.expected, refused.mend)) from None
    except json.JSONDecodeError as error:
        raise InputError(
            Problem(f"{place} > line {error.lineno}", "this text", "JSON", f"{error.msg} at column {error.colno}.")
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{place} > line {mark.line + 1}" if mark else place
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise InputError(Problem(where, "this text", "YAML", f"{problem[:120].capitalize()}.")) from None
    except (RecursionError, ValueError) as error:
        raise InputError(Problem(place, "this text", "YAML or JSON", f"{str(error)[:120].capitalize()}.")) from None


def load_document(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """The one document in a file; see :func:`parse_document`. A file that cannot be read is an :class:`InputError`."""
    try:
        if path.stat().st_size > max_bytes:
            raise InputError(
                Problem(path.name, f"a file of {path.stat().st_size:,} bytes", "read here",
                        f"Keep it under {max_bytes:,}.")
            )
        return parse_document(path.read_text(encoding="utf-8"), path.name, max_bytes)
    except UnicodeDecodeError:
        raise InputError(Problem(path.name, "this file", "UTF-8 text", "Save it as UTF-8.")) from None
    except OSError as error:
        raise InputError(
            Problem(str(path), "this file", "readable", f"{error.strerror or error}. Check the path.")
        ) from None
