"""The files that the architecture tests read."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.architecture.source import Source, parse


@pytest.fixture(scope="session")
def product(repository: Path) -> list[Source]:
    """Every Python file of the product: app.py, pricing and planner."""
    paths = [*repository.glob("app.py"), *sorted((repository / "pricing").rglob("*.py"))]
    paths += sorted((repository / "planner").rglob("*.py"))
    return [parse(path.relative_to(repository).as_posix(), path.read_text(encoding="utf-8")) for path in paths]


@pytest.fixture(scope="session")
def kept_files(repository: Path) -> list[Path]:
    """Every file that belongs to the repository: all but git's own and what .gitignore names."""
    ignored = [".git", *(repository / ".gitignore").read_text(encoding="utf-8").split()]

    def is_kept(path: Path) -> bool:
        place = path.relative_to(repository)
        names = [*place.parts, place.as_posix()]
        return path.is_file() and not any(fnmatch(name, pattern.strip("/")) for name in names for pattern in ignored)

    return [path for path in sorted(repository.rglob("*")) if is_kept(path)]
