"""Controls that make one strategy: which models, which share, which checks. Their values are not in the plan yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import streamlit as st

from planner.domain.assumptions import Register, register_of
from planner.domain.plan import Plan
from planner.domain.strategies import (
    Allocation,
    BasicStrategy,
    Cascade,
    Router,
    Single,
    Split,
    Strategy,
    TwoModes,
    endpoints_of,
)
from planner.engine.endpoints import EndpointState
from planner.ui import results, show, state
from planner.views.wording import strategy_phrase
from pricing.errors import InputError

KINDS = ("Single", "Split", "Cascade", "Two modes", "Per category", "Hosted open", "Self-host")


def percent(register: Register, key: str) -> int:
    """A share of the register in whole per cent."""
    return round(100 * register.value(key))


def canonical(name: str) -> str:
    """A model's name as plans write it: the bare id for its maker's own offer, else seller/model."""
    if name in state.plan().endpoints:
        return name
    book = results.catalog()
    try:
        offer = book.resolve(name)
    except InputError:
        return name
    return offer.model if book.is_own(offer) else offer.id


def options() -> list[str]:
    """Every endpoint that can be chosen: those of the plan first, then what is on sale, makers before other sellers."""
    return _options(state.plan_name(), results.price_day(), state.plan())


@st.cache_resource(show_spinner=False, max_entries=results.KEPT)
def _options(key: str, day: date, _plan: Plan) -> list[str]:
    book, plan = results.catalog(), _plan
    used = [canonical(name) for scenario in plan.scenarios for name in endpoints_of(scenario.strategy)]
    priced = [offer for offer in book.offers.values() if book.quote(offer, day).rates is not None]
    priced.sort(key=lambda offer: not book.is_own(offer))
    return list(dict.fromkeys([*used, *plan.endpoints, *(canonical(offer.id) for offer in priced)]))


def labels() -> dict[str, str]:
    """Full names by option."""
    return _labels(state.plan_name(), results.price_day())


@st.cache_resource(show_spinner=False, max_entries=results.KEPT)
def _labels(key: str, day: date) -> dict[str, str]:
    rows = results.models()
    return {canonical(name): label for name, label in zip(rows["id"], rows["model"], strict=True)}


def select_model(label: str, choices: Sequence[str], default: str | None, key: str) -> str:
    """One model out of many; a choice that is gone falls back to the default."""
    words = labels()
    if key in st.session_state and st.session_state[key] not in choices:
        del st.session_state[key]
    index = choices.index(default) if default in choices else 0
    return str(st.selectbox(label, choices, index, key=key, persist_state="session",
                            format_func=lambda name: words.get(name, name)))


def _first(kind: type[Strategy]) -> Strategy | None:
    """The first strategy of a kind in the plan, also inside one per category."""
    for scenario in state.plan().scenarios:
        strategy = scenario.strategy
        parts: list[Strategy] = (
            [strategy, strategy.default, *strategy.by_category.values()] if isinstance(strategy, Allocation)
            else [strategy]
        )
        for part in parts:
            if isinstance(part, kind):
                return part
    return None


def _pair() -> tuple[str, str]:
    """A small and a large model to start from: those of the plan's split or cascade, else cheapest and dearest."""
    split = _first(Split)
    if isinstance(split, Split):
        return canonical(split.small), canonical(split.large)
    cascade = _first(Cascade)
    if isinstance(cascade, Cascade):
        return canonical(cascade.stages[0]), canonical(cascade.stages[-1])
    rows = results.models()
    used = rows[rows["in_plan"] & rows["output_usd_per_mtok"].gt(0)].sort_values("output_usd_per_mtok")
    known = [canonical(name) for name in used["id"]] or options()[:2]
    return known[0], known[-1]


def single() -> Single:
    """One model for everything."""
    first = _first(Single)
    return Single(model=select_model("Model", options(), canonical(first.model) if isinstance(first, Single) else None,
                                     "single_model"))


def split() -> Split:
    """Two models and the share of the small one."""
    register = register_of(state.plan().assumptions)
    share = st.slider("Share to the small model", 0, 100, percent(register, "rule_of_thumb_small_share"),
                      format="%d %%", key="split_share", persist_state="session",
                      help="Share of requests that go to the small model")
    small, large = _pair()
    names = options()
    small = select_model("Small model", names, small, "split_small")
    large = select_model("Large model", names, large, "split_large")
    way = st.selectbox("Which requests go to it", ("Easiest first", "At random", "By a router"), key="split_way",
                       persist_state="session", help="A router decides the share itself, from its hit rates")
    if way == "By a router":
        with st.grid(2, min_column_width=120):
            sens = st.number_input("Finds complex, %", 0, 100, percent(register, "router_sensitivity"),
                                   key="router_sens", persist_state="session",
                                   help="Share of complex requests that the router sends to the large model")
            spec = st.number_input("Finds routine, %", 0, 100, percent(register, "router_specificity"),
                                   key="router_spec", persist_state="session",
                                   help="Share of routine requests that the router sends to the small model")
        price = st.number_input("Router, $ per 1,000 requests", 0.0, 100.0, 0.0, 0.05, key="router_usd",
                                persist_state="session")
        return Split(small=small, large=large, router=Router(sens=(sens or 0) / 100, spec=(spec or 0) / 100,
                                                             usd_per_request=(price or 0.0) / 1000))
    return Split(small=small, large=large, small_share=share / 100, random=way == "At random")


def cascade() -> Cascade:
    """Two models with a check between."""
    small, large = _pair()
    register = register_of(state.plan().assumptions)
    names = options()
    first = select_model("Try first", names, small, "cascade_first")
    last = select_model("Then ask", names, large, "cascade_last")
    known = _first(Cascade)
    given = known if isinstance(known, Cascade) else None
    right = given.accept_right[0] if given and given.accept_right else register.value("cascade_accept_right")
    wrong = given.accept_wrong[0] if given and given.accept_wrong else register.value("cascade_accept_wrong")
    price = given.usd_per_check[0] if given and given.usd_per_check else 0.0
    accept_right = st.slider("Right answers that pass the check", 0, 100, round(right * 100), format="%d %%",
                             key="cascade_right", persist_state="session")
    accept_wrong = st.slider("Wrong answers that slip through", 0, 100, round(wrong * 100), format="%d %%",
                             key="cascade_wrong", persist_state="session")
    check = st.number_input("Check, $ per 1,000 answers", 0.0, 1000.0, price * 1000, 0.1, key="cascade_check",
                            persist_state="session")
    return Cascade(stages=(first, last), accept_right=(accept_right / 100,), accept_wrong=(accept_wrong / 100,),
                   usd_per_check=((check or 0.0) / 1000,))


def two_modes() -> TwoModes:
    """One model with and without thinking."""
    known = _first(TwoModes)
    given = known if isinstance(known, TwoModes) else None
    model = select_model("Model", options(), canonical(given.model) if given else None, "modes_model")
    book_model = results.setting_with((model,)).states[model].model_id
    factor = results.catalog().models[book_model].thinking_factor if book_model else None
    share = st.slider("Answered with thinking", 0, 100, round(given.thinking_share * 100) if given else 25,
                      format="%d %%", key="modes_share", persist_state="session", help="The hardest requests first")
    times = st.number_input("Output with thinking, times", 1.0, 1000.0,
                            float(given.thinking_factor if given else factor or 4.0), 0.5, key="modes_factor",
                            persist_state="session", help="Billed output with thinking over output without")
    return TwoModes(model=model, thinking_share=share / 100, thinking_factor=float(times or 1.0))


def per_category() -> Allocation | BasicStrategy:
    """A strategy for each category, out of those of the plan and the recommended ones."""
    study = results.current()
    if study is None:
        return single()
    states = study.recommendation.setting.states
    choices: dict[str, BasicStrategy] = {}
    for scenario in state.plan().scenarios:
        strategy = scenario.strategy
        parts: list[BasicStrategy] = (
            [strategy.default, *strategy.by_category.values()] if isinstance(strategy, Allocation) else [strategy]
        )
        for part in parts:
            choices.setdefault(strategy_phrase(part, states), part)
    recommended: dict[str, str] = {}
    for choice in study.recommendation.categories:
        if choice.strategy is not None:
            recommended[choice.name] = strategy_phrase(choice.strategy, states)
            choices.setdefault(recommended[choice.name], choice.strategy)
    listed = list(choices)
    picked: dict[str, BasicStrategy] = {}
    for number, category in enumerate(state.plan().workload.categories):
        key = f"per_category_{number}"
        if key in st.session_state and st.session_state[key] not in listed:
            del st.session_state[key]
        default = recommended.get(category.name, listed[0])
        words = st.selectbox(show.safe(show.short(category.name, 40)), listed, listed.index(default), key=key,
                             persist_state="session")
        picked[category.name] = choices[str(words)]
    default_strategy = max(picked.values(), key=list(picked.values()).count)
    others = {name: part for name, part in picked.items() if part != default_strategy}
    return Allocation(default=default_strategy, by_category=others) if others else default_strategy


def hosted_open() -> Single:
    """An open model at somebody else's machines."""
    rows = results.models()
    open_rows = rows[rows["open_weights"] & (rows["state"] == "priced") & (rows["kind"] == "api")]
    names = list(dict.fromkeys(canonical(name) for name in open_rows.sort_values("monthly_usd")["id"]))
    used = [canonical(name) for name in open_rows[open_rows["in_plan"]]["id"]]
    show.small("Open weights at a host: no vendor lock, no hardware.")
    return Single(model=select_model("Open model and host", names, used[0] if used else None, "hosted_model"))


def self_host() -> Single | None:
    """An open model on own machines, as the plan describes them."""
    own = [name for name, endpoint in state.plan().endpoints.items() if endpoint.kind == "self_hosted"]
    if not own:
        show.small("No endpoint of this plan runs on your own machines. Describe one on the Break-even page.")
        st.page_link("planner/pages/break_even.py", label="Go to Break-even", icon=":material/arrow_forward:")
        return None
    show.small("GPU, rate and staff are set on the Break-even page.")
    return Single(model=select_model("Own machines", own, own[0], "own_model"))


MAKERS: dict[str, Callable[[], Strategy | None]] = {
    "Single": single, "Split": split, "Cascade": cascade, "Two modes": two_modes, "Per category": per_category,
    "Hosted open": hosted_open, "Self-host": self_host,
}


def reset(names: Sequence[str]) -> None:
    """Forget what controls were set to."""
    for name in names:
        st.session_state.pop(name, None)


def states_of(strategy: Strategy) -> dict[str, EndpointState]:
    """What is known of the endpoints of a strategy."""
    return dict(results.setting_with(endpoints_of(strategy)).states)
