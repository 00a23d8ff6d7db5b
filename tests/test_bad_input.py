"""What cannot be a plan is refused with a sentence: where it is, what was found, what belongs there, how to mend it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.domain.plan import Plan, build_plan, load_plan, parse_plan
from planner.domain.templates import example_plan
from planner.engine.evaluate import evaluate
from pricing.documents import MAX_BYTES, parse_document
from pricing.errors import InputError
from tests.market import DAY, MARKET

MAIL = {"name": "Mail", "requests_per_month": 1000, "input_tokens_per_request": 1000, "output_tokens_per_request": 100}


def refusals(text: str) -> list[str]:
    """Everything that is wrong with a text, as sentences."""
    with pytest.raises(InputError) as error:
        parse_plan(text, "plan.yaml", MARKET)
    for problem in error.value.problems:
        assert problem.place.startswith("plan.yaml")
        assert problem.found
    return [str(problem) for problem in error.value.problems]


def refused(document: Any) -> list[str]:
    """Everything that is wrong with a document, as sentences."""
    return refusals(json.dumps(document))


def category(**fields: Any) -> list[str]:
    return refused({"workload": {"categories": [{**MAIL, **fields}]}})


def strategy(**fields: Any) -> list[str]:
    return refused({"scenarios": [{"name": "A", "strategy": fields}]})


# Numbers -----------------------------------------------------------------------------------------------------------

A_SHARE = "Write a number from 0 to 1."
A_COUNT = "Write a number from 0 to 1,000,000,000,000."


def test_a_share_above_1() -> None:
    assert category(batch_share=1.4) == [f"plan.yaml > categories > Mail > batch_share: 1.4 is not a share. {A_SHARE}"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [("-5", "-5"), (".nan", "nan"), (".inf", "inf"), ("-.inf", "-inf"), ("1e400", "inf"), ("NaN", '"NaN"'),
     ("true", "true"), ('"500"', '"500"'), ("12:30", '"12:30"'), ("1_000", '"1_000"'), ("0x10", '"0x10"'),
     ("2026-01-01", "2026-01-01"), ("[]", "[]"), ("[1, 2]", "[1, 2]")],
)
def test_what_is_no_count_of_requests(written: str, shown: str) -> None:
    text = yaml.safe_dump({"workload": {"categories": [MAIL]}}).replace("1000", written, 1)
    field = next(line.split(":")[0].strip(" -") for line in text.splitlines() if written in line)
    said = refusals(text)
    assert len(said) == 1
    assert said[0].startswith(f"plan.yaml > categories > Mail > {field}: {shown} is not a count of ")


def test_a_number_of_5000_digits_is_named_without_being_printed() -> None:
    for digits, mend in (("9" * 5000, "Use at most 18 digits."), ("0." + "3" * 5000, "Use fewer digits.")):
        (said,) = refusals(f"horizon_months: {digits}")
        assert said == f"plan.yaml > line 1: {digits[:20]}… is not a number this planner can count with. {mend}"
        (said,) = refusals(f'{{"horizon_months": {digits}}}')
        assert len(said) < 300


def test_json_has_no_nan() -> None:
    assert refusals('{"horizon_months": NaN}') == ["plan.yaml: NaN is not a number. Write a plain number."]
    assert refusals('{"horizon_months": -Infinity}') == ["plan.yaml: -Infinity is not a number. Write a plain number."]


def test_a_range_says_what_is_wrong_in_it() -> None:
    place = "plan.yaml > categories > Mail > cached_input_share"
    assert category(cached_input_share={"low": 0.5, "likely": 0.4, "high": 0.6}) == [
        f"{place}: low, likely and high must stand in this order."
    ]
    assert category(cached_input_share={"low": 0, "likely": 0.5, "high": 1.5}) == [
        f"{place}: {{low: 0, likely: 0.5, high: 1.5}} is not a share. {A_SHARE}"
    ]
    assert category(cached_input_share={"likely": 0.5}) == [
        f'{place} > low: nothing is not enough. Add "low".', f'{place} > high: nothing is not enough. Add "high".'
    ]


def test_whole_numbers_are_not_rounded_for_you() -> None:
    assert refused({"horizon_months": 12.0}) == [
        "plan.yaml > horizon_months: 12.0 is not a count of months. Write a whole number from 1 to 120."
    ]
    assert refused({"limits": {"min_vendors": 0}}) == [
        "plan.yaml > limits > min_vendors: 0 is not a whole number from 1 to 20. Write a whole number from 1 to 20."
    ]


# Contradictions ----------------------------------------------------------------------------------------------------


def test_three_volumes_that_disagree_are_named_all_three() -> None:
    # 1,000 x 1,000 = 1,000,000, and 1,005,100 is 0.51 % away from it
    assert category(monthly_input_tokens=1_005_100) == [
        "plan.yaml > categories > Mail: 1,000 requests_per_month x 1,000 input_tokens_per_request = 1,000,000, but "
        "monthly_input_tokens says 1,005,100. Make them agree within 0.5 % or leave one out."
    ]
    assert category(monthly_output_tokens=0) == [
        "plan.yaml > categories > Mail: 1,000 requests_per_month x 100 output_tokens_per_request = 100,000, but "
        "monthly_output_tokens says 0. Make them agree within 0.5 % or leave one out."
    ]


def test_a_volume_that_nobody_can_work_out() -> None:
    assert refused({"workload": {"categories": [{"name": "Mail", "monthly_input_tokens": 1e6}]}}) == [
        "plan.yaml > categories > Mail: the volume is not known. Give requests_per_month, or the tokens of a month "
        "beside the tokens per request."
    ]
    assert refused({"workload": {"categories": [{"name": "Mail", "requests_per_month": 5}]}}) == [
        "plan.yaml > categories > Mail: input_tokens_per_request is missing. Give it or monthly_input_tokens.",
        "plan.yaml > categories > Mail: output_tokens_per_request is missing. Give it or monthly_output_tokens.",
    ]


def test_two_answers_to_one_question() -> None:
    assert category(error_cost="low", error_cost_usd=3, load="batch", peak_factor=2, latency="batch", p95_latency_s=1,
                    cached_input_share=0.7, cache_write_share=0.6) == [
        "plan.yaml > categories > Mail: cached_input_share 0.7 and cache_write_share 0.6 add up to more than 1.",
        "plan.yaml > categories > Mail: error_cost and error_cost_usd are both given. Keep one.",
        "plan.yaml > categories > Mail: latency batch has no p95_latency_s. Remove one of the two.",
        "plan.yaml > categories > Mail: load and peak_factor are both given. Keep one.",
    ]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "split", "small": "small", "large": "large", "small_share": 0.5, "router": {"sens": 0.9}},
         "small_share and router are both given. A router decides the share itself, keep one."),
        ({"kind": "split", "small": "small", "large": "large"},
         "small_share is missing. Give a share from 0 to 1, or a router."),
        ({"kind": "split", "small": "small", "large": "large", "random": True, "router": {}},
         "random and router are both given. Keep one."),
        ({"kind": "cascade", "stages": ["small", "large"], "accept_right": [0.9, 0.9]},
         "accept_right has 2 entries. 2 stages need 1."),
        ({"kind": "cascade", "stages": ["small", "large", "premium"], "phi": 0.5},
         "phi and joint describe two stages. Remove them or keep two stages."),
        ({"kind": "cascade", "stages": ["small", "large"], "phi": 0.5, "sigma": 1},
         "phi, joint and sigma say the same thing in three ways. Keep one."),
    ],
)
def test_strategies_that_contradict_themselves(fields: dict[str, Any], said: str) -> None:
    assert strategy(**fields) == [f"plan.yaml > scenarios > A > strategy: {said}"]


# Names -------------------------------------------------------------------------------------------------------------


def test_an_unknown_model_is_answered_with_the_nearest_ones() -> None:
    assert strategy(kind="single", model="premum") == [
        'plan.yaml > scenarios > A > strategy: "premum" is not in the catalogue. Did you mean "Premium"?'
    ]
    assert strategy(kind="single", model="open") == [
        'plan.yaml > scenarios > A > strategy: "open" is not sold by its maker commons. Name the seller: "hostel/open".'
    ]
    assert category(error_rates={"xyz": 0.1}) == [
        'plan.yaml > categories > Mail > error_rates: "xyz" is not in the catalogue. See the list of models and prices.'
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"endpoints": {"own": {"kind": "self_hosted", "model": "open", "gpu": "H1000 SXM"}}},
         'endpoints > own > gpu: "H1000 SXM" is not in the table of GPUs. Did you mean "H100 SXM"'),
        ({"endpoints": {"own": {"kind": "self_hosted", "model": "open", "gpu": "H100 SXM", "precision": "FP5"}}},
         'endpoints > own > precision: "FP5" is not known. Did you mean "FP8" or "FP4"?'),
        ({"endpoints": {"own": {"kind": "self_hosted", "model": "opun", "gpu": "H100 SXM"}}},
         'endpoints > own > model: "opun" is not in the catalogue. Did you mean "Open"?'),
        ({"endpoints": {"own": {"kind": "hosted"}}},
         'endpoints > own > kind: "hosted" is not a known kind. Did you mean "self_hosted"?'),
        ({"endpoints": {"own": {}}}, 'endpoints > own > kind: nothing is not enough. Add "kind".'),
        ({"assumptions": {"materiality": 5}},
         'assumptions > materiality: "materiality" is not an assumption of the register. Did you mean '
         '"materiality_usd"?'),
        ({"assumptions": {"router_sensitivity": 1.4}},
         "assumptions > router_sensitivity: 1.4 is not possible here. Write a number from 0 to 1 (share)."),
        ({"baseline": "Old"}, 'baseline: "Old" is not a scenario of this plan. The plan has none yet.'),
        ({"discounts": {"acm": 0.1}}, 'discounts: "acm" is not a seller or a model. Did you mean "acme"?'),
        ({"discounts": {"acme": 1.1}}, f"discounts > acme: 1.1 is not a share. {A_SHARE}"),
        ({"tokens_counted_with": "xyz"},
         'tokens_counted_with: "xyz" is not in the catalogue. See the list of models and prices.'),
        ({"evaluations": [{"category": "Mial"}]},
         """evaluations > Mial: "Mial" is not a category of this plan. Use a category's exact name."""),
        ({"season": [1, 2]}, "season: [1, 2] is not a list of 12 entries or more. Add what is missing."),
        ({"price_date": "tomorrow"}, 'price_date: "tomorrow" is not a day. Write the day as YYYY-MM-DD.'),
        ({"version": 2},
         "version: 2 is not a version this planner reads. Update the planner; the file is left as it is."),
        ({"scenario": []}, 'scenario: "scenario" is not a field that is known here. Did you mean "scenarios"?'),
        ({"workload": None},
         "workload: nothing is not a group of fields. Write its fields under it, each as name: value."),
    ],
)
def test_names_and_forms_that_are_not_known(document: dict[str, Any], said: str) -> None:
    (found,) = refused(document)
    assert found.startswith(f"plan.yaml > {said}")


def test_an_allocation_names_categories_of_the_plan() -> None:
    single = {"kind": "single", "model": "small"}
    assert refused({
        "workload": {"categories": [MAIL]},
        "scenarios": [{"name": "A", "strategy": {"kind": "allocation", "default": single, "by_category": {
            "Mial": single}}}],
    }) == ['plan.yaml > scenarios > A > by_category: "Mial" is not a category of this plan. Did you mean "Mail"?']


@pytest.mark.parametrize("twin", ["Mail", "mail", " MAIL ", "Ｍail", "Ma\u00adil"])
def test_two_categories_of_one_name(twin: str) -> None:
    # the last two look the same on a screen: full-width letters fold onto plain ones, a soft hyphen is not printable
    said = refused({"workload": {"categories": [MAIL, {**MAIL, "name": twin}]}})
    assert len(said) == 1
    assert "is not told apart from the first" in said[0] or "1 to 200 printable characters" in said[0]


def test_letters_with_an_accent_are_the_same_however_they_are_composed() -> None:
    (said,) = refused({"workload": {"categories": [{**MAIL, "name": "Caf\u00e9"}, {**MAIL, "name": "Cafe\u0301"}]}})
    assert "a second category" in said


def test_one_model_given_two_figures_under_two_names() -> None:
    assert category(error_rates={"small": 0.1, "petit": 0.2}) == [
        'plan.yaml > categories > Mail > error_rates: "petit", another name for "small", is not told apart from it. '
        "Keep one of the two."
    ]
    assert len(refused({"discounts": {"acme/small": 0.1, "acme/petit": 0.2}})) == 1


@pytest.mark.parametrize("name", ["", " ", "a\nb", "\x1b[31mred", "a\u202eb", "\ufeff", "x" * 201, "\ud800"])
def test_hostile_names_are_refused_and_never_printed_raw(name: str) -> None:
    custom = {"kind": "custom", "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 1.0}
    for document in (
        {"workload": {"categories": [{**MAIL, "name": name}]}},
        {"scenarios": [{"name": name, "strategy": {"kind": "single", "model": "small"}}]},
        {"endpoints": {name: custom}},
        {name: 1},
    ):
        with pytest.raises(InputError) as error:
            build_plan(document, "plan.yaml", MARKET)
        for line in str(error.value).splitlines():
            assert line.isprintable()
            assert len(line) < 400


def test_an_own_endpoint_cannot_look_like_an_offer_or_a_mode() -> None:
    custom = {"kind": "custom", "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 1.0}
    for name in ("acme/small", "tuned#thinking"):
        (said,) = refused({"endpoints": {name: custom}})
        assert said.startswith(f'plan.yaml > endpoints: "{name}" is not a name for an endpoint.')
    (said,) = refused({"endpoints": {"Routing and checks": custom}})
    assert said == ('plan.yaml > endpoints: "Routing and checks" is not free: routers and checks are listed under it. '
                    "Give the endpoint another name.")


def test_a_model_is_measured_once_per_category() -> None:
    block = {"category": "Mail", "models": {"small": {"n": 10, "correct": 9}}}
    assert refused({"workload": {"categories": [MAIL]}, "evaluations": [block, block]}) == [
        'plan.yaml > evaluations > Mail > models: "small", named twice, is not told apart from it. Keep one of the two.'
    ]


def test_a_pair_is_made_of_two_models() -> None:
    pair = {"small": "small", "large": "petit", "n11": 1, "n10": 1, "n01": 1, "n00": 1}
    for large, shown in (("petit", '"petit", another name for "small",'), ("small", '"small", named twice,')):
        document = {"workload": {"categories": [MAIL]},
                    "evaluations": [{"category": "Mail", "pairs": [pair | {"large": large}]}]}
        assert refused(document) == [
            f"plan.yaml > evaluations > Mail > pairs: {shown} is not told apart from it. Keep one of the two."
        ]


# Files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "plan.yaml: this document is not a plan. Start from `planner init`: a plan is a mapping with a workload."),
        ("- a\n- b", "plan.yaml: this document is not a plan."),
        ("Dear planner, please", "plan.yaml: this document is not a plan."),
        ("a: [1", "plan.yaml > line 2: this text is not YAML."),
        ("a: b: c", "plan.yaml > line 1: this text is not YAML."),
        ('{"a": 1', "plan.yaml > line 1: this text is not JSON."),
        ("name: A\nname: B", 'plan.yaml > line 2: the second "name" is not allowed. Keep one of the two.'),
        ('{"name": "A", "name": "B"}', 'plan.yaml: the second "name" is not allowed. Keep one of the two.'),
        ("name: A\n---\nname: B", "plan.yaml > line 2: a second document (---) is not read here."),
        ("a: &a [1]\nb: *a", "plan.yaml > line 1: an anchor or alias (& or *) is not read here."),
        ("a: !!python/object:os.system x", "plan.yaml > line 1: the tag "),
        ("a: !secret x", 'plan.yaml > line 1: the tag "!secret" is not read here. Remove the tag.'),
        ("a: " + "[" * 500, "plan.yaml > line 1: nesting deeper than 40 is not read here."),
        ("[" * 100_000, "plan.yaml"),
        ('{"a":' * 100_000, "plan.yaml"),
        ("? [a]\n: b", "plan.yaml > line 1: a list or mapping is not a name for a field."),
        ("\x00", "plan.yaml: this text is not YAML."),
        ("a: 'x", "plan.yaml > line 1: this text is not YAML."),
        ("#" * (MAX_BYTES + 1), f"plan.yaml: a text of {MAX_BYTES + 1:,} characters is not read here."),
    ],
)
def test_texts_that_are_no_clean_document(text: str, said: str) -> None:
    (found,) = refusals(text)
    assert found.startswith(said)
    assert len(found) < 400


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert refusals("\n".join(lines)) == [
        "plan.yaml > line 1: an anchor or alias (& or *) is not read here. Write the value out where it is needed."
    ]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("name: Café".encode("latin-1"))
    for name, said in (
        ("latin.yaml", "latin.yaml: this file is not UTF-8 text. Save it as UTF-8."),
        ("missing.yaml", "No such file or directory"),
        (".", "Is a directory"),
    ):
        with pytest.raises(InputError, match=said):
            load_plan(tmp_path / name, MARKET)


def test_everything_that_is_wrong_is_said_at_once_and_in_reading_order() -> None:
    text = """
        horizon_months: 0
        workload:
          categories:
            - {name: Mail, requests_per_month: -1, input_tokens_per_request: .nan, output_tokens_per_request: true}
            - {name: Chat, request_per_month: 5}
        scenarios:
          - {name: A, strategy: {kind: singel}}
    """
    places = [said.partition(": ")[0] for said in refusals(text)]
    assert places == [
        "plan.yaml > horizon_months",
        "plan.yaml > categories > Mail > requests_per_month",
        "plan.yaml > categories > Mail > input_tokens_per_request",
        "plan.yaml > categories > Mail > output_tokens_per_request",
        "plan.yaml > categories > Chat > request_per_month",
        "plan.yaml > scenarios > A > strategy > kind",
    ]
    names = {
        "workload": {"categories": [{**MAIL, "error_rates": {"xyz": 0.1}}]},
        "scenarios": [{"name": "A", "strategy": {"kind": "split", "small": "smoll", "large": "lurge",
                                                 "small_share": 0.5}}],
        "baseline": "B",
        "assumptions": {"sigma": 2},
    }
    assert len(refused(names)) == 5


# What is well formed and yet cannot be run is a state with a reason, not an error ----------------------------------


@pytest.mark.parametrize(
    ("model", "fields", "day", "status", "reason"),
    [
        ("vanishing", {}, "2026-03-10", "retired", "Vanishing was retired on 2026-03-10."),
        ("leaving", {}, "2026-12-01", "retired", "Leaving was retired on 2026-03-10; successor Large."),
        ("coming", {}, "2026-02-28", "unpriced", "Coming has no price: not on sale before 2026-03-01."),
        ("secret", {}, "2026-01-15", "unpriced", "Secret has no price: sold by contract only."),
        ("premium", {"batch_share": 0.5}, "2026-01-15", "infeasible",
         "Mail sends 50% in batch, and Premium does not offer batch."),
        ("small", {"max_prompt_tokens": 200_001}, "2026-01-15", "infeasible",
         "Mail has prompts of 200,001 tokens, and Small takes 200,000."),
        ("small", {"in_house_only": True}, "2026-01-15", "infeasible",
         "Mail must stay in house, and Small runs at acme."),
    ],
)
def test_what_cannot_be_run_says_why(
    model: str, fields: dict[str, Any], day: str, status: str, reason: str
) -> None:
    plan = build_plan({
        "price_date": day,
        "workload": {"categories": [{**MAIL, **fields}]},
        "scenarios": [{"name": "A", "strategy": {"kind": "single", "model": model}}],
    }, "plan.yaml", MARKET)
    (result,) = evaluate(plan, plan.priced_on(DAY), MARKET).scenarios
    assert (result.status, result.reason) == (status, reason)
    assert result.total("invoice_usd") is None or status == "infeasible"


def test_a_window_is_measured_in_the_tokens_of_its_model() -> None:
    # 150,000 tokens of small are 225,000 of wordy, which takes 200,000
    plan = build_plan({
        "tokens_counted_with": "small",
        "workload": {"categories": [{**MAIL, "max_prompt_tokens": 150_000}]},
        "scenarios": [{"name": "A", "strategy": {"kind": "single", "model": "wordy"}}],
    }, "plan.yaml", MARKET)
    (result,) = evaluate(plan, DAY, MARKET).scenarios
    assert result.reason == "Mail has prompts of 225,000 tokens, and Wordy takes 200,000."


# Whatever is thrown at it ------------------------------------------------------------------------------------------

SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
    | st.sampled_from(["small", "large", "Mail", "single", "split", "cascade", "custom", "self_hosted"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.text(max_size=12) | st.sampled_from([
            "name", "workload", "categories", "scenarios", "strategy", "kind", "model", "small", "large", "stages",
            "endpoints", "gpu", "error_rates", "requests_per_month", "input_tokens_per_request", "evaluations",
            "output_tokens_per_request", "limits", "assumptions", "discounts", "price_date", "season", "version",
            "router", "joint", "low", "likely", "high", "by_category", "default", "review", "retries", "pairs",
        ]), inner, max_size=6),
    max_leaves=20,
)


def survives(document: Any) -> None:
    """Read, or refused in sentences that can be printed."""
    refusal = None
    try:
        build_plan(document, "plan.yaml", MARKET)
    except InputError as error:
        refusal = error
    if refusal is not None:
        assert refusal.problems
        assert all(line.isprintable() for line in str(refusal).splitlines())


@settings(max_examples=100)
@given(SCRAPS)
def test_any_document_is_read_or_refused(document: Any) -> None:
    survives(document)


@settings(max_examples=100)
@given(document=SCRAPS, path=st.lists(st.integers(0, 30), min_size=1, max_size=5))
def test_any_scrap_anywhere_in_a_good_plan_is_read_or_refused(document: Any, path: list[int]) -> None:
    whole: Any = yaml.safe_load(GOOD)
    here: Any = whole
    for step in path[:-1]:
        keys = list(here) if isinstance(here, dict) else list(range(len(here))) if isinstance(here, list) else []
        if not keys:
            break
        inner = here[keys[step % len(keys)]]
        if not isinstance(inner, (dict, list)) or not inner:
            break
        here = inner
    keys = list(here) if isinstance(here, dict) else list(range(len(here)))
    here[keys[path[-1] % len(keys)]] = document
    survives(whole)


@settings(max_examples=100)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    try:
        document = parse_document(text, "plan.yaml")
    except InputError:
        with pytest.raises(InputError):
            parse_plan(text, "plan.yaml", MARKET)
    else:
        survives(document)


@settings(max_examples=80)
@given(at=st.integers(0, 6000), what=st.text(max_size=3), cut=st.integers(0, 5))
def test_any_slip_of_the_pen_in_a_good_file_is_read_or_refused(at: int, what: str, cut: int) -> None:
    text = example_plan().text
    at = at % len(text)
    try:
        plan = parse_plan(text[:at] + what + text[at + cut:], "plan.yaml")
    except InputError:
        return
    assert isinstance(plan, Plan)


GOOD = """
workload:
  categories:
    - {name: Mail, task: chat, requests_per_month: 1000, input_tokens_per_request: 1000, output_tokens_per_request: 100,
       error_rates: {small: 0.1, large: {routine: 0.01, complex: 0.1}}, review: {share: 0.5}, retries: {fail_rate: 0.1}}
evaluations:
  - {category: Mail, models: {small: {n: 100, correct: 90}},
     pairs: [{small: small, large: large, n11: 80, n10: 5, n01: 10, n00: 5}]}
endpoints:
  own: {kind: self_hosted, model: open, gpu: H100 SXM, gpus_per_replica: 2}
  tuned: {kind: custom, input_usd_per_mtok: 0.2, output_usd_per_mtok: 0.8}
scenarios:
  - {name: One, strategy: {kind: single, model: small}}
  - {name: Two, strategy: {kind: split, small: small, large: large, router: {sens: 0.9, spec: 0.9}}}
  - {name: Three, strategy: {kind: cascade, stages: [small, large], joint: {n11: 1, n10: 1, n01: 1, n00: 1}}}
  - {name: Four, strategy: {kind: allocation, default: {kind: single, model: own},
     by_category: {Mail: {kind: two_modes, model: small, thinking_share: 0.5, thinking_factor: 4}}}}
limits: {monthly_budget_usd: 100}
discounts: {acme: 0.1}
assumptions: {materiality_usd: {low: 10, likely: 20, high: 30}}
"""


def test_the_good_plan_of_these_tests_is_good() -> None:
    assert len(parse_plan(GOOD, "plan.yaml", MARKET).scenarios) == 4
