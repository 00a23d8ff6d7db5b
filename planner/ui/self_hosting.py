"""Parts of the Break-even page: whose machines, against what, the verdict, capacity."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from planner.domain.endpoints import SelfHosted
from planner.domain.plan import Plan, Scenario
from planner.domain.strategies import Single, endpoints_of
from planner.engine.crossover import Crossover
from planner.engine.evaluate import ScenarioResult
from planner.engine.hosting import Hosted
from planner.engine.study import Study
from planner.ui import edits, results, show, state
from planner.ui.cells import read_plain, read_share, read_usd, write_plain, write_share
from planner.views.formatting import count, day, plural, share, usd
from planner.views.wording import break_even_verdict, called
from pricing.errors import InputError, Problem, quoted
from pricing.hardware import load_hardware

NEW_NAME = "our-servers"
ALONE = "All of it on {}"


def own_endpoints(plan: Plan) -> list[str]:
    """Names of the plan's endpoints on own machines."""
    return [name for name, endpoint in plan.endpoints.items() if isinstance(endpoint, SelfHosted)]


def without_hosting() -> None:
    """A first description of own machines."""
    show.finding("Nothing in this plan runs on your own machines",
                 "Describe a server, and the page shows from which volume it would pay")
    book = results.catalog()
    models = [model for model in load_hardware().self_hostable_models() if model in book.models]
    with st.form("first_server", border=True):
        with st.grid(2, min_column_width=200):
            model = st.selectbox("Open model", models, key="first_model",
                                 format_func=lambda each: book.models[each].display,
                                 index=models.index("llama-3.3-70b") if "llama-3.3-70b" in models else 0)
            gpu = st.selectbox("GPU", [each.name for each in load_hardware().gpus], key="first_gpu")
        if st.form_submit_button("Add it to the plan", type="primary"):
            _add_first(str(model), str(gpu))
            st.rerun()


def _add_first(model: str, gpu: str) -> None:
    name = edits.free_name(NEW_NAME, list(state.plan().endpoints))

    def add(document: edits.Document) -> None:
        document.setdefault("endpoints", {})[name] = {"kind": "self_hosted", "model": model, "gpu": gpu}
        wanted = edits.free_name("Own servers", [each["name"] for each in edits.scenarios(document)])
        edits.add_scenario(document, Scenario(name=wanted, strategy=Single(model=name)))

    state.revise(add, f"Added {name}", toast=True)


def choose_sides(study: Study) -> tuple[ScenarioResult, ScenarioResult] | None:
    """Challenger with own machines and incumbent without, as chosen."""
    plan, evaluation = study.plan, study.evaluation
    own = own_endpoints(plan)
    challengers: dict[str, ScenarioResult] = {
        each.name: each for each in evaluation.scenarios if set(own) & set(endpoints_of(each.strategy))
    }
    for name in own:
        if not any(each.strategy == Single(model=name) for each in challengers.values()):
            challengers[ALONE.format(name)] = results.trial(Single(model=name), ALONE.format(name))
    best = study.recommendation.scenario
    incumbents: dict[str, ScenarioResult] = {}
    if best is not None and study.recommendation.from_plan is None and best.is_priced:
        incumbents["The recommended mix"] = best
    incumbents |= {each.name: each for each in evaluation.scenarios if each.is_priced}
    if not incumbents:
        return None
    first = next((name for name, each in challengers.items() if each.is_priced), next(iter(challengers)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        challenger = _choice("Self-hosted", list(challengers), first, "be_challenger")
        rivals = [name for name, each in incumbents.items() if each.strategy != challengers[challenger].strategy]
        if not rivals:
            return None
        preferred = study.recommendation.from_plan or rivals[0]
        incumbent = _choice("Against", rivals, preferred if preferred in rivals else rivals[0], "be_incumbent")
    return challengers[challenger], incumbents[incumbent]


def _choice(label: str, names: list[str], default: str, key: str) -> str:
    if key in st.session_state and st.session_state[key] not in names:
        del st.session_state[key]
    return str(st.selectbox(label, names, names.index(default), key=key, width=320, persist_state="session",
                            format_func=lambda each: show.short(each, 60)))


def verdict_card(found: Crossover | str, study: Study) -> None:
    """The verdict, what it rests on, and how errors change it."""
    verdict, when = break_even_verdict(found)
    if isinstance(found, str):
        verdict, when = "Self-hosting cannot be worked out yet.", edits.spoken(found)
    with st.container(border=True):
        show.small(f"By invoice · mix of work held · prices of {day(study.evaluation.day)}")
        st.markdown(f"## {_stressed(verdict, found)}", anchors=False)
        if when:
            st.markdown(show.safe(when))
        if isinstance(found, Crossover):
            show.small(_with_errors(found))


def _stressed(verdict: str, found: Crossover | str) -> str:
    """The verdict with its amount in the accent."""
    if isinstance(found, Crossover):
        here = found.invoice.today
        money = usd(abs(here.challenger_usd - here.incumbent_usd))
        before, amount, after = verdict.partition(money)
        if amount:
            word, _, rest = after.strip().partition(" ")
            bare = word.rstrip(".")
            return (f"{show.safe(before)}:blue[{show.safe(f'{amount} {bare}')}]"
                    f"{show.safe(word[len(bare):])} {show.safe(rest)}".rstrip())
    return show.safe(verdict)


def _with_errors(found: Crossover) -> str:
    total, paid = found.including_errors, found.timing.payback_month
    permanent = total.permanent
    words = ("With errors counted it never pays for good." if permanent is None else
             "With errors counted it is the cheaper from the first request." if permanent.requests_per_month == 0 else
             f"With errors counted it pays for good from {count(permanent.requests_per_month)} requests a month.")
    back = "not paid back within the horizon" if paid is None else f"paid back in month {paid}"
    return f"{words} Set-up of {usd(found.one_off_usd)}: {back}."


def inputs(study: Study, challenger: ScenarioResult) -> None:
    """What self-hosting needs; every field writes into the plan."""
    plan = study.plan
    names = [name for name in own_endpoints(plan) if name in endpoints_of(challenger.strategy)]
    name = names[0]
    own = plan.endpoints[name]
    assert isinstance(own, SelfHosted), "own machines are self-hosted"
    hosted = next((each for each in challenger.hosted if each.id == name), None)
    if hosted is None:
        show.small("This scenario sends no work to the servers.")
        return
    st.markdown("### What self-hosting needs", anchors=False)
    book, tables, version = results.catalog(), load_hardware(), state.session().version
    models = [each for each in tables.self_hostable_models() if each in book.models]
    key = f"own_{name}_{version}"
    with st.form(key, border=False):
        model_id = book.resolve_model(own.model).id
        model = st.selectbox("Model", models, models.index(model_id) if model_id in models else 0, key=f"{key}_model",
                             format_func=lambda each: book.models[each].display)
        gpus = [gpu.name for gpu in tables.gpus]
        typed: dict[str, str] = {}
        with st.grid(2, min_column_width=110):
            gpu = st.selectbox("GPU", gpus, gpus.index(hosted.machine.gpu.name), key=f"{key}_gpu")
            for field, label, value, help_text in _fields(own, hosted):
                typed[field] = st.text_input(label, value, key=f"{key}_{field}", help=help_text, max_chars=20) or ""
        if st.form_submit_button("Recalculate", type="primary"):
            _apply(name, own, hosted, {"model": str(model), "gpu": str(gpu)}, typed)
            st.rerun()
    spare = int(np.asarray(hosted.machine.terms.redundancy))
    st.markdown(f"**Not in this:** :gray[uptime, latency under load, security review. {plural(spare, 'spare server')} "
                f"{'is' if spare == 1 else 'are'} counted.]")


def _fields(own: SelfHosted, hosted: Hosted) -> list[tuple[str, str, str, str]]:
    """Field, label, value as typed, help."""
    terms, machine = hosted.machine.terms, hosted.machine
    measured = own.measured_requests_per_s
    rent = machine.rent
    source = f"Median of prices on demand: {usd(rent.value)}" if rent else "No price is known: enter yours"

    def number(value: Any) -> str:
        return write_plain(float(np.asarray(value)))

    return [
        ("gpus_per_replica", "GPUs per server", str(machine.gpus_per_replica), "GPUs that hold one copy of the model"),
        ("usd_per_gpu_hour", "$ per GPU-hour", number(terms.usd_per_gpu_hour), source),
        ("target_utilization", "Utilisation", write_share(float(np.asarray(terms.target_utilization))),
         "Share of the capacity that you plan on in the busiest hour"),
        ("fte", "Engineers (FTE)", number(terms.fte), "Full-time posts that keep it running"),
        ("one_off_usd", "Set-up, $", f"{float(np.asarray(terms.one_off_usd)):,.10g}", "Paid once"),
        ("redundancy", "Spare servers", str(int(np.asarray(terms.redundancy))), "Stand by for failures"),
        ("measured_requests_per_s", "Requests/s each", "" if measured is None else write_plain(measured),
         "Your own measurement of one server at the latency target; empty: fitted from public benchmarks"),
    ]


READ = {"usd_per_gpu_hour": read_usd, "target_utilization": read_share, "fte": read_plain, "one_off_usd": read_usd,
        "gpus_per_replica": read_plain, "redundancy": read_plain, "measured_requests_per_s": read_plain}
WHOLE = {"gpus_per_replica", "redundancy"}


def _apply(name: str, own: SelfHosted, hosted: Hosted, chosen: dict[str, str], typed: dict[str, str]) -> None:
    before = {field: value for field, _, value, _ in _fields(own, hosted)}
    patch: edits.Document = {}
    problems: list[Problem] = []
    if chosen["model"] != results.catalog().resolve_model(own.model).id:
        patch["model"] = chosen["model"]
    if chosen["gpu"] != hosted.machine.gpu.name:
        patch["gpu"] = chosen["gpu"]
    for field, text in typed.items():
        if text.strip() == before[field].strip():
            continue
        if not text.strip():
            patch[field] = None
            continue
        try:
            value: float | int = READ[field](text, edits.words(field))
            if field in WHOLE:
                if not float(value).is_integer():
                    raise InputError(Problem(edits.words(field), quoted(text, 20), "a whole number", "Write 2."))
                value = int(value)
            patch[field] = value
        except InputError as error:
            problems += error.problems
    if problems:
        state.refuse(InputError(problems))
        return

    def edit(document: edits.Document) -> None:
        endpoint = document["endpoints"][name]
        if {"model", "gpu"} & patch.keys():
            for field in ("gpus_per_replica", "precision", "measured_requests_per_s"):
                endpoint.pop(field, None)
            if "gpu" in patch:
                endpoint.pop("usd_per_gpu_hour", None)
        for field, value in patch.items():
            if value is None:
                endpoint.pop(field, None)
            else:
                endpoint[field] = value

    state.revise(edit, f"Changed {show.short(name, 40)}")


def beside(study: Study, found: Crossover) -> list[ScenarioResult]:
    """Scenarios that are drawn in grey for orientation: the baseline, and an open model at a host if there is one."""
    book = results.catalog()
    taken = {found.challenger.name, found.incumbent.name}
    others = [] if study.evaluation.baseline is None else [study.evaluation.baseline]
    for each in study.evaluation.scenarios:
        if isinstance(each.strategy, Single) and each.strategy.model not in study.plan.endpoints:
            offer = book.resolve(each.strategy.model)
            if book.models[offer.model].open_weights and each not in others:
                others.append(each)
    return [each for each in others if each.is_priced and each.name not in taken and not each.hosted][:2]


def capacity(challenger: ScenarioResult) -> None:
    """How much of the servers today's work needs."""
    for hosted in challenger.hosted:
        if hosted.infeasible is not None:
            continue  # the verdict says why
        st.markdown(f"### {show.safe(f'{hosted.machine.model_name} on {hosted.machine.gpu.name}')}", anchors=False)
        busy = hosted.load / hosted.usable if hosted.usable else 0.0
        rows = [
            ["Servers that run today", str(hosted.replicas)],
            ["Needed in the busiest hour", f"{busy:.2f}"],
            ["Planned share of full speed", share(hosted.usable)],
            ["Latency class", hosted.latency_class],
            ["Number format", hosted.machine.precision],
        ]
        if hosted.cost is not None:
            rows.append(["Bill a month", usd(hosted.monthly_usd)])
        rows = [[label, show.safe(value)] for label, value in rows]
        show.rows_table(["Capacity", "Today"], rows, "Capacity of the servers")
        for words in hosted.warnings[:4]:
            show.small(words)


def crossings(found: Crossover) -> None:
    """All volumes at which the verdict changes."""
    st.markdown("### Every crossing", anchors=False)
    listed = found.invoice.crossings
    if not listed:
        show.small(f"The two bills never cross: {called(found.incumbent)} "
                   f"{'stays' if found.invoice.permanent is None else 'is never'} the cheaper.")
        return
    permanent = found.invoice.permanent
    rows = []
    for each in listed:
        settled = permanent is not None and np.isclose(each.requests_per_month, permanent.requests_per_month)
        happens = ("Pays for good" if settled else "Pays" if each.direction == "rising" else "API cheaper again")
        rows.append([show.safe(count(each.requests_per_month)), show.safe(count(each.tokens_per_month)), happens])
    show.rows_table(["Requests a month", "Tokens a month", "What happens"], rows, "Crossings by volume")
    more = found.invoice.crossings_not_listed
    if more is None:
        show.small("They go on crossing at larger volumes.")
    elif more:
        show.small(f"And {more} more at larger volumes.")
