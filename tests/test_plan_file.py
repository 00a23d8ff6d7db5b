"""A plan written down is the same plan when it is read again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.plan import (
    Plan,
    build_plan,
    dump_plan,
    load_plan,
    parse_plan,
    plan_document,
    plan_hash,
)
from planner.domain.quantities import Range
from planner.domain.strategies import Allocation
from planner.domain.templates import Template, example_plan, list_templates
from tests.laws.plans import documents
from tests.market import MARKET

SHIPPED = (example_plan(), *list_templates())


@pytest.mark.parametrize("template", SHIPPED, ids=lambda template: template.slug)
def test_every_template_survives_being_written_and_read(template: Template) -> None:
    plan = load_plan(template.path)
    assert parse_plan(dump_plan(plan)) == plan
    assert parse_plan(json.dumps(plan_document(plan))) == plan
    assert plan_hash(parse_plan(dump_plan(plan))) == plan_hash(plan)


NAMES = st.text(
    st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Zs"]), min_size=1, max_size=12
).map(str.strip).filter(lambda name: name and name.isprintable())
LOOK_ALIKES = st.sampled_from([
    "1", "1.5", "1e5", "1E5", ".5", "+1", "0x10", "0o7", "1_000", "12:30", "12:30:45", "2026-01-01", "true", "True",
    "no", "NO", "null",
    "~", "nan", ".nan", ".inf", "-", "- a", "a: b", "a #b", "#a", "'a'", '"a"', "[a]", "{a}", "*a", "&a",
    "!a", "%a", "@a", "`a", "|", ">", "?", ":", "=", "<<", "...", "---", "\\", "Ä", "日本語", "👍🏽",
    "e\u0301",
])


@settings(max_examples=100)
@given(LOOK_ALIKES | NAMES)
def test_any_name_survives_even_one_that_looks_like_something_else(name: str) -> None:
    custom = {"kind": "custom", "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 2.0}
    mail = {"name": name, "unit": name, "requests_per_month": 1, "input_tokens_per_request": 1,
            "output_tokens_per_request": 1}
    single = {"kind": "single", "model": "small"}
    plan = build_plan({
        "name": name,
        "workload": {"name": name, "categories": [mail]},
        "endpoints": {} if set("/#") & set(name) else {name: custom},
        "baseline": name,
        "scenarios": [{"name": name, "strategy": {
            "kind": "allocation", "default": single, "by_category": {name: single}}}],
    }, "plan", MARKET)
    assert parse_plan(dump_plan(plan), "plan", MARKET) == plan


QUANTITIES = st.floats(0, 1, allow_subnormal=False) | st.lists(
    st.floats(0, 1, allow_subnormal=False), min_size=3, max_size=3
).map(sorted).map(lambda parts: dict(zip(("low", "likely", "high"), parts, strict=True)))

EXTRAS = st.fixed_dictionaries({}, optional={
    "price_date": st.dates(date(2020, 1, 1), date(2030, 1, 1)).map(date.isoformat),
    "horizon_months": st.integers(1, 120),
    "monthly_growth": QUANTITIES,
    "monthly_price_drift": st.floats(-0.5, 1.0),
    "season": st.lists(st.floats(0, 100), min_size=12, max_size=12),
    "limits": st.fixed_dictionaries({}, optional={
        "monthly_budget_usd": st.floats(0, 1e12), "min_vendors": st.integers(1, 20),
        "max_vendor_share": st.floats(0, 1),
        "max_error_rate": st.floats(0, 1), "materiality_usd": st.floats(0, 1e9), "quality_margin": st.floats(0, 1)}),
    "assumptions": st.fixed_dictionaries({}, optional={
        "router_sensitivity": QUANTITIES, "materiality_usd": st.floats(0, 1e6), "peak_factor_batch": st.just(2.0)}),
    "evaluations": st.lists(st.fixed_dictionaries({
        "category": st.sampled_from(["Mail", "Chat"]),
        "models": st.just({"small": {"n": 10, "correct": 9}}),
        "pairs": st.just([{"small": "small", "large": "large", "n11": 8, "n10": 1, "n01": 0.5, "n00": 0.5}]),
    }), max_size=2, unique_by=lambda block: block["category"]),
})


@settings(max_examples=30)
@given(document=documents(("Mail", "Chat")), extras=EXTRAS)
def test_any_plan_survives(document: dict[str, Any], extras: dict[str, Any]) -> None:
    plan = build_plan(document | extras, "plan", MARKET)
    written = dump_plan(plan)
    read = parse_plan(written, "plan", MARKET)
    assert read == plan
    assert dump_plan(read) == written
    assert plan_hash(read) == plan_hash(plan)


FILLED = {
    "a_number": st.floats(0.011, 1.0), "a_count": st.integers(1, 100),
}


@given(st.fixed_dictionaries({}, optional={
    "gpus_per_replica": st.integers(1, 64), "precision": st.sampled_from(["FP8", "BF16", "fp4"]),
    "usd_per_gpu_hour": FILLED["a_number"], "billing_unit_gpus": st.integers(1, 64), "commitment": FILLED["a_number"],
    "redundancy": st.integers(0, 9), "min_replicas": st.integers(1, 9), "latency_class": st.sampled_from(["batch"]),
    "latency_factor": FILLED["a_number"], "target_utilization": FILLED["a_number"], "peak_factor": FILLED["a_number"],
    "prefix_hit_share": FILLED["a_number"], "overhead": FILLED["a_number"], "fte": FILLED["a_number"],
    "fte_usd_per_month": FILLED["a_number"], "one_off_usd": FILLED["a_number"], "mode": st.just("buy"),
    "capacity": st.just({"a_s_per_input_token": 1e-5, "b_s_per_output_token": 1e-4}),
    "capex_usd_per_server": FILLED["a_number"], "pue": st.floats(1, 5), "usd_per_kwh": FILLED["a_number"],
}))
def test_any_own_hardware_survives(fields: dict[str, Any]) -> None:
    plan = build_plan({"endpoints": {"own": {"kind": "self_hosted", "model": "open", "gpu": "H100 SXM", **fields}}},
                      "plan", MARKET)
    assert parse_plan(dump_plan(plan), "plan", MARKET) == plan


def test_defaults_are_left_out_and_kinds_are_kept() -> None:
    plan = build_plan({
        "horizon_months": 24,
        "scenarios": [{"name": "A", "strategy": {"kind": "split", "small": "small", "large": "large", "router": {}}}],
        "endpoints": {"own": {"kind": "self_hosted", "model": "open", "gpu": "H100 SXM", "billing_unit_gpus": 1}},
    }, "plan", MARKET)
    assert yaml.safe_load(dump_plan(plan)) == {
        "version": 1,
        "scenarios": [{"name": "A", "strategy": {"kind": "split", "small": "small", "large": "large", "router": {}}}],
        "endpoints": {"own": {"kind": "self_hosted", "model": "open", "gpu": "H100 SXM"}},
    }


def test_order_and_lists_become_what_they_were() -> None:
    plan = parse_plan("""
        scenarios:
          - name: A
            strategy: {kind: cascade, stages: [small, large, premium], accept_right: [0.9, 0.8], accept_wrong: [0, 1]}
    """, "plan", MARKET)
    assert parse_plan(dump_plan(plan), "plan", MARKET) == plan
    assert "stages:\n    - small\n    - large\n    - premium" in dump_plan(plan).replace("      ", "    ")


def test_the_hash_names_the_content_and_nothing_else(tmp_path: Path) -> None:
    one = parse_plan("name: A\nhorizon_months: 12\n", "plan", MARKET)
    other = parse_plan('{"horizon_months": 12, "name": "A", "version": 1, "monthly_growth": 0}', "plan", MARKET)
    assert plan_hash(one) == plan_hash(other)
    assert plan_hash(one) != plan_hash(one.model_copy(update={"horizon_months": 13}))
    (tmp_path / "b.yaml").write_text("# a comment\nhorizon_months: 12\nname: A", encoding="utf-8")
    assert plan_hash(load_plan(tmp_path / "b.yaml", MARKET)) == plan_hash(one)


def test_a_range_stays_a_range() -> None:
    plan = parse_plan("monthly_growth: {low: 0, likely: 0.03, high: 0.06}", "plan", MARKET)
    assert plan.monthly_growth == Range(low=0.0, likely=0.03, high=0.06)
    assert parse_plan(dump_plan(plan), "plan", MARKET).monthly_growth == plan.monthly_growth


def test_a_plan_may_start_empty() -> None:
    assert parse_plan("{}", "plan", MARKET) == Plan()
    assert parse_plan(dump_plan(Plan()), "plan", MARKET) == Plan()


def test_an_allocation_keeps_the_kind_of_every_part() -> None:
    plan = load_plan(example_plan().path)
    mixed = next(each for each in plan.scenarios if isinstance(each.strategy, Allocation))
    written = plan_document(plan)["scenarios"][plan.scenarios.index(mixed)]["strategy"]
    assert written["default"]["kind"] == "split"
    assert {part["kind"] for part in written["by_category"].values()} <= {"single", "split", "cascade", "two_modes"}
