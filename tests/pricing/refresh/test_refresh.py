"""Comparing with another table: what is shown, what may be written, and what the tables look like afterwards."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.pricing.refresh.folder import ACME, Desk, row, upstream

APRIL = date(2026, 4, 1)
CHEAPER = row(input_cost_per_token=2.7e-06, output_cost_per_token=1.35e-05)


def host(**more: Any) -> dict[str, Any]:
    return upstream(**{"host/big": row(**more)})


def changed_to(usd_in: float, usd_out: float) -> dict[str, Any]:
    return host(input_cost_per_token=usd_in * 1e-6, output_cost_per_token=usd_out * 1e-6)


def test_the_same_prices_are_no_difference_and_end_with_0(desk: Desk) -> None:
    before = desk.texts()
    code, out, err = desk.run(source=upstream())
    assert (code, err) == (0, "")
    assert "rechecked (3)" in out
    assert "3 of 3 offers are in this source; 0 differ." in out
    assert desk.texts() == before


def test_a_dry_run_shows_the_change_writes_nothing_and_ends_with_1(desk: Desk) -> None:
    before = desk.texts()
    code, out, _ = desk.run(source=upstream(**{"host/big": CHEAPER}))
    assert code == 1
    # 3 to 2.7 and 15 to 13.5 are a tenth less
    assert [line.split() for line in out.splitlines() if line.startswith("  host/big") and "%" in line] == [
        ["host/big", "input", "3", "2.7", "-10.0%", "-"],
        ["host/big", "output", "15", "13.5", "-10.0%", "-"],
    ]
    assert "from 2026-04-01" in out
    assert desk.texts() == before


def test_an_accepted_change_closes_the_old_period_and_appends_a_new_one(desk: Desk) -> None:
    code, out, _ = desk.run("--write", "--accept", "host/big", source=upstream(**{"host/big": CHEAPER}))
    assert code == 0
    assert out.endswith("1 written.\n")
    offer = desk.catalog().offers["host/big"]
    old, new = offer.periods
    assert (str(old.input), old.starts, old.ends) == ("3", None, APRIL)
    assert (str(new.input), str(new.output), new.starts, new.ends) == ("2.7", "13.5", APRIL, None)
    assert offer.provenance.as_of == APRIL
    assert offer.provenance.method == "import"


def test_the_log_gets_one_line_for_each_change_above_the_older_ones(desk: Desk) -> None:
    desk.run("--write", "--accept", "host/big", source=upstream(**{"host/big": CHEAPER}))
    lines = (desk.tables / "CHANGES.md").read_text().splitlines()
    assert lines[2].startswith("## ")
    assert ": refreshed from litellm feed.json" in lines[2]
    assert lines[3].startswith("- host/big: changed: input 3 to 2.7 (-10.0%), output 15 to 13.5 (-10.0%)")
    assert lines[5] == "## 2026-03-01: first edition"


def test_the_rest_of_the_file_stays_as_it_was_written(desk: Desk) -> None:
    feed = upstream(**{"acme-big": {**upstream()["acme-big"], "input_cost_per_token": 5e-06}})
    assert desk.run("--write", "--accept", "acme/big", source=feed)[0] == 0
    lines = desk.acme().splitlines()
    new = [line for line in lines if line not in ACME.splitlines()]
    assert new == [
        '      - {from: 2026-02-01, until: 2026-04-01, input: "4", output: "20", cache_read: "0.4",',
        '      - {from: 2026-04-01, input: "5", output: "20", cache_read: "0.4",',
        '         over: [{prompt_tokens: 200000, boundary: ge, input: "8", output: "30"}]}',
        new[3],  # the provenance, on one line as before
    ]
    assert new[3].startswith('    provenance: {source: litellm, source_id: "acme-big", source_version: "feed.json ')
    lost = [line for line in ACME.splitlines() if line not in lines]
    assert len(lost) == 2  # the period that was closed, and the old provenance
    for comment in ("# the launch price", "# since February", "# the flagship", "# checked on the page", "# the end"):
        assert comment in desk.acme()


def test_figures_that_the_source_leaves_out_end_with_the_price_beside_them(desk: Desk) -> None:
    feed = upstream(**{"acme-big": row(input_cost_per_token=5e-06, output_cost_per_token=2e-05)})
    _, out, _ = desk.run("--write", "--accept", "acme/big", source=feed)
    assert "unknown" in out
    new = desk.catalog().offers["acme/big"].periods[-1]
    assert (new.cache_read, new.batch, new.over) == (None, None, ())


def test_a_step_above_a_round_number_keeps_our_side_of_the_boundary(desk: Desk) -> None:
    feed = upstream(**{"acme-big": {**upstream()["acme-big"], "input_cost_per_token_above_200k_tokens": 9e-06}})
    code, out, _ = desk.run("--write", "--accept", "acme/big", source=feed)
    assert code == 0
    assert "input from 200,000 tokens" in out
    step = desk.catalog().offers["acme/big"].periods[-1].over[0]
    assert (step.prompt_tokens, step.boundary, str(step.input)) == (200_000, "ge", "9")


# A second source -----------------------------------------------------------------------------------------------


def test_only_a_small_change_that_two_sources_share_is_taken_unnamed(desk: Desk) -> None:
    second = desk.file("second.json", upstream(**{"host/big": CHEAPER}))
    feed = upstream(**{"host/big": CHEAPER, "acme-big": {**upstream()["acme-big"], "output_cost_per_token": 1.9e-05}})
    code, out, _ = desk.run("--write", "--accept-agreed", "--second", "litellm-json", second, source=feed)
    assert "litellm agrees" in out
    assert code == 1  # the change at Acme is not shared
    assert len(desk.catalog().offers["host/big"].periods) == 2
    assert len(desk.catalog().offers["acme/big"].periods) == 2
    assert desk.catalog().offers["host/big"].provenance.agrees


@pytest.mark.parametrize(("usd", "taken"), [(4.49, True), (4.5, False), (1.51, True), (1.5, False)])
def test_a_change_of_half_or_more_is_never_taken_unnamed(desk: Desk, usd: float, taken: bool) -> None:
    # 3 x 1.5 = 4.5 and 3 x 0.5 = 1.5
    feed = changed_to(usd, 15)
    second = desk.file("second.json", feed)
    desk.run("--write", "--accept-agreed", "--second", "litellm-json", second, source=feed)
    assert (len(desk.catalog().offers["host/big"].periods) == 2) is taken


def test_rows_that_agree_are_marked_as_checked_on_the_day_of_the_source_and_not_of_the_run(desk: Desk) -> None:
    assert desk.run("--write", "--accept-agreed", source=upstream())[0] == 0
    assert {offer.provenance.checked_on for offer in desk.catalog().offers.values()} == {APRIL}
    # an older edition knows nothing newer
    assert "rechecked" not in desk.run(source=upstream(), as_of="2026-03-31")[1]


def test_a_second_source_that_disagrees_by_more_than_a_hundredth_is_written_down(desk: Desk) -> None:
    second = desk.file("second.json", changed_to(3.04, 15))
    code, out, _ = desk.run("--write", "--accept", "host/big", "--second", "litellm-json", second, source=upstream())
    assert code == 0
    assert "disagrees (1)" in out
    (said,) = desk.catalog().offers["host/big"].provenance.disagrees
    assert (str(said.input), str(said.output), said.settled) == ("3.04", "15", None)
    catalog = desk.catalog()
    assert catalog.freshness(catalog.quote(catalog.offers["host/big"], APRIL), APRIL) == "red"
    again = desk.run("--second", "litellm-json", second, source=upstream())
    assert again[0] == 0
    assert "disagrees" not in again[1]


def test_a_difference_of_a_hundredth_is_none(desk: Desk) -> None:
    second = desk.file("second.json", changed_to(3.03, 15))  # 0.03 is no more than 1 % of 3.03
    assert desk.run("--second", "litellm-json", second, source=upstream())[0] == 0


# Lifecycle -----------------------------------------------------------------------------------------------------


def test_a_last_day_is_shown_and_written_beside_the_id(desk: Desk) -> None:
    feed = host(input_cost_per_token=3e-06, output_cost_per_token=1.5e-05, deprecation_date="2026-09-30")
    code, out, _ = desk.run("--write", "--accept", "host/big", source=feed)
    assert code == 0
    assert "retiring (1)" in out
    assert desk.catalog().offers["host/big"].retires_on == date(2026, 9, 30)
    assert desk.catalog().quote(desk.catalog().offers["host/big"], date(2026, 9, 30)).state == "retired"


def test_a_row_that_is_gone_is_marked_and_never_deleted(desk: Desk) -> None:
    feed = {name: held for name, held in upstream().items() if name != "host/big"}
    code, out, _ = desk.run(source=feed)
    assert code == 1
    assert "gone (1)" in out
    assert desk.run("--write", "--accept", "host/big", source=feed)[0] == 0
    catalog = desk.catalog()
    offer = catalog.offers["host/big"]
    assert offer.provenance.gone_from == (f"litellm {offer.provenance.gone_from[0].split(' ', 1)[1]}",)
    quote = catalog.quote(offer, APRIL)
    assert quote.state == "priced"
    assert catalog.freshness(quote, APRIL) == "red"
    assert desk.run(source=feed)[0] == 0  # told once


# What is held back ---------------------------------------------------------------------------------------------


def test_a_row_set_by_hand_is_locked_until_it_is_forced(desk: Desk) -> None:
    feed = upstream(**{"acme-small": row(input_cost_per_token=1.1e-06, output_cost_per_token=5e-06)})
    before = desk.texts()
    code, _, err = desk.run("--write", "--accept", "acme/small", source=feed)
    assert code == 2
    assert "acme/small: changed: set by hand. Name it under --force." in err
    assert desk.texts() == before
    assert desk.run("--write", "--force", "acme/small", source=feed)[0] == 0
    offer = desk.catalog().offers["acme/small"]
    assert [str(period.input) for period in offer.periods] == ["1", "1.1"]
    assert offer.provenance.method == "manual"


def test_two_sources_do_not_unlock_a_row_set_by_hand(desk: Desk) -> None:
    feed = upstream(**{"acme-small": row(input_cost_per_token=1.1e-06, output_cost_per_token=5e-06)})
    second = desk.file("second.json", feed)
    desk.run("--write", "--accept-agreed", "--second", "litellm-json", second, source=feed)
    assert len(desk.catalog().offers["acme/small"].periods) == 1


@pytest.mark.parametrize("factor", [0.001, 0.01, 0.1, 10, 100, 1000, 5000])
def test_a_jump_by_a_power_of_ten_needs_to_be_forced(desk: Desk, factor: float) -> None:
    feed = changed_to(3 * factor, 15 * factor)
    before = desk.texts()
    code, out, _ = desk.run(source=feed)
    assert code == 1
    assert "blocked: a jump by a factor of ten or more (--force)" in out
    assert desk.run("--write", "--accept", "host/big", source=feed)[0] == 2
    second = desk.file("second.json", feed)
    assert desk.texts() == before
    assert desk.run("--write", "--accept-agreed", "--second", "litellm-json", second, source=feed)[0] == 1
    assert len(desk.catalog().offers["host/big"].periods) == 1


def test_a_forced_jump_is_written(desk: Desk) -> None:
    assert desk.run("--write", "--force", "host/big", source=changed_to(0.3, 1.5))[0] == 0
    assert str(desk.catalog().offers["host/big"].periods[-1].input) == "0.3"


@pytest.mark.parametrize("zero", ["input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost"])
def test_a_new_zero_is_never_written_not_even_by_force(desk: Desk, zero: str) -> None:
    feed = upstream(**{"acme-big": {**upstream()["acme-big"], zero: 0}})
    before = desk.texts()
    assert desk.run(source=feed)[0] == 1
    for option in ("--accept", "--force"):
        code, _, err = desk.run("--write", option, "acme/big", source=feed)
        assert code == 2
        assert "a zero is never taken from another table" in err
    assert desk.texts() == before


def test_a_row_without_a_price_does_not_make_ours_free(desk: Desk) -> None:
    code, out, _ = desk.run(source=host())
    assert code == 1
    assert "which is no price of zero" in out
    assert desk.run("--write", "--force", "host/big", source=host())[0] == 2


def test_an_older_edition_does_not_undo_a_newer_price(desk: Desk) -> None:
    # Ours has cost 4 since February; in January the source's 9 may have been right, but it was 8 here.
    feed = upstream(**{"acme-big": row(input_cost_per_token=9e-06, output_cost_per_token=4e-05)})
    code, out, _ = desk.run("--write", "--accept", "acme/big", source=feed, as_of="2026-02-01")
    assert code == 2
    assert "our price is newer: it holds since 2026-02-01" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--accept", "host/big"], "given without --write"),
        (["--write", "--accept", "host/bgi"], 'Did you mean "host/big"?'),
        (["--write", "--accept", "acme/big"], '"acme/big" is not different from the source'),
    ],
)
def test_an_acceptance_that_means_nothing_is_refused(desk: Desk, options: list[str], said: str) -> None:
    feed = {"host/big": CHEAPER, "acme-small": upstream()["acme-small"]}
    code, _, err = desk.run(*options, source={**feed, "acme-big": upstream()["acme-big"]}, as_of="2026-03-01")
    assert code == 2
    assert said in err
    assert "2026-04-01" not in desk.acme()


def test_writing_a_new_edition_needs_the_day_of_which_it_speaks(desk: Desk) -> None:
    from pricing.__main__ import main

    path = desk.file("feed.json", changed_to(2, 15))
    options = ["--tables", str(desk.tables), "refresh", "--source", "litellm-json", path]
    assert main([*options, "--write", "--accept", "host/big"]) == 2
    assert "Say of which day litellm feed.json" in desk.capsys.readouterr().err


def test_the_shipped_tables_say_what_the_installed_package_says_or_why_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pricing.__main__ import main

    assert main(["refresh"]) == 0
    assert "0 differ." in capsys.readouterr().out
