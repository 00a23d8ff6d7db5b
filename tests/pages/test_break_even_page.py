"""The Break-even page below its chart: what moves it, a month, servers, other machines, and the articles' claim."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from planner.domain.plan import Plan, build_plan, parse_plan, plan_document
from planner.domain.templates import TEMPLATES, find_template
from tests.pages.conftest import Bench

PAGE = "break_even.py"


def document(slug: str = "example") -> dict[str, Any]:
    return plan_document(parse_plan(find_template(slug).text))


def own_llama(**changes: object) -> Plan:
    """The example plan with another own endpoint."""
    plan = document()
    plan["endpoints"]["our-llama"] = {"kind": "self_hosted", "model": "llama-3.3-70b", "gpu": "H100 SXM", **changes}
    return build_plan(plan)


def said(bench: Bench) -> str:
    """All text of the page as a reader sees it."""
    return " ".join(each.value for each in bench.app.markdown).replace("\\", "")


def findings(bench: Bench) -> list[str]:
    """Titles of the sections in reading order."""
    return [each.value.partition("\n")[0].removeprefix("### ").replace("\\", "").replace("\u00a0", " ")
            for each in bench.app.markdown if each.value.startswith("### ")]


def tables(bench: Bench) -> list[Any]:
    return [each.value for each in bench.app.dataframe]


def with_column(bench: Bench, heading: str) -> Any:
    """The first table that has a column of that heading."""
    return next(each for each in tables(bench) if heading in each.columns)


def place(titles: list[str], words: str) -> int:
    """Position of the first title that has these words; others may be given after a bar."""
    return next((i for i, each in enumerate(titles) if re.search(words, each)), -1)


@pytest.mark.parametrize("slug", ["example", *TEMPLATES])
def test_every_template_gets_all_sections_in_order(visit: Callable[..., Bench], slug: str) -> None:
    bench = visit(slug)
    app = bench.go(PAGE)
    assert bench.complaints() == []
    titles = findings(bench)
    order = [place(titles, words) for words in (
        "moves the |decides whether", "pairs of prices", "Largest part of", "The next server is", "Cheapest machine",
        "The articles' sum", "Own servers cost|own servers|Nobody hosts")]
    assert min(order) >= 0
    assert order == sorted(order)
    assert len(app.get("plotly_chart")) == 3
    everything = said(bench) + " ".join(each.to_string() for each in tables(bench))
    assert "nan" not in everything.casefold().replace("finance", "").replace("maintenance", "")
    assert "inf " not in everything


def test_every_table_has_its_csv(visit: Callable[..., Bench]) -> None:
    bench = visit("example")
    app = bench.go(PAGE)
    keys = {each.key for each in app.get("download_button")}
    assert keys >= {f"csv_{name}" for name in (
        "sensitivity", "price_grid", "month", "server_duty", "headroom", "pooling", "hosting_choices",
        "capacity_check", "server_claim", "hosts")}


def test_the_inputs_behind_the_tornado_name_their_range_and_source(visit: Callable[..., Bench]) -> None:
    bench = visit("example")
    bench.go(PAGE)
    bench.click("table_sensitivity")
    inputs = with_column(bench, "Break-even at low").set_index("Input")
    rent = inputs.loc["GPU rent"]
    assert rent["Unit"] == "USD per GPU-hour"
    assert float(rent["Low"][1:]) < float(rent["Planned"][1:]) < float(rent["High"][1:])
    assert "on demand prices" in rent["Source"]
    assert all(inputs["Source"].str.len() > 0)


def test_rent_and_speed_name_their_source_beside_the_inputs(visit: Callable[..., Bench]) -> None:
    bench = visit("example")
    bench.go(PAGE)
    text = said(bench)
    assert "Rent: median of " in text
    assert " on demand prices for H100 SXM" in text
    assert "oldest of " in text
    assert "The speed is fitted to " in text
    assert "% off)" in text
    assert " tokens in, " in text


def test_an_own_rent_and_an_own_measurement_are_called_yours(visit: Callable[..., Bench]) -> None:
    bench = visit(own_llama(usd_per_gpu_hour=2.0, measured_requests_per_s=5.0))
    bench.go(PAGE)
    assert "Rent: yours. List prices: median of " in said(bench)
    assert "The speed is your own measurement." in said(bench)


def test_the_square_of_prices_agrees_with_the_break_even_of_the_verdict(visit: Callable[..., Bench]) -> None:
    bench = visit("example")
    bench.go(PAGE)
    # Against the recommended mix nothing ever pays; against the large model alone it does.
    assert "never" in with_column(bench, "API 1×").set_index("GPU").loc["1×", "API 1×"]
    bench.app.selectbox(key="be_incumbent").set_value("Opus for everything").run()
    assert bench.complaints() == []
    grid = with_column(bench, "API 1×").set_index("GPU")
    # At today's prices the square has the volume that the list of crossings calls the lasting one.
    crossings = bench.app.table[0].value
    lasting = crossings[crossings["What happens"] == "Pays for good"]["Requests a month"].iloc[0].replace("\\", "")
    assert grid.loc["1×", "API 1×"] == lasting


def test_one_kind_of_work_has_no_pools_and_three_kinds_do(visit: Callable[..., Bench]) -> None:
    several = visit("example")
    several.go(PAGE)
    assert len(several.plan.workload.categories) > 1
    assert [each for each in findings(several) if each.startswith("One pool")]
    assert "Separate pools together" in with_column(several, "Carry the load")["Category"].tolist()
    single = visit("support_bot")
    single.go(PAGE)
    assert len(single.plan.workload.categories) == 1
    assert not [each for each in findings(single) if each.startswith("One pool")]


def test_other_machines_are_listed_cheapest_first_and_the_title_names_the_first(visit: Callable[..., Bench]) -> None:
    bench = visit("example")
    bench.go(PAGE)
    listed = with_column(bench, "Needs GB")
    first = listed.iloc[0]
    title = findings(bench)[place(findings(bench), "Cheapest machine")]
    assert f"{first['Model']} on {first['GPUs per server']} × {first['GPU']}, {first['A month']} a month" in title


def test_the_hosts_of_the_same_model_stand_beside_own_servers(visit: Callable[..., Bench]) -> None:
    bench = visit("example")
    bench.go(PAGE)
    hosts = with_column(bench, "Times the cheapest")
    assert hosts["Where"].iloc[0] == "own servers"
    # Hosts are sorted by what they ask: the first one is the cheapest, 1 time itself.
    assert hosts["Times the cheapest"].iloc[1] == "1×"
    assert f"{hosts['Times the cheapest'].iloc[0]} what {hosts['Where'].iloc[1]}" in " ".join(findings(bench))


def test_without_own_endpoint_the_page_asks_for_a_first_server(visit: Callable[..., Bench]) -> None:
    plan = document()
    plan["endpoints"] = {}
    plan["scenarios"] = [each for each in plan["scenarios"] if "our-llama" not in str(each)]
    bench = visit(build_plan(plan))
    bench.go(PAGE)
    assert bench.complaints() == []
    assert findings(bench) == ["Nothing in this plan runs on your own machines"]
    assert tables(bench) == []


def test_zero_volume_divides_by_nothing(visit: Callable[..., Bench]) -> None:
    plan = document()
    for category in plan["workload"]["categories"]:
        category["requests_per_month"] = 0.0
    bench = visit(build_plan(plan))
    bench.go(PAGE)
    assert bench.complaints() == []
    everything = said(bench) + " ".join(each.to_string() for each in tables(bench))
    assert "nan" not in everything.casefold().replace("maintenance", "")
    assert not [each for each in findings(bench) if each.startswith("The articles' sum")]


def test_a_model_that_does_not_fit_still_gets_other_machines(visit: Callable[..., Bench]) -> None:
    # 70 billion weights of 2 bytes are 140 GB; one L4 has 24 GB.
    bench = visit(own_llama(gpu="L4", gpus_per_replica=1, precision="BF16", measured_requests_per_s=1.0))
    bench.go(PAGE)
    assert bench.complaints() == []
    titles = findings(bench)
    assert [each for each in titles if "Cheapest machine" in each]
    assert not [each for each in titles if "Largest part of" in each or "articles' sum" in each]
    assert len(bench.app.get("plotly_chart")) == 0


def test_the_open_model_at_a_host_is_a_further_line_unless_it_lies_on_another(visit: Callable[..., Bench]) -> None:
    bench = visit("example")
    app = bench.go(PAGE)
    # It costs within 3 % of the dearest bill of what the recommended mix does: the bars show it, the curves do not.
    assert "at DeepInfra" not in drawn(app, "break_even")
    assert "at DeepInfra" in drawn(app, "month")
    bench.app.selectbox(key="be_incumbent").set_value("Opus for everything").run()
    assert "at DeepInfra" in drawn(app, "break_even")
    assert bench.complaints() == []


def drawn(app: Any, key: str) -> str:
    """The picture as it is sent to the browser."""
    return next(str(each.proto.spec) for each in app.get("plotly_chart")
                if f"chart_{key}" in each.proto.id)
