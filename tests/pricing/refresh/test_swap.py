"""A refresh that is killed, runs out of disk or fails leaves all of the old tables or all of the new ones."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pricing.errors import InputError
from pricing.reading import read_tables
from pricing.refresh.swap import locked, recover, replace_files
from pricing.standing import JOURNAL, OLD, WORK
from tests.pricing.refresh.folder import ACME, CHANGES, HOST, Desk, make_tables, row, upstream

# Both sellers' files and the log change in one refresh.
FEED = upstream(**{
    "host/big": row(input_cost_per_token=2.7e-06, output_cost_per_token=1.35e-05),
    "acme-big": {**upstream()["acme-big"], "input_cost_per_token": 5e-06},
})  # fmt: skip
CALLS = ("fsync", "replace", "unlink", "open", "mkdir", "rmdir", "write")


def prices(folder: Path) -> tuple[str, str]:
    """The running prices of both sellers, as a reader sees them at this moment."""
    found = {offer.id: str(offer.periods[-1].input) for offer in read_tables(folder).offers}
    return found["acme/big"], found["host/big"]


NEW = {
    "offers/acme.yaml": (ACME, ACME.replace('"4"', '"5"')),
    "offers/host.yaml": (HOST, HOST.replace('"3"', '"2"')),
    "CHANGES.md": (CHANGES, CHANGES + "- more\n"),
}
BEFORE, AFTER = ("4", "3"), ("5", "2")


def replace_all(folder: Path) -> None:
    with locked(folder):
        replace_files(folder, NEW)


def interrupted(monkeypatch: pytest.MonkeyPatch, at: int, act: Callable[[], None]) -> list[int]:
    """Makes the call number ``at`` to the file system act before it happens; the list counts the calls."""
    count = [0]

    def wrap(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            count[0] += 1
            if count[0] == at:
                act()
            return call(*given, **named)

        return counted

    for name in CALLS:
        monkeypatch.setattr(os, name, wrap(getattr(os, name)))
    return count


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def replace_and_kill(folder: Path, at: int) -> bool:
    """Replaces the files in a child that is killed at its call number ``at``; whether it lived to the end."""
    child = os.fork()
    if child == 0:
        interrupted(pytest.MonkeyPatch(), at, kill)
        try:
            replace_all(folder)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return not os.WIFSIGNALED(status)


def test_a_kill_at_any_call_leaves_one_whole_set_and_the_next_refresh_mends_the_folder(tmp_path: Path) -> None:
    seen = []
    for at in range(1, 400):
        folder = make_tables(tmp_path / str(at))
        lived = replace_and_kill(folder, at)
        found = prices(folder)
        assert found in (BEFORE, AFTER), f"a mixture after a kill at call {at}"
        with locked(folder):
            assert prices(folder) == found
        assert not (folder / WORK).exists()
        expected = {name: (new if found == AFTER else old) for name, (old, new) in NEW.items()}
        assert {name: (folder / name).read_text() for name in NEW} == expected
        seen.append(found)
        if lived:
            break
    assert len(seen) > 30  # the kills reached into every step
    assert seen == sorted(seen)  # once the change counts, it counts for good
    assert seen[-1] == AFTER


def test_a_full_disk_at_any_call_leaves_the_old_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    failures = 0
    for at in range(1, 400):
        folder = make_tables(tmp_path / str(at))
        with monkeypatch.context() as patch:
            count = interrupted(patch, at, full)
            try:
                replace_all(folder)
            except OSError:
                failures += 1
                patch.undo()
                with locked(folder):
                    pass
                assert {name: (folder / name).read_text() for name in NEW} == {n: old for n, (old, _) in NEW.items()}
        if count[0] < at:
            break
    assert failures > 20
    assert prices(folder) == AFTER


def test_a_full_disk_ends_with_2_and_says_that_nothing_was_written(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = desk.texts()

    def full(*given: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "acme.yaml")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = desk.run("--write", "--accept", "acme/big", source=FEED)
    assert (code, err) == (2, "acme.yaml: No space left on device. Nothing was written.\n")
    assert desk.texts() == before


def test_a_result_that_is_not_valid_is_never_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # A second table breaks between the look and the write: the whole set is judged, not the changed file alone.
    from pricing.refresh import command

    compare = command.compare

    def breaking(*given: Any) -> Any:
        found = compare(*given)
        models = desk.tables / "models.yaml"
        models.write_text(models.read_text().replace("vendor: acme", "vendor: nobody", 1))
        return found

    monkeypatch.setattr(command, "compare", breaking)
    code, _, err = desk.run("--write", "--accept", "acme/big", source=FEED)
    assert code == 2
    assert '"nobody" is not named under vendors' in err
    assert desk.acme() == ACME


def test_readers_see_the_old_set_until_the_last_file_is_replaced(tmp_path: Path, monkeypatch: Any) -> None:
    folder = make_tables(tmp_path)
    seen = []
    replace = Path.replace

    def watched(path: Path, target: Path) -> Path:
        done = replace(path, target)
        seen.append(prices(folder))
        return done

    monkeypatch.setattr(Path, "replace", watched)
    with locked(folder):
        replace_files(folder, NEW)
    assert seen == [BEFORE] * 4  # the journal, and each of the three files
    assert prices(folder) == AFTER


def test_two_refreshes_at_once_do_not_meet(tmp_path: Path) -> None:
    folder = make_tables(tmp_path)
    with locked(folder), pytest.raises(InputError, match="in use by another refresh"), locked(folder):
        raise AssertionError("both were let in")


def test_a_file_that_was_edited_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    folder = make_tables(tmp_path)
    with locked(folder), pytest.raises(InputError, match="changed while the refresh ran"):
        replace_files(folder, {"offers/host.yaml": (HOST + "# old", HOST)})
    assert (folder / "offers/host.yaml").read_text() == HOST
    assert not (folder / WORK).exists()


def test_mending_twice_is_mending_once(tmp_path: Path) -> None:
    folder = make_tables(tmp_path)
    (folder / WORK / OLD / "offers").mkdir(parents=True)
    (folder / WORK / OLD / "offers" / "host.yaml").write_text(HOST.replace('"3"', '"9"'))
    (folder / WORK / JOURNAL).write_text('["offers/host.yaml", "offers/acme.yaml"]')
    assert prices(folder) == ("4", "9")
    assert recover(folder)
    assert prices(folder) == ("4", "9")
    assert not recover(folder)


def test_a_folder_that_cannot_be_written_is_told_and_left(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    before = desk.texts()

    def refuse(*given: Any, **named: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "tables")

    monkeypatch.setattr(os, "mkdir", refuse)
    code, _, err = desk.run("--write", "--accept", "acme/big", source=FEED)
    assert code == 2
    assert "Permission denied. Nothing was written." in err
    assert desk.texts() == before
