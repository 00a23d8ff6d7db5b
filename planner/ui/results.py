"""Results of the plan, computed once per plan and day and shared by all visitors. They are read, never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from planner.domain.plan import Plan, Scenario, plan_hash
from planner.domain.strategies import Single, Strategy, endpoints_of
from planner.engine.crossover import Crossover, crossover
from planner.engine.endpoints import Column
from planner.engine.evaluate import Evaluation, ScenarioResult, evaluate_scenario, make_setting
from planner.engine.setting import Setting
from planner.engine.study import Study, study
from planner.engine.sweep import SplitSweep, split_sweep
from planner.ui import state
from planner.views.model_list import model_rows
from pricing.catalog import Catalog, load_catalog

KEPT = 128
TRIAL = "This strategy"


def current() -> Study | None:
    """The plan worked through; None while it has no category or no scenario."""
    plan = state.plan()
    if not plan.workload.categories or not plan.scenarios:
        return None
    return _studied(state.plan_name(), state.today(), plan)


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _studied(name: str, day: date, _plan: Plan) -> Study:
    return study(_plan, day)


def catalog() -> Catalog:
    """The shipped models and prices."""
    return load_catalog()


def price_day() -> date:
    """The day whose prices apply."""
    return state.plan().priced_on(state.today())


def setting_with(names: tuple[str, ...]) -> Setting:
    """The plan's demand with unit costs and error rates of some endpoints."""
    plan = state.plan()
    return _setting(state.plan_name(), price_day(), names, plan)


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _setting(name: str, day: date, names: tuple[str, ...], _plan: Plan) -> Setting:
    return make_setting(_plan, day, [], load_catalog(), names)


def trial(strategy: Strategy, name: str = TRIAL) -> ScenarioResult:
    """A strategy that need not be in the plan, evaluated for the whole workload."""
    plan = state.plan()
    return _trial(state.plan_name(), price_day(), strategy.model_dump_json(), name, plan, strategy)


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _trial(key: str, day: date, written: str, name: str, _plan: Plan, _strategy: Strategy) -> ScenarioResult:
    book = load_catalog()
    setting = make_setting(_plan, day, [_strategy], book, endpoints_of(_strategy))
    return evaluate_scenario(Scenario(name=name, strategy=_strategy), _plan, setting, book)


def sweep(small: str, large: str) -> SplitSweep:
    """The split between two endpoints at every share."""
    plan = state.plan()
    return _sweep(state.plan_name(), price_day(), small, large, plan)


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _sweep(key: str, day: date, small: str, large: str, _plan: Plan) -> SplitSweep:
    return split_sweep(_setting(key, day, (small, large), _plan), small, large)


def against(challenger: ScenarioResult, incumbent: ScenarioResult, found: Study) -> Crossover | str:
    """Break-even of two scenarios, which need not be in the plan as long as their endpoints are."""
    every = replace(found.evaluation, setting=found.recommendation.setting)
    return _against(plan_hash(found.plan), every.day, challenger.name, incumbent.name, every, challenger, incumbent)


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _against(key: str, day: date, first: str, second: str, _evaluation: Evaluation, _challenger: ScenarioResult,
             _incumbent: ScenarioResult) -> Crossover | str:
    return crossover(_evaluation, _challenger, _incumbent)


def models() -> pd.DataFrame:
    """Every offer of the catalogue and every endpoint of the plan, with what it would cost for this workload."""
    plan = state.plan()
    return _models(state.plan_name(), price_day(), state.today(), plan)


@st.cache_resource(show_spinner=False, max_entries=32)
def _models(key: str, day: date, today: date, _plan: Plan) -> pd.DataFrame:
    book = load_catalog()
    names = (*book.offers, *_plan.endpoints)
    setting = make_setting(_plan, day, [scenario.strategy for scenario in _plan.scenarios], book, names) if (
        _plan.workload.categories) else None
    hosted = {
        name: trial(Single(model=name)).total("invoice_usd")
        for name, endpoint in _plan.endpoints.items() if endpoint.kind == "self_hosted" and setting is not None
    }
    return model_rows(_plan, book, day, today, setting, hosted)


def known_share(setting: Setting, name: str) -> Any:
    """Error shares of one endpoint per category."""
    return np.asarray(setting.rates.share[:, setting.columns[Column(name)]])
