"""Which files of a folder of tables count, while a refresh replaces several of them or after one was cut off.

A refresh sets the old files aside and writes a journal before it replaces the first file; removing the journal after
the last one is what makes the change count. As long as the journal stands, readers take the files set aside.
"""

from __future__ import annotations

import json
from pathlib import Path

WORK = ".refresh"
JOURNAL, OLD, NEW = "journal.json", "old", "new"

Stamp = tuple[tuple[str, int, int, int], ...]


def journal_of(folder: Path) -> list[str] | None:
    """The files that are being replaced, relative to the folder; None when nothing is under way."""
    try:
        names = json.loads((folder / WORK / JOURNAL).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return [str(name) for name in names]


def standing(folder: Path) -> dict[Path, Path]:
    """The files to read in place of files that are being replaced."""
    aside = {folder / name: folder / WORK / OLD / name for name in journal_of(folder) or ()}
    return {path: old for path, old in aside.items() if old.exists()}


def stamp_of(folder: Path) -> Stamp:
    """What a reader compares before and after: a change in between means that it may have seen a mixture."""
    paths = [*sorted(folder.glob("*.yaml")), *sorted((folder / "offers").glob("*.yaml")), folder / WORK / JOURNAL]
    found = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((str(path), status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(found)
