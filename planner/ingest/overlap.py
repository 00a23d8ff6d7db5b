"""Traffic that is told twice: the same file, overlapping exports, two tools that saw the same requests.

Nothing told twice is added. What is set aside is counted and said.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from planner.ingest.source import Source
from planner.ingest.usage import Kind, UsageRow


@dataclass(slots=True)
class FileRows:
    """The rows of one file, each with a key that names it among the rows of its format."""

    name: str
    format: str
    source: Source
    rank: int
    """Place of the source among the sources: the lower one is counted."""
    rows: list[UsageRow] = field(default_factory=list)
    keys: list[Hashable] = field(default_factory=list)
    fingerprint: bytes = b""
    set_aside: int = 0
    pages: list[bool] = field(default_factory=list)
    lacks_zone: bool = False
    days: range = range(0)
    """Days from its first to its last row, also those set aside later: a day without a row is one without traffic."""

    def keep(self, kept: Sequence[bool]) -> int:
        """Drops the rows that are not kept; returns how many of them were usage."""
        dropped = sum(1 for row, stays in zip(self.rows, kept, strict=True) if not stays and row.kind is Kind.USAGE)
        self.rows = [row for row, stays in zip(self.rows, kept, strict=True) if stays]
        self.keys = [key for key, stays in zip(self.keys, kept, strict=True) if stays]
        self.set_aside += dropped
        return dropped


def drop_same_files(files: list[FileRows], warnings: list[str]) -> list[FileRows]:
    """Each content once."""
    seen: dict[bytes, str] = {}
    kept = []
    for file in files:
        if file.fingerprint in seen:
            warnings.append(f"{file.name} is the same file as {seen[file.fingerprint]}: it is counted once.")
        else:
            seen[file.fingerprint] = file.name
            kept.append(file)
    return kept


def drop_repeated_requests(file: FileRows, warnings: list[str]) -> None:
    """A request that a file names twice is counted once."""
    if not file.source.identity:
        return
    seen: set[Hashable] = set()
    kept = []
    for key in file.keys:
        kept.append(key is None or key not in seen)
        seen.add(key)
    if dropped := file.keep(kept):
        warnings.append(f"{file.name} names {dropped:,} requests twice: each is counted once.")


def _size(row: UsageRow) -> tuple[int, int, int]:
    return (row.requests or 0, (row.input_tokens or 0) + (row.output_tokens or 0), row.cost_picousd or 0)


def _is_negative(row: UsageRow) -> bool:
    return min(_size(row)) < 0


def drop_told_again(files: Sequence[FileRows], warnings: list[str]) -> None:
    """Rows that several files of one format hold.

    Rows of the same key and figures count once. Where the figures differ, as when a day was exported before it was
    over, the file that tells more of the key is counted; corrections (negative rows) are kept. The outcome does not
    depend on the order of the files.
    """
    owners: dict[Hashable, list[int]] = defaultdict(list)
    for index, file in enumerate(files):
        for key in set(file.keys):
            owners[key].append(index)
    shared = {key: owner for key, owner in owners.items() if len(owner) > 1}
    if not shared:
        return
    kept = [[True] * len(file.rows) for file in files]
    places: dict[Hashable, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, file in enumerate(files):
        for at, key in enumerate(file.keys):
            if key in shared:
                places[key][index].append(at)
    days: set[int] = set()
    differing = 0
    for parts in places.values():
        differing += _settle(files, parts, kept)
        days.update(files[index].rows[at].start_s // 86_400 for index, ats in parts.items() for at in ats)
    dropped = sum(file.keep(stays) for file, stays in zip(files, kept, strict=True))
    if dropped:
        names = " and ".join(sorted(files[index].name for index in {i for owner in shared.values() for i in owner}))
        more = f" In {differing:,} of them the figures differ: the larger ones are taken." if differing else ""
        warnings.append(f"{names} overlap on {len(days):,} days: {dropped:,} rows that both tell are counted once."
                        f"{more}")


def _settle(files: Sequence[FileRows], parts: dict[int, list[int]], kept: list[list[bool]]) -> int:
    """Decides the rows of one key; returns 1 if the files tell it differently."""
    def sums(index: int) -> tuple[int, ...]:
        rows = [_size(files[index].rows[at]) for at in parts[index] if not _is_negative(files[index].rows[at])]
        return tuple(map(sum, zip(*rows, strict=True))) if rows else (0, 0, 0)

    fullest = max(parts, key=sums)
    known = Counter(files[fullest].rows[at] for at in parts[fullest])
    differs = 0
    for index, ats in parts.items():
        if index == fullest:
            continue
        left = Counter(known)
        for at in ats:
            row = files[index].rows[at]
            if left[row] > 0:
                left[row] -= 1
                kept[index][at] = False
            elif not _is_negative(row):
                kept[index][at] = False
                differs = 1
            else:
                known[row] += 1
    return differs


def drop_seen_elsewhere(files: Sequence[FileRows], model_id: Callable[[str], str], warnings: list[str]) -> None:
    """Traffic that exports of different formats tell: of one family by day, of two watchers by day and model.

    Two sellers never tell the same traffic; a gateway, a tracing tool or a bill tells what a seller tells too.
    Rows of money alone fill in what their family's usage leaves out, and are set aside where it carries money itself.
    """
    if len({file.format for file in files}) == 1:
        return
    by_family: dict[tuple[str, int, bool], str] = {}
    by_model: dict[tuple[int, str], tuple[str, str, str]] = {}
    billed: dict[tuple[str, int], set[str]] = defaultdict(set)
    ordered = sorted(files, key=lambda file: (all(row.is_money_only for row in file.rows), file.rank, file.format))
    told: dict[tuple[str, str], list[int]] = defaultdict(list)
    for file in ordered:
        source, kept = file.source, []
        for row in file.rows:
            money, model = row.is_money_only, model_id(row.model)
            other = None
            if row.kind is Kind.USAGE:
                for day in row.days:
                    first = by_family.get((source.family, day, money))
                    seen = by_model.get((day, model))
                    if first not in (None, file.format):
                        other = first
                    elif money and billed[source.family, day] - {file.format}:
                        other = f"usage of {source.family}"
                    elif (seen is not None and seen[0] != source.family
                          and not (seen[1] == "seller" and source.watcher == "seller")
                          and (not money or billed[seen[0], day])):
                        other = seen[2]
                    if other is not None:
                        told[file.format, other].append(day)
                        break
            kept.append(other is None)
        file.keep(kept)
        for row in file.rows:
            if row.kind is Kind.USAGE:
                for day in row.days:
                    by_family.setdefault((source.family, day, row.is_money_only), file.format)
                    if not row.is_money_only:
                        by_model.setdefault((day, model_id(row.model)), (source.family, source.watcher, file.format))
                        if row.cost_picousd is not None:
                            billed[source.family, day].add(file.format)
    for (dropped, other), days in told.items():
        warnings.append(f"{dropped} tells the same traffic as {other} on {len(set(days)):,} days: "
                        f"{len(days):,} rows of it are not added.")
    _say_filled_in(ordered, by_family, warnings)


def _say_filled_in(files: Sequence[FileRows], by_family: dict[tuple[str, int, bool], str], warnings: list[str]) -> None:
    for file in files:
        money = {row.start_s // 86_400 for row in file.rows if row.kind is Kind.USAGE and row.is_money_only}
        usage = {day for family, day, is_money in by_family if family == file.source.family and not is_money}
        if money and usage:
            shared, alone = money & usage, money - usage
            if shared:
                warnings.append(f"{file.name} bills the days that another file counts: its money stands beside their "
                                "tokens, its rows are no further traffic.")
            if alone:
                warnings.append(f"{file.name} bills {len(alone):,} days of which no file tells the tokens: "
                                "the money covers more days than the tokens.")
