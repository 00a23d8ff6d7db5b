"""Replacing several files of a folder as one: after a kill, a full disk or an error all are old, or all are new."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from pricing.errors import InputError, Problem
from pricing.standing import JOURNAL, NEW, OLD, WORK, journal_of

try:
    import fcntl
except ImportError:  # no lock on this system: two refreshes at once are then told by the check of the old text
    fcntl = None  # type: ignore[assignment]


def recover(folder: Path) -> bool:
    """Puts back what a replacement that was cut off had set aside, and clears up; whether there was anything."""
    names = journal_of(folder)
    for name in names or ():
        old = folder / WORK / OLD / name
        if old.exists():
            old.replace(folder / name)
    if names is not None:
        _sync_folders(folder, names)
        (folder / WORK / JOURNAL).unlink()
        _sync(folder / WORK)
    shutil.rmtree(folder / WORK, ignore_errors=True)
    return names is not None


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps every other refresh of this folder out, and mends what one that was cut off left behind."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    Problem(folder.name, "in use by another refresh", "", "Try again when it is done.")
                ) from None
        recover(folder)
        yield
    finally:
        os.close(handle)


def replace_files(folder: Path, texts: Mapping[str, tuple[str, str]]) -> None:
    """Gives files, named relative to the folder, new texts: ``{name: (old text, new text)}``, inside :func:`locked`.

    1. The old and the new texts are written beside the tables and forced to disk. 2. The journal is put in place:
    readers take the old texts from there. 3. Each file is replaced. 4. The journal goes, and with it the old texts.
    A kill before step 4 leaves the old set, a kill after it the new one; an error is undone at once. Raises
    :class:`InputError` when a file no longer holds its old text, and OSError when the disk does not take it.
    """
    work = folder / WORK
    try:
        for name, (old, new) in texts.items():
            path = folder / name
            if path.read_bytes() != old.encode():
                raise InputError(Problem(name, "changed while the refresh ran", "", "Run the refresh again."))
            for kind, text in ((OLD, old), (NEW, new)):
                _write(work / kind / name, text)
                shutil.copymode(path, work / kind / name)
        for kind in (OLD, NEW):
            _sync_folders(work / kind, texts)
        _write(work / "journal.tmp", json.dumps(list(texts)))
        (work / "journal.tmp").replace(work / JOURNAL)
        _sync(work)
        _sync(folder)
        for name in texts:
            (work / NEW / name).replace(folder / name)
        _sync_folders(folder, texts)
        (work / JOURNAL).unlink()
    except BaseException:
        recover(folder)
        raise
    with contextlib.suppress(OSError):  # the change counts already
        _sync(work)
    shutil.rmtree(work, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())


def _sync_folders(folder: Path, names: Mapping[str, object] | list[str]) -> None:
    for parent in {(folder / name).parent for name in names}:
        _sync(parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
