"""Random plans for the laws: any workload, any strategy, over the made-up market."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from planner.domain.plan import Plan, build_plan
from tests.market import MARKET

MODELS = ("small", "large", "premium", "long-gt", "long-ge", "wordy", "toll", "hostel/open", "tuned")
CHEAP_TO_DEAR = ("hostel/open", "small", "large", "premium")


def shares(low: float = 0.0, high: float = 1.0) -> st.SearchStrategy[float]:
    """Shares, with their ends and round figures more often than chance would."""
    middle = st.sampled_from([share for share in (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0) if low <= share <= high])
    return middle | st.floats(low, high).map(lambda share: round(share, 6))


@st.composite
def tokens(draw: st.DrawFn) -> dict[str, Any]:
    """How much there is of a category, in one of the ways in which it may be said."""
    n = draw(st.integers(0, 10**7) | st.sampled_from([0, 1, 10**9]))
    each_in = draw(st.integers(1, 190_000) | st.sampled_from([200_000, 200_001, 300_000]))
    each_out = draw(st.integers(0, 8_000))
    way = draw(st.sampled_from(["requests", "month_in", "month_out"]))
    if way == "requests" or n == 0 or each_out == 0:
        return {"requests_per_month": n, "input_tokens_per_request": each_in, "output_tokens_per_request": each_out}
    if way == "month_in":
        return {"monthly_input_tokens": n * each_in, "input_tokens_per_request": each_in,
                "output_tokens_per_request": each_out}
    return {"requests_per_month": n, "input_tokens_per_request": each_in, "monthly_output_tokens": n * each_out}


RATES = shares(0.0, 1.0) | st.builds(
    lambda routine, hard: {"routine": routine, "complex": hard}, shares(0.0, 0.3), shares(0.0, 1.0)
)


@st.composite
def categories(draw: st.DrawFn, name: str = "Mail", models: tuple[str, ...] = MODELS) -> dict[str, Any]:
    cached = draw(shares())
    category: dict[str, Any] = {
        "name": name,
        **draw(tokens()),
        "cached_input_share": cached,
        "cache_write_share": round(draw(shares()) * (1 - cached), 9),
        "complex_share": draw(shares()),
        "complex_token_factor": draw(st.sampled_from([1.0, 1.0, 0.5, 3.0])),
        "error_cost_usd": draw(st.sampled_from([0.0, 0.1, 2.0, 50.0])),
        "error_rates": {each: draw(RATES) for each in (*models, *(f"{model}#thinking" for model in models))},
        "review": {
            "share": draw(shares()), "false_alarm": draw(shares()), "usd_per_review": draw(st.sampled_from([0.0, 1.0])),
            "usd_per_fix": draw(st.sampled_from([0.0, 4.0])),
            **({"catch": draw(shares())} if draw(st.booleans()) else {}),
        },
        "handoff": {"rate": draw(shares()), "usd": draw(st.sampled_from([0.0, 3.0]))},
        "retries": {
            "fail_rate": draw(shares()), "max_attempts": draw(st.integers(1, 5)), "billed_share": draw(shares()),
        },
    }
    if draw(st.booleans()):
        category["long_prompt_share"] = draw(shares())
    if draw(st.booleans()):
        category["batch_share"] = draw(shares())
    return category


def singles(models: tuple[str, ...] = MODELS) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda model: {"kind": "single", "model": model}, st.sampled_from(models))


def pairs(models: tuple[str, ...] = MODELS) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.sampled_from(models), st.sampled_from(models)).filter(lambda two: two[0] != two[1])


@st.composite
def splits(draw: st.DrawFn, models: tuple[str, ...] = MODELS) -> dict[str, Any]:
    small, large = draw(pairs(models))
    way = draw(st.sampled_from(["easiest", "random", "router"]))
    split: dict[str, Any] = {"kind": "split", "small": small, "large": large}
    if way == "router":
        router: dict[str, Any] = {"usd_per_request": draw(st.sampled_from([0.0, 0.001]))}
        if draw(st.booleans()):
            router |= {"sens": draw(shares()), "spec": draw(shares())}
        return split | {"router": router}
    return split | {"small_share": draw(shares()), "random": way == "random"}


@st.composite
def two_modes(draw: st.DrawFn, models: tuple[str, ...] = MODELS) -> dict[str, Any]:
    return {"kind": "two_modes", "model": draw(st.sampled_from(models)), "thinking_share": draw(shares()),
            "thinking_factor": draw(st.sampled_from([1.0, 4.0]))}


@st.composite
def cascades(draw: st.DrawFn, models: tuple[str, ...] = MODELS) -> dict[str, Any]:
    stages = draw(st.lists(st.sampled_from(models), min_size=2, max_size=3, unique=True))
    checks = len(stages) - 1
    cascade: dict[str, Any] = {"kind": "cascade", "stages": stages}
    if draw(st.booleans()):
        cascade["accept_right"] = [draw(shares()) for _ in range(checks)]
        cascade["accept_wrong"] = [draw(shares()) for _ in range(checks)]
    if draw(st.booleans()):
        cascade["usd_per_check"] = [0.001] * checks
    if draw(st.booleans()):
        cascade["escalated_token_factor"] = draw(st.sampled_from([1.0, 1.5]))
    said = draw(st.sampled_from(["nothing", "sigma", "phi", "joint"]))
    if said == "sigma":
        cascade["sigma"] = draw(st.sampled_from([0.0, 0.8, 3.6]))
    elif said == "phi" and checks == 1:
        cascade["phi"] = draw(st.floats(-1, 1).map(lambda phi: round(phi, 4)))
    elif said == "joint" and checks == 1:
        counts = st.integers(0, 300)
        cascade["joint"] = {"n11": draw(st.integers(1, 300)), "n10": draw(counts), "n01": draw(counts),
                            "n00": draw(counts)}
    return cascade


def basic(models: tuple[str, ...] = MODELS) -> st.SearchStrategy[dict[str, Any]]:
    return singles(models) | splits(models) | two_modes(models) | cascades(models)


TUNED = {"kind": "custom", "input_usd_per_mtok": 0.2, "output_usd_per_mtok": 0.8, "fixed_usd_per_month": 500.0,
         "cache_read_usd_per_mtok": 0.05, "usd_per_request": 0.0001}


@st.composite
def documents(draw: st.DrawFn, names: tuple[str, ...] = ("Mail",), models: tuple[str, ...] = MODELS) -> dict[str, Any]:
    """A plan document whose scenarios can all be priced, with every error rate entered."""
    scenarios = [{"name": f"S{i}", "strategy": strategy} for i, strategy in enumerate(
        draw(st.lists(basic(models), min_size=1, max_size=3)))]
    if len(names) > 1:
        by_category = {name: draw(basic(models)) for name in names[:1]}
        scenarios.append({"name": "Mixed", "strategy": {
            "kind": "allocation", "default": draw(basic(models)), "by_category": by_category}})
    document: dict[str, Any] = {
        "workload": {"categories": [draw(categories(name, models)) for name in names]},
        "endpoints": {"tuned": TUNED},
        "scenarios": scenarios,
    }
    if draw(st.booleans()):
        document["tokens_counted_with"] = draw(st.sampled_from(["small", "wordy"]))
    if draw(st.booleans()):
        document["discounts"] = draw(st.sampled_from([{"acme": 0.1}, {"large": 0.2, "acme": 0.5}, {"hostel": 1.0}]))
    return document


def plans(names: tuple[str, ...] = ("Mail",), models: tuple[str, ...] = MODELS) -> st.SearchStrategy[Plan]:
    return documents(names, models).map(lambda document: build_plan(document, "plan", MARKET))
