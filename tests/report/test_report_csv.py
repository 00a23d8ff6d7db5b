"""The CSV bundle: raw figures under the names of the JSON output, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from planner.engine.study import Study
from planner.report import FORMATS, render_csv
from planner.report.csv import bundle_zip, csv_text, defused, restored
from planner.report.files import write_file, write_files
from planner.views.formatting import usd_cents
from planner.views.records import evaluation_values
from tests.report.conftest import TODAY, category, study_of

FILES = ["scenarios", "categories", "endpoints", "recommendation", "break_even", "forecast", "prices",
         "assumptions", "about"]


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def test_the_bundle_has_a_file_for_every_table(example: Study) -> None:
    assert list(render_csv(example, TODAY)) == [f"{name}.csv" for name in FILES]


def test_figures_are_those_of_the_json_output(example: Study) -> None:
    written = {row["name"]: row for row in rows_of(render_csv(example, TODAY)["scenarios.csv"])}
    for scenario in evaluation_values(example.evaluation)["scenarios"]:
        for key, value in scenario["monthly"].items():
            if isinstance(value, float):
                assert float(written[scenario["name"]][key]) == pytest.approx(value, rel=1e-11), key


def test_categories_add_up_to_their_scenario(example: Study) -> None:
    files = render_csv(example, TODAY)
    for scenario in rows_of(files["scenarios.csv"]):
        parts = [row for row in rows_of(files["categories.csv"]) if row["scenario"] == scenario["name"]]
        for key in ("requests", "spend_usd", "invoice_usd", "error_cost_usd", "total_usd", "expected_errors"):
            assert sum(float(row[key]) for row in parts) == pytest.approx(float(scenario[key]), rel=1e-9)


def test_rounding_a_figure_of_the_file_gives_the_figure_that_is_shown(example: Study) -> None:
    for row in rows_of(render_csv(example, TODAY)["scenarios.csv"]):
        result = next((each for each in example.evaluation.scenarios if each.name == row["name"]), None)
        if result is not None:
            assert usd_cents(float(row["invoice_usd"])) == usd_cents(result.total("invoice_usd"))


def test_the_files_name_their_plan_their_prices_and_their_day(example: Study) -> None:
    about = {row["item"]: row["value"] for row in rows_of(render_csv(example, TODAY)["about.csv"])}
    assert about["plan"] == example.plan.name
    assert about["price_date"] == "2026-11-25"
    assert about["made_on"] == "2026-11-25"
    assert len(about["plan_hash"]) == 12


@pytest.mark.parametrize(
    "name",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\x00=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff20a",
        "\u3000=1",
        "'=1",
        "''@x",
    ],
)
def test_text_that_starts_a_formula_is_defused_and_comes_back(name: str) -> None:
    safe = defused(name)
    assert safe.startswith("'")
    assert restored(safe) == name


@pytest.mark.parametrize("name", ["Ticket triage", "a=b", "1-2", "'quoted'", "it's", "", "–", "客服"])
def test_other_text_is_left_alone(name: str) -> None:
    assert defused(name) == name
    assert restored(name) == name


def test_numbers_are_untouched_and_unknown_is_empty() -> None:
    table = pd.DataFrame(
        {"name": ["-x", None], "usd": [-0.25, float("nan")], "requests": [10**15, 0], "on": [True, False]}
    )
    assert csv_text(table) == "name,usd,requests,on\r\n'-x,-0.25,1000000000000000,true\r\n,,0,false\r\n"


def test_a_formula_as_category_is_defused_in_every_file() -> None:
    study = study_of([category('=HYPERLINK("http://x","y")'), category("@a")], name="=cmd")
    for name, content in render_csv(study, TODAY).items():
        for row in csv.reader(io.StringIO(content.decode("utf-8"), newline="")):
            assert [cell for cell in row if cell.lstrip()[:1] in ("=", "@", "+")] == [], name


def test_names_survive_separators_quotes_and_line_breaks() -> None:
    table = pd.DataFrame({"name": ['a,b;c "d"\ne']})
    assert rows_of(csv_text(table).encode())[0]["name"] == 'a,b;c "d"\ne'


def test_a_byte_order_mark_is_there_when_asked_for(example: Study) -> None:
    assert render_csv(example, TODAY, with_bom=True)["about.csv"].startswith(b"\xef\xbb\xbfitem,value")
    assert render_csv(example, TODAY)["about.csv"].startswith(b"item,value")


def test_the_zip_holds_the_same_files_and_the_same_bytes_every_time(example: Study) -> None:
    files = render_csv(example, TODAY)
    packed = bundle_zip(files)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == dict(files)
    assert bundle_zip(render_csv(example, TODAY)) == packed


# On disk -----------------------------------------------------------------------------------------------------------


def test_every_format_writes_what_it_renders(example: Study, tmp_path: Path) -> None:
    for each in FORMATS:
        each.write(each.render(example, TODAY), tmp_path / "new" / each.name)
    assert (tmp_path / "new" / "pdf").read_bytes().startswith(b"%PDF-1.7")
    assert sorted(path.stem for path in (tmp_path / "new" / "csv").iterdir()) == sorted(FILES)
    assert [path.name for path in (tmp_path / "new").iterdir() if path.name.startswith(".")] == []


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    old = tmp_path / "report.pdf"
    old.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_file("text is not bytes", old)  # type: ignore[arg-type]
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_of_several_files_none_is_replaced_if_one_fails(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"old")
    with pytest.raises(TypeError):
        write_files({"a.csv": b"new", "b.csv": "text"}, tmp_path)  # type: ignore[dict-item]
    assert (tmp_path / "a.csv").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
