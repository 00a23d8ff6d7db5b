"""The grid: what is typed becomes the plan, what cannot be is refused with the old value kept, everything undoes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pages.conftest import Bench


@pytest.fixture
def bench(visit: Callable[..., Bench]) -> Bench:
    """The example plan on the Workload page: Support bot, Ticket triage, Document extraction, Contract review."""
    opened = visit("example")
    opened.go("workload.py")
    return opened


def names(bench: Bench) -> list[str]:
    return [category.name for category in bench.plan.workload.categories]


@pytest.mark.parametrize(
    ("field", "typed", "expected"),
    [
        ("requests_per_month", "12M", 12_000_000.0),
        ("requests_per_month", "1.5B", 1_500_000_000.0),
        ("input_tokens_per_request", "2.5k", 2_500.0),
        ("output_tokens_per_request", "1,200", 1_200.0),
        ("cached_input_share", "35 %", 0.35),
        ("complex_share", "12.5", 0.125),
        ("error_cost_usd", "$0.25", 0.25),
        ("latency", "Real time", "real_time"),
        ("in_house_only", True, True),
        ("name", "Chat with customers", "Chat with customers"),
    ],
)
def test_a_cell_is_understood_as_people_write_it(bench: Bench, field: str, typed: object, expected: object) -> None:
    bench.type_in_grid(edited_rows={0: {field: typed}})
    assert bench.complaints() == []
    assert getattr(bench.plan.workload.categories[0], field) == expected


def test_an_error_cost_may_be_a_class(bench: Bench) -> None:
    bench.type_in_grid(edited_rows={0: {"error_cost_usd": "critical"}})
    category = bench.plan.workload.categories[0]
    assert (category.error_cost, category.error_cost_usd) == ("critical", None)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("cached_input_share", "130", "130 % is not a share. Write 0 to 100"),
        ("complex_share", "0.5", "can mean 0.5 % or 50 %"),
        ("requests_per_month", "many", '"many" is not a count'),
        ("requests_per_month", "-5", '"-5" is not a count'),
        ("error_cost_usd", "lots", "Write it as $0.10"),
        ("name", "Ticket triage", "a second category"),
        ("name", "  ", "an empty cell is not a name"),
    ],
)
def test_a_value_that_cannot_be_is_refused_and_the_old_one_kept(bench: Bench, field: str, typed: str, said: str
                                                               ) -> None:
    before = bench.plan
    bench.type_in_grid(edited_rows={0: {field: typed}})
    assert bench.plan == before
    text = " ".join(bench.complaints()).replace("\\", "")
    assert said in text
    bench.app.run()
    assert bench.complaints() == []  # said once


def test_edits_one_after_the_other_all_count(bench: Bench) -> None:
    # Streamlit hands over every edit of the grid since it was drawn: the first must not be taken twice.
    bench.type_in_grid(edited_rows={0: {"requests_per_month": "1M"}})
    bench.type_in_grid(edited_rows={0: {"requests_per_month": "1M", "cached_input_share": "10 %"}})
    category = bench.plan.workload.categories[0]
    assert (category.requests_per_month, category.cached_input_share) == (1e6, 0.1)
    assert len(bench.session.before) == 2


def test_a_row_is_added_with_what_was_typed_into_it(bench: Bench) -> None:
    bench.type_in_grid(added_rows=[{"name": "Invoices", "requests_per_month": "60k"}])
    added = bench.plan.workload.categories[-1]
    assert (added.name, added.requests_per_month, added.input_tokens_per_request) == ("Invoices", 60_000.0, 0.0)
    assert bench.complaints() == []


def test_a_removed_row_takes_its_choice_and_its_measurements_with_it(bench: Bench) -> None:
    bench.type_in_grid(deleted_rows=[1])
    assert names(bench) == ["Support bot", "Document extraction", "Contract review"]
    assert bench.plan.evaluations == ()
    per_category = bench.plan.scenario("Per category").strategy
    assert "Ticket triage" not in per_category.by_category
    assert bench.complaints() == []


def test_a_renamed_row_keeps_its_choice_and_its_measurements(bench: Bench) -> None:
    bench.type_in_grid(edited_rows={1: {"name": "Queues"}})
    assert bench.plan.evaluations[0].category == "Queues"
    assert "Queues" in bench.plan.scenario("Per category").strategy.by_category


def test_undo_and_redo_go_through_all_steps(bench: Bench) -> None:
    start = bench.plan
    bench.type_in_grid(edited_rows={0: {"requests_per_month": "1M"}})
    first = bench.plan
    bench.type_in_grid(edited_rows={0: {"requests_per_month": "1M"}}, deleted_rows=[3])
    second = bench.plan
    bench.click("undo")
    assert bench.plan == first
    bench.click("undo")
    assert bench.plan == start
    assert bench.app.button(key="undo").disabled
    bench.click("redo")
    bench.click("redo")
    assert bench.plan == second
    assert bench.app.button(key="redo").disabled


def test_fifty_steps_can_be_taken_back(bench: Bench) -> None:
    for number in range(52):
        bench.session.plan  # noqa: B018 (the plan before the edit)
        bench.type_in_grid(edited_rows={0: {"requests_per_month": str(1000 + number)}})
    assert len(bench.session.before) == 50


def test_an_edit_survives_other_pages(bench: Bench) -> None:
    bench.type_in_grid(edited_rows={0: {"requests_per_month": "1M"}})
    bench.go("overview.py")
    bench.go("compare.py")
    bench.go("workload.py")
    assert bench.plan.workload.categories[0].requests_per_month == 1e6
    assert bench.complaints() == []


def test_an_empty_row_and_removal_of_all_rows(bench: Bench) -> None:
    bench.click("add_empty")
    assert names(bench)[-1] == "New category"
    bench.type_in_grid(deleted_rows=[0, 1, 2, 3, 4])
    assert names(bench) == []
    assert bench.complaints() == []
    bench.click("undo")
    assert len(names(bench)) == 5


def test_the_form_moves_copies_and_removes(bench: Bench) -> None:
    bench.click("category_Down")
    assert names(bench)[:2] == ["Ticket triage", "Support bot"]
    bench.click("category_Duplicate")
    assert names(bench)[:3] == ["Ticket triage", "Support bot", "Support bot 2"] or "Ticket triage 2" in names(bench)
    bench.click("category_Remove")
    assert len(names(bench)) == 4


def test_the_form_takes_every_field(bench: Bench) -> None:
    version = bench.session.version
    bench.app.text_input(key=f"field_review.share_0_{version}").set_value("25 %")
    bench.app.text_input(key=f"field_review.usd_per_review_0_{version}").set_value("$0.40")
    bench.app.text_input(key=f"field_retries.max_attempts_0_{version}").set_value("3")
    bench.app.text_input(key=f"field_max_error_rate_0_{version}").set_value("4 %")
    bench.app.text_input(key=f"field_requests_per_month_0_{version}").set_value("100k | 150k | 200k")
    next(each for each in bench.app.button if each.label == "Apply").click()
    bench.app.run()
    category = bench.plan.workload.categories[0]
    assert bench.complaints() == []
    assert (category.review.share, category.review.usd_per_review) == (0.25, 0.4)
    assert (category.retries.max_attempts, category.max_error_rate) == (3, 0.04)
    assert category.requests_per_month.low == 100_000.0


def test_the_form_refuses_all_or_nothing(bench: Bench) -> None:
    before, version = bench.plan, bench.session.version
    bench.app.text_input(key=f"field_review.share_0_{version}").set_value("250 %")
    bench.app.text_input(key=f"field_batch_share_0_{version}").set_value("x")
    next(each for each in bench.app.button if each.label == "Apply").click()
    bench.app.run()
    assert bench.plan == before
    text = " ".join(bench.complaints())
    assert "Answers reviewed" in text
    assert "Sent in batch" in text
