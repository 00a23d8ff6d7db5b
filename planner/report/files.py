"""Results on disk: whole or not at all, so that a full disk or a crash leaves what was there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_file(content: bytes, path: Path) -> None:
    """One file, written beside its place and moved in. Missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.chmod(0o644)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


def write_files(contents: Mapping[str, bytes], folder: Path) -> None:
    """Several files into one folder, which is made if it is missing; none is moved in before all are written."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as scratch:
        for name, content in contents.items():
            write_file(content, Path(scratch) / name)
        for name in contents:
            (Path(scratch) / name).replace(folder / name)
