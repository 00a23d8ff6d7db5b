"""Reading uploads in a process of their own, so that a hostile file can end that process and nothing else.

The child gets the files on its standard input and hands back JSON; it may not take more memory or time than given.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any, BinaryIO

from planner.ingest.aggregate import group_rows
from planner.ingest.files import MAX_FILE_BYTES
from planner.ingest.reading import read_usage
from planner.ingest.usage import Amounts, FileReading, Kind, Period, UsageReading, UsageRow
from pricing.errors import InputError, Problem

MEMORY_BYTES = 800_000_000
SECONDS = 60
_TOO_MUCH = ("This file", "readable within the memory and time of one upload",
             "Export fewer days at a time, or daily sums in place of single requests.")


def read_usage_apart(
    files: Sequence[tuple[str, bytes]],
    mapping: Mapping[str, str] | None = None,
    *,
    memory_bytes: int = MEMORY_BYTES,
    seconds: float = SECONDS,
) -> UsageReading:
    """As :func:`planner.ingest.read_usage`, in a child process with limits.

    Raises :class:`InputError` also where the child ran out of memory or time. The limit on memory holds on Linux and
    macOS, the one on time everywhere.
    """
    too_large = [name for name, content in files if len(content) > MAX_FILE_BYTES]
    if too_large:
        raise InputError([Problem(name, *_TOO_MUCH) for name in too_large])
    request = json.dumps({"mapping": dict(mapping or {}), "memory_bytes": memory_bytes, "seconds": seconds,
                          "files": [[name, len(content)] for name, content in files]}).encode()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "planner.ingest.apart"]
    try:
        done = subprocess.run(  # noqa: S603 - the interpreter itself with a fixed module
            command, input=b"".join([struct.pack(">Q", len(request)), request, *(content for _, content in files)]),
            capture_output=True, timeout=seconds, check=False, env=environment,
        )
    except subprocess.TimeoutExpired:
        raise InputError(Problem(_names(files), *_TOO_MUCH)) from None
    if done.returncode != 0:
        raise InputError(Problem(_names(files), *_TOO_MUCH))
    answer = json.loads(done.stdout)
    if "problems" in answer:
        raise InputError([Problem(*parts) for parts in answer["problems"]])
    return _unpacked(answer)


def _names(files: Sequence[tuple[str, bytes]]) -> str:
    return ", ".join(name for name, _ in files)[:200]


def _packed(reading: UsageReading) -> dict[str, Any]:
    return {
        "format": reading.format, "files": [asdict(file) for file in reading.files], "period": asdict(reading.period),
        "rows": [[row.kind.value, *row[1:]] for row in reading.rows], "totals": asdict(reading.totals),
        "unknown_models": reading.unknown_models, "other_charges_usd": reading.other_charges_usd,
        "warnings": reading.warnings,
    }


def _period(parts: Mapping[str, Any]) -> Period:
    return Period(date.fromisoformat(parts["start"]), date.fromisoformat(parts["end_exclusive"]), parts["days"])


def _unpacked(answer: Mapping[str, Any]) -> UsageReading:
    labels_at = UsageRow._fields.index("labels")
    rows = []
    for kind, *rest in answer["rows"]:
        rest[labels_at - 1] = tuple(rest[labels_at - 1])
        rows.append(UsageRow(Kind(kind), *rest))
    usage = (row for row in rows if row.kind is Kind.USAGE)
    return UsageReading(
        format=answer["format"],
        files=tuple(FileReading(**{**file, "period": _period(file["period"])}) for file in answer["files"]),
        period=_period(answer["period"]), rows=tuple(rows), totals=Amounts(**answer["totals"]),
        groups=group_rows(usage, "source"), unknown_models=tuple(answer["unknown_models"]),
        other_charges_usd=answer["other_charges_usd"], warnings=tuple(answer["warnings"]),
    )


# The child ---------------------------------------------------------------------------------------------------------


def _limit(memory_bytes: int, seconds: float) -> None:
    """No more memory than now and ``memory_bytes``, no more processor time, no file written."""
    try:
        import resource
    except ImportError:  # Windows: the parent's limit on time holds
        return
    pages = 0
    if os.path.exists("/proc/self/statm"):  # noqa: PTH110 - nothing is imported for it
        with open("/proc/self/statm", encoding="ascii") as status:  # noqa: PTH123
            pages = int(status.read().split()[0])
    for kind, most in ((resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes),
                       (resource.RLIMIT_CPU, int(seconds) + 1), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _serve(source: BinaryIO, answer: BinaryIO) -> None:
    """One request from the parent, one answer."""
    request = json.loads(source.read(struct.unpack(">Q", source.read(8))[0]))
    _limit(request["memory_bytes"], request["seconds"])
    files = [(name, source.read(size)) for name, size in request["files"]]
    try:
        told = _packed(read_usage(files, request["mapping"]))
    except InputError as error:
        told = {"problems": [[each.place, each.found, each.expected, each.mend] for each in error.problems]}
    answer.write(json.dumps(told, default=str, separators=(",", ":")).encode("utf-8", "replace"))


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
