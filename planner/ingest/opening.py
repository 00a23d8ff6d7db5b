"""Files on disk, bounded before they are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from planner.ingest.files import MAX_FILE_BYTES
from pricing.errors import InputError, Problem


def open_exports(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """Names and contents of files. Raises :class:`InputError` for every one that cannot be read or is too large."""
    found, problems = [], []
    for path in paths:
        try:
            if not path.is_file() and path.exists():
                problems.append(Problem(str(path), "this", "a file", "Name the export itself."))
            elif path.stat().st_size > MAX_FILE_BYTES:
                problems.append(Problem(str(path), f"a file of {path.stat().st_size:,} bytes",
                                        f"at most {MAX_FILE_BYTES:,} bytes long",
                                        "Export fewer days at a time, or daily sums in place of single requests."))
            else:
                found.append((path.name, path.read_bytes()))
        except OSError as error:
            problems.append(Problem(str(path), "this file", "readable", f"{error.strerror or error}. Check the path."))
    if problems:
        raise InputError(problems)
    return found
