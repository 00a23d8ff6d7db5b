"""Changing a YAML table where it stands: the rest of the text, its comments and its one-line rows stay as they are.

Every edit is checked: the text is read again and must say exactly what was meant, or nothing is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from pricing.documents import parse_document
from pricing.errors import InputError, Problem

Place = tuple[str | int, ...]
_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class TableText:
    """The text of one table and the values that it holds; both change together or not at all."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.values: Any = parse_document(text, name)

    def value(self, place: Place) -> Any:
        """What stands at a place, such as ``("offers", "gpt-5", "periods", 0)``; None where nothing does."""
        return _at(self.values, place)

    def set_entry(self, place: Place, key: str, value: Any, after: tuple[str, ...] | None = None) -> None:
        """Gives the mapping at the place an entry, or the entry a new value.

        A new entry comes last, or behind the last of ``after`` that is there, or first where none of them is.
        """

        def meant(values: Any) -> None:
            _at(values, place)[key] = deepcopy(value)

        node = self._node(place)
        assert isinstance(node, yaml.MappingNode)
        entries = {name.value: (name, held) for name, held in node.value}
        if key in entries:
            held = entries[key][1]
            return self._replace(held.start_mark.index, _end(held), written(value), meant)
        entry = f"{key}: {written(value)}"
        before = list(entries) if after is None else [name for name in after if name in entries]
        if node.flow_style:
            if before:
                place_to_write = _end(entries[before[-1]][1])
                return self._replace(place_to_write, place_to_write, f", {entry}", meant)
            start = node.start_mark.index + 1
            return self._replace(start, start, f"{entry}, " if entries else entry, meant)
        if before:
            place_to_write = _end(entries[before[-1]][1])
            indent = " " * node.start_mark.column
            return self._replace(place_to_write, place_to_write, f"\n{indent}{entry}", meant)
        start, indent = node.start_mark.index, " " * node.start_mark.column
        return self._replace(start, start, f"{entry}\n{indent}", meant)

    def insert_row(self, place: Place, position: int, row: str, value: Any) -> None:
        """Puts ``row``, which says ``value``, behind the entry at ``position`` - 1 of the list at the place."""
        node = self._node(place)
        assert isinstance(node, yaml.SequenceNode)
        assert not node.flow_style
        end = _end(node.value[position - 1])
        line = self.text.find("\n", end)
        rest = self.text[end:] if line < 0 else self.text[end:line]
        end += len(rest)  # a comment behind the row stays with it
        indent = " " * node.start_mark.column
        lines = f"\n{indent}- " + row.replace("\n", f"\n{indent}   ")
        self._replace(end, end, lines, lambda values: _at(values, place).insert(position, deepcopy(value)))

    def _node(self, place: Place) -> yaml.Node:
        node: Any = yaml.compose(self.text, Loader=_PARSER)
        for step in place:
            if isinstance(step, int):
                node = node.value[step]
            else:
                node = next(held for name, held in node.value if name.value == step)
        assert isinstance(node, yaml.Node)
        return node

    def _replace(self, start: int, end: int, new: str, meant: Callable[[Any], None]) -> None:
        text = self.text[:start] + new + self.text[end:]
        expected = deepcopy(self.values)
        meant(expected)
        found = parse_document(text, self.name)
        if found != expected:
            raise InputError(Problem(self.name, "the form of this row", "one that can be edited", "Edit it by hand."))
        self.text, self.values = text, found


def _at(values: Any, place: Place) -> Any:
    for step in place:
        if isinstance(values, dict):
            values = values.get(step)
        elif isinstance(values, list) and isinstance(step, int):
            values = values[step]
        else:
            return None
    return values


def _end(node: yaml.Node) -> int:
    """Where the text of a value ends. A block ends with its last value, not with the comment that follows it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def written(value: Any) -> str:
    """A value as the tables write it: text in quotes, days bare, everything on one line.

    >>> written({"from": date(2026, 12, 1), "input": "4", "agrees": ["litellm 1.109.1"]})
    '{from: 2026-12-01, input: "4", agrees: ["litellm 1.109.1"]}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(held)}" for key, held in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(written(held) for held in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (date, int, float, Decimal)):
        return str(value)
    if value in _WORDS:
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


_WORDS = {"gt", "ge", "import", "manual", "genai-prices", "litellm", "model-prices"}


def written_period(fields: Mapping[str, Any]) -> str:
    """A period in the form of the tables: one line, with batch and steps each on a line of their own."""
    short = {key: held for key, held in fields.items() if key not in ("batch", "over")}
    parts = [written(short)[:-1]]
    parts += [f"{key}: {written(fields[key])}" for key in ("batch", "over") if key in fields]
    return ",\n".join(parts) + "}"
