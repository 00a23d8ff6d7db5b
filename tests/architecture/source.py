"""The source as the architecture tests read it: parsed, not imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One Python file: its path from the repository's root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    def is_in(self, *places: str) -> bool:
        """Whether the file is one of the places or lies below one of them."""
        return any(self.path == place or self.path.startswith(f"{place}/") for place in places)

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of every import, also those inside functions and `importlib.import_module("...")`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
            elif isinstance(node, ast.Call) and _name(node.func) in {"importlib.import_module", "import_module"}:
                yield from ((node.lineno, arg.value) for arg in node.args[:1] if isinstance(arg, ast.Constant))

    def calls(self) -> Iterator[tuple[int, str]]:
        """Line and dotted name of every call, as written: `st.button`, `yaml.load`, `open`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield node.lineno, _name(node.func)


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def parse(path: str, text: str) -> Source:
    """A source from its text, so that the tests can show what they would catch."""
    return Source(path, text, ast.parse(text))
