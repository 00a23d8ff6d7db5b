"""`planner import-usage`: JSON of a fixed form, a plan that evaluates, and exit code 2 for what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.cli import main
from planner.domain.plan import load_plan
from tests.ingest.exports import SAMPLES

USAGE = str(SAMPLES / "openai_completions_usage.csv")


def test_json_has_the_keys_that_scripts_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import-usage", USAGE, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["format"] == "openai_usage_csv"
    assert told["period"] == {"from": "2026-10-01", "to": "2026-10-08", "end_exclusive": "2026-10-09", "days": 8}
    assert told["totals"]["input_tokens"] == 101_178_646
    assert told["totals"]["cost_usd"] is None
    assert {"model", "group", "requests", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens",
            "cost_usd"} <= set(told["groups"][0])
    assert sum(group["requests"] for group in told["groups"]) == told["totals"]["requests"] == 32_748
    assert (told["unknown_models"], told["warnings"]) == ([], [])


def test_groups_follow_the_choice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import-usage", USAGE, "--json", "--by", "model"]) == 0
    groups = json.loads(capsys.readouterr().out)["groups"]
    assert {group["group"] for group in groups} == {"gpt-5-mini-2025-08-07", "gpt-5.1-2025-11-13"}


def test_a_plan_is_written_that_evaluates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "october.yaml"
    assert main(["import-usage", USAGE, "-o", str(plan)]) == 0
    assert load_plan(plan).name == "october"
    assert main(["evaluate", str(plan), "--json"]) == 0
    out = capsys.readouterr().out
    today = json.loads(out[out.index("{") :])["scenarios"][0]
    assert (today["name"], today["status"]) == ("Today", "priced")


def test_a_plan_that_exists_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("mine", encoding="utf-8")
    assert main(["import-usage", USAGE, "-o", str(plan)]) == 2
    assert plan.read_text(encoding="utf-8") == "mine"
    assert "exists" in capsys.readouterr().err


def test_bad_files_are_all_named_and_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n1,2\n", encoding="utf-8")
    plan = tmp_path / "plan.yaml"
    assert main(["import-usage", str(bad), str(tmp_path / "none.csv"), "-o", str(plan)]) == 2
    assert main(["import-usage", str(bad), USAGE, "-o", str(plan)]) == 2
    told = capsys.readouterr()
    assert "none.csv: this file is not readable" in told.err
    assert "bad.csv > row 1: this header is not one of a usage export" in told.err
    assert told.out == ""
    assert not plan.exists()


def test_a_table_of_other_names_is_mapped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "log.csv"
    log.write_text("when,what,sent,got\n2026-10-01,gpt-5,100,20\n", encoding="utf-8")
    pairs = ("time=when", "model=what", "input_tokens=sent", "output_tokens=got")
    assert main(["import-usage", str(log), "--json", *(part for pair in pairs for part in ("--map", pair))]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["input_tokens"] == 100


def test_the_table_for_a_terminal_names_groups_and_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import-usage", str(SAMPLES / "focus_1_2.csv")]) == 0
    out = capsys.readouterr().out
    assert "support-bot" in out
    assert "! Other charges of $12.34" in out
