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


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A YAML loader with JSON's scalars."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|", ["~", "n", ""]),
    ("bool", r"true|false", list("tf")),
    ("int", r"-?(0|[1-9][0-9]*)", list("-0123456789")),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?|-?\.[0-9]+([eE][-+]?[0-9]+)?|[-+]?\.(inf|nan)",
     list("-+.0123456789")),
    ("timestamp", r"[0-9]{4}-[0-9]{2}-[0-9]{2}", list("0123456789")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), _first)


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        line = key_node.start_mark.line + 1
        if not isinstance(key, str):
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
        if key is None:
            raise _Refused("a list or mapping", "a name for a field", "Write a plain word before the colon.", line)
        if key in found:
            raise _Refused(f"the second {quoted(key)}", "allowed", "Keep one of the two.", line)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _whole(loader: Any, node: yaml.ScalarNode) -> int:
    if len(node.value) > 18:
        raise _Refused(f"{node.value[:20]}…", "a number this planner can count with", "Use at most 18 digits.",
                       node.start_mark.line + 1)
    return int(node.value)


def _real(loader: Any, node: yaml.ScalarNode) -> float:
    if len(node.value) > 40:
        raise _Refused(f"{node.value[:20]}…", "a number this planner can count with", "Use fewer digits.",
                       node.start_mark.line + 1)
    text = node.value.lower().replace(".inf", "inf").replace(".nan", "nan")
    return float(text)


def _date(loader: Any, node: yaml.ScalarNode) -> date | str:
    try:
        return date.fromisoformat(node.value)
    except ValueError:
        return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _whole)
_Loader.add_constructor("tag:yaml.org,2002:float", _real)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _date)


def _check_events(text: str) -> None:
    depth = 0
    documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _Refused("an anchor or alias (& or *)", "read here", "Write the value out where it is needed.", line)
        tag = getattr(event, "tag", None)
        if tag:
            raise _Refused(f"the tag {quoted(tag)}", "read here", "Remove the tag.", line)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Refused("a second document (---)", "read here", "Keep one document in the file.", line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise _Refused(f"nesting deeper than {MAX_DEPTH}", "read here", "Flatten the file.", line)
        if isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Refused(f"the second {quoted(key)}", "allowed", "Keep one of the two.")
        found[key] = value
    return found


def _constant(text: str) -> float:
    raise _Refused(text, "a number", "Write a plain number.")


def parse_document(text: str, place: str) -> Any:
    """Plain values (dict, list, str, int, float, bool, date, None) from YAML or JSON text.

    ``place`` names the source in messages. Raises :class:`InputError` for anything that is not one clean document.

    >>> parse_document("share: 0.5\\nwhen: 12:30\\nsure: NO", "example")
    {'share': 0.5, 'when': '12:30', 'sure': 'NO'}
    """
    try:
        if len(text) > MAX_BYTES:
            raise _Refused(f"a text of {len(text):,} characters", "read here", f"Keep it under {MAX_BYTES:,}.")
        if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            return json.loads(text.lstrip("\ufeff"), object_pairs_hook=_pairs, parse_constant=_constant)
        _check_events(text)
        return yaml.load(text, Loader=_Loader)  # the loader above is a SafeLoader with fewer words
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


def load_document(path: Path) -> Any:
    """The one document in a file; see :func:`parse_document`. A file that cannot be read is an :class:`InputError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                Problem(path.name, f"a file of {path.stat().st_size:,} bytes", "read here",
                        f"Keep it under {MAX_BYTES:,}.")
            )
        return parse_document(path.read_text(encoding="utf-8"), path.name)
    except UnicodeDecodeError:
        raise InputError(Problem(path.name, "this file", "UTF-8 text", "Save it as UTF-8.")) from None
    except OSError as error:
        raise InputError(
            Problem(str(path), "this file", "readable", f"{error.strerror or error}. Check the path.")
        ) from None
