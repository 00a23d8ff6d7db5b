"""``python -m pricing``: what it prints and how it ends."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pricing.__main__ import main
from pricing.catalog import TABLES


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["list", "--json", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_check_counts_the_tables_and_finds_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"]) == 0
    text = capsys.readouterr().out
    assert " models, " in text
    assert text.endswith("No problems.\n")


def test_list_writes_json_alone_under_agreed_names(capsys: pytest.CaptureFixture[str]) -> None:
    found = listed(capsys, "--date", "2026-11-22")
    assert found["date"] == "2026-11-22"
    agreed = {"model", "seller", "tier", "status", "input_usd_per_mtok", "output_usd_per_mtok",
              "cache_read_usd_per_mtok", "cache_write_usd_per_mtok", "batch", "steps", "context_tokens", "as_of",
              "retires_on", "source"}
    assert all(agreed <= set(row) for row in found["offers"])
    rows = {f"{row['seller']}/{row['model']}": row for row in found["offers"]}
    haiku = rows["anthropic/claude-haiku-5-5"]
    assert (haiku["input_usd_per_mtok"], haiku["output_usd_per_mtok"]) == (0.1, 0.5)
    assert haiku["batch"]["input_usd_per_mtok"] == 0.05
    assert haiku["steps"][0]["prompt_tokens"] == 100_000
    assert haiku["steps"][0]["batch"]["output_usd_per_mtok"] == 1.25


def test_what_has_no_price_is_null_with_a_reason_and_never_zero(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {f"{row['seller']}/{row['model']}": row for row in listed(capsys, "--date", "2026-11-22")["offers"]}
    names = ("anthropic/claude-opus-4-1", "google/gemma-3-27b", "together/llama-3.3-70b")
    gone, gemma, llama = (rows[name] for name in names)
    assert (gone["status"], gone["input_usd_per_mtok"], gone["retires_on"]) == ("retired", None, "2026-08-05")
    assert (gemma["status"], gemma["output_usd_per_mtok"]) == ("unpriced", None)
    assert llama["cache_read_usd_per_mtok"] is None
    assert llama["batch"] is None


def test_the_day_decides_what_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = {f"{row['seller']}/{row['model']}": row for row in listed(capsys, "--date", "2025-12-02")["offers"]}
    assert rows["anthropic/claude-opus-4-1"]["input_usd_per_mtok"] == 15
    assert rows["anthropic/claude-opus-5"]["status"] == "not_on_sale"


def test_the_table_for_people_shows_the_reason_in_place_of_a_price(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--date", "2026-11-22"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = (line for line in lines if line.startswith("anthropic/claude-opus-4-1 "))
    assert line.endswith("retired on 2026-08-05; successor Claude Opus 5.5")


@pytest.mark.parametrize("day", ["2026-13-01", "today", "20261122", "2026-11-22T00:00", ""])
def test_a_day_that_is_none_ends_with_2_and_an_empty_output(capsys: pytest.CaptureFixture[str], day: str) -> None:
    assert main(["list", "--json", "--date", day]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Write it as YYYY-MM-DD." in shown.err


def test_a_broken_table_ends_with_2_and_names_its_place(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    shutil.copytree(TABLES, folder)
    groq = folder / "offers" / "groq.yaml"
    groq.write_text(groq.read_text().replace("kind: host", "kind: hsot"))
    assert main(["--tables", str(folder), "check"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert 'offers/groq.yaml > kind: "hsot" is not one of' in shown.err
    assert 'Did you mean "host"?' in shown.err


def test_a_folder_without_tables_ends_with_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--tables", str(tmp_path), "check"]) == 2
    assert "models.yaml" in capsys.readouterr().err


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "pricing", "check"], capture_output=True, text=True, check=False,
                          cwd=Path(__file__).parents[2])  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
