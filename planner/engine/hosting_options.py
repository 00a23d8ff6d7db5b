"""The ways to have an open model served: every machine that holds one, and every seller that hosts the same one.

Also the article's sum, a server of a few thousand dollars against API spend of tens of thousands, done for a plan with
everything that such sums leave out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from planner.domain.endpoints import SelfHosted
from planner.domain.plan import Scenario
from planner.domain.strategies import Allocation, Cascade, Single, Split, Strategy, TwoModes
from planner.engine.endpoints import Column, EndpointState, endpoint_state, unit_costs
from planner.engine.evaluate import Evaluation, ScenarioResult, evaluate_scenario, make_setting
from planner.engine.hosting import Hosted, host, memory_terms
from planner.engine.self_host import unit_price
from planner.engine.serving import HOURS_PER_MONTH, SECONDS_PER_HOUR, memory_verdict
from pricing.catalog import Catalog
from pricing.errors import InputError
from pricing.hardware import REPLICA_SIZES, Gpu, Hardware, load_hardware
from pricing.offers import Model, Offer

Floats = NDArray[np.float64]

NOT_MEASURED = "no measured speed: enter the requests per second of one replica"


# --- choose by what fits ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostingChoice:
    """One model on one kind of machine, for a given load."""

    model_id: str
    model: str
    gpu: str
    gpus_per_replica: int
    precision: str
    fits_memory: bool | None
    """None: how much memory the model needs is not known."""
    need_gb: float | None
    usable_gb: float
    has_fit: bool
    replicas: int | None
    """None where the speed is not known or the model does not fit."""
    gpus: int | None
    usd_per_gpu_hour: float | None
    usd_per_month: float | None
    """Rent, overhead, people and egress; None where it cannot be said."""
    seconds_outside: bool
    """Some of the work is longer or shorter than any measured: the capacity law is carried on."""
    speed_label: str
    """fitted, or unknown."""
    rent_label: str
    """derived (a median of list prices), or unknown."""
    memory_label: str
    reason: str
    """Why there is no price; empty where there is one."""


def hosting_choices(evaluation: Evaluation, categories: Sequence[str] | None = None,
                    models: Sequence[str] | None = None) -> tuple[HostingChoice, ...]:
    """Every open model on every machine with a measured speed, and the fewest of each other GPU that hold it.

    The load is all requests of ``categories`` (all of the plan if none are named), each sent once. Rented on demand at
    the default rent with the register's defaults. Sorted by USD a month; what has no price comes last.
    """
    tables, catalog = load_hardware(), evaluation.catalog
    demand = evaluation.demand
    wanted = np.array([categories is None or name in categories for name in demand.names], np.bool_)
    calls = np.stack([demand.routine_share, demand.complex_share]) * wanted
    ids = [name for name in tables.self_hostable_models() if name in catalog.models]
    rows = [
        choice for name in ids if models is None or name in models
        for choice in _of_model(catalog.models[name], calls, evaluation, tables)
    ]
    far = float("inf")
    return tuple(sorted(rows, key=lambda each: (
        far if each.usd_per_month is None else each.usd_per_month, each.model, each.gpu, each.gpus_per_replica)))


def _of_model(model: Model, calls: Floats, evaluation: Evaluation, tables: Hardware) -> Iterator[HostingChoice]:
    machines = dict.fromkeys(
        (fit.gpu, fit.gpus_per_replica, fit.precision) for fit in tables.fits_of(model.id)
    )
    for name, count, form in machines:
        yield _measured(model, name, count, form, calls, evaluation, tables)
    known = {gpu for gpu, _, _ in machines}
    memory = tables.memory(model.id)
    if memory is None:
        return
    precision = memory.published_precision or "FP8"
    for gpu in tables.gpus:
        if gpu.name not in known:
            yield _unmeasured(model, gpu, precision, calls, evaluation, tables)


def _lengths(calls: Floats, evaluation: Evaluation) -> tuple[float, float]:
    """The longest prompt and the mean answer of the longest-winded category that is served."""
    demand, served = evaluation.demand, (calls > 0).any(axis=0)
    longest = np.maximum(demand.max_prompt_tokens, demand.input_tokens)[served]
    return float(longest.max(initial=0.0)), float(demand.output_tokens[served].max(initial=0.0))


def _measured(model: Model, gpu: str, count: int, precision: str, calls: Floats, evaluation: Evaluation,
              tables: Hardware) -> HostingChoice:
    own = SelfHosted(model=model.id, gpu=gpu, gpus_per_replica=count, precision=precision)
    hosted = host(_state(model, own), [(Column(model.id), calls)], evaluation.demand, evaluation.register)
    verdict, rent, fit = hosted.memory, hosted.machine.rent, hosted.machine.fit
    assert verdict is not None, "every sized machine has a verdict on its memory"
    assert fit is not None, "a machine of the table of fits has a fit"
    is_sized = hosted.infeasible is None and hosted.cost is not None
    return HostingChoice(
        model_id=model.id, model=model.display, gpu=gpu, gpus_per_replica=count, precision=precision,
        fits_memory=verdict.fits, need_gb=verdict.need_gb, usable_gb=verdict.usable_gb, has_fit=True,
        replicas=hosted.replicas if is_sized else None,
        gpus=int(hosted.cost.gpus) if is_sized and hosted.cost is not None else None,
        usd_per_gpu_hour=None if rent is None else rent.value,
        usd_per_month=hosted.monthly_usd if is_sized else None,
        seconds_outside=any("outside the measured range" in each for each in hosted.warnings),
        speed_label=fit.label, rent_label="unknown" if rent is None else rent.kind,
        memory_label=_memory_label(model.id, tables), reason=hosted.infeasible or "",
    )


def _unmeasured(model: Model, gpu: Gpu, precision: str, calls: Floats, evaluation: Evaluation, tables: Hardware
                ) -> HostingChoice:
    longest, answers = _lengths(calls, evaluation)
    terms, memory = memory_terms(evaluation.register), tables.memory(model.id)
    verdicts = {
        count: memory_verdict(model.display, memory, gpu, count, precision, longest, answers, terms)
        for count in REPLICA_SIZES
    }
    count = next((count for count, verdict in verdicts.items() if verdict.fits), REPLICA_SIZES[-1])
    verdict, rent = verdicts[count], tables.rent_usd_per_gpu_hour(gpu.name)
    return HostingChoice(
        model_id=model.id, model=model.display, gpu=gpu.name, gpus_per_replica=count, precision=precision,
        fits_memory=verdict.fits, need_gb=verdict.need_gb, usable_gb=verdict.usable_gb, has_fit=False, replicas=None,
        gpus=None, usd_per_gpu_hour=None if rent is None else rent.value, usd_per_month=None, seconds_outside=False,
        speed_label="unknown", rent_label="unknown" if rent is None else rent.kind,
        memory_label=_memory_label(model.id, tables),
        reason=NOT_MEASURED if verdict.fits else verdict.reason.rstrip("."),
    )


def _memory_label(model_id: str, tables: Hardware) -> str:
    memory = tables.memory(model_id)
    return "unknown" if memory is None else memory.label


def _state(model: Model, own: SelfHosted) -> EndpointState:
    """A self-hosted endpoint that no plan names."""
    return EndpointState(
        id=model.id, label=model.display, short=model.short, kind="self_hosted", seller=model.id,
        seller_label=model.display, model_id=model.id, state="priced", reason=None, rates=None, batch=None, steps=(),
        context_tokens=float(model.context_tokens or np.inf), tokenizer_factor=model.tokenizer_factor,
        output_factor=own.thinking_factor, in_house=True, fixed_usd=0.0, one_off_usd=0.0, quote=None, hosting=own,
    )


# --- the same model at a host, and the vendor's own -----------------------------------------------------------------

CLAIM = (0.40, 0.70)
"""What the articles say of hosted open models: 40 to 70 % below. It is put to the test here, never used."""


@dataclass(frozen=True, slots=True)
class HostedOffer:
    """What one seller asks for the work that an own endpoint would do."""

    offer: str
    """``seller/model``."""
    label: str
    seller: str
    spend_usd: float | None
    """A month; None where there is no price for this work."""
    reason: str


@dataclass(frozen=True, slots=True)
class Gap:
    """The cheapest hosted offer against one of a vendor's own."""

    against: str
    """flagship: the vendor's newest large model. equivalent: its newest one of the open model's tier."""
    offer: str
    label: str
    tier: str
    spend_usd: float
    below_share: float
    """How far the hosted offer lies below it; negative where it is dearer."""

    @property
    def holds(self) -> bool:
        """Whether "40-70 % below" is true of this pair."""
        return CLAIM[0] <= self.below_share <= CLAIM[1]


@dataclass(frozen=True)
class HostedModel:
    """An own endpoint's model, as others sell it."""

    endpoint: str
    model: str
    own_usd: float
    """The own endpoint's month, people and spare replicas included."""
    offers: tuple[HostedOffer, ...]
    """Priced ones by spend, then the others."""
    vendor: str
    gaps: tuple[Gap, ...]

    @property
    def cheapest(self) -> HostedOffer | None:
        """The offer with the least spend."""
        return next((each for each in self.offers if each.spend_usd is not None), None)


def hosted_models(evaluation: Evaluation, challenger: ScenarioResult, incumbent: ScenarioResult
                  ) -> tuple[HostedModel, ...]:
    """For each own endpoint of a scenario: who hosts the same model, for how much, and how far below a vendor's own.

    The work is that which the endpoint does in ``challenger``. The vendor is the one that gets most of the incumbent's
    spend; quality is not compared here, only price.
    """
    vendor = _main_vendor(evaluation, incumbent)
    return tuple(
        _hosted_model(evaluation, challenger, each, vendor) for each in challenger.hosted if each.terms is not None
    )


def _main_vendor(evaluation: Evaluation, incumbent: ScenarioResult) -> str | None:
    """Vendor of the model that most of a scenario is spent on; without any, of the plan's baseline."""
    for result in (incumbent, evaluation.baseline):
        spend: dict[str, float] = {}
        for use in () if result is None else result.endpoints:
            if "/" in use.id:
                vendor = evaluation.catalog.models[evaluation.catalog.resolve(use.id).model].vendor
                spend[vendor] = spend.get(vendor, 0.0) + use.spend_usd
        if spend:
            return max(spend, key=lambda name: spend[name])
    return None


def _hosted_model(evaluation: Evaluation, challenger: ScenarioResult, hosted: Hosted, vendor: str | None
                  ) -> HostedModel:
    catalog, model_id = evaluation.catalog, hosted.machine.model_id
    names = [offer.id for offer in catalog.offers.values() if offer.model == model_id]
    calls = next(use.calls_by_category for use in challenger.endpoints if use.id == hosted.id)
    offers = [_offer(name, spend, state) for name, (spend, state) in _spend(evaluation, names, calls).items()]
    offers.sort(key=lambda each: (each.spend_usd is None, each.spend_usd or 0.0, each.offer))
    least = next((each.spend_usd for each in offers if each.spend_usd is not None), None)
    gaps: list[Gap] = []
    tier = _tier(catalog, model_id, names, evaluation)
    if vendor is not None and least is not None:
        for against, wanted in (("flagship", "large"), ("equivalent", tier)):
            rival = _newest(catalog, vendor, wanted, evaluation)
            if rival is None or any(rival == each.offer for each in gaps):
                continue
            spend, state = _spend(evaluation, [rival], calls)[rival]
            if spend is not None and spend > 0:
                gaps.append(Gap(against, rival, state.label, str(wanted), spend, 1.0 - least / spend))
    seller = catalog.seller_names.get(vendor or "")
    return HostedModel(hosted.id, hosted.machine.model_name, hosted.monthly_usd, tuple(offers),
                       vendor or "" if seller is None else seller.display, tuple(gaps))


def _offer(name: str, spend: float | None, state: EndpointState) -> HostedOffer:
    reason = "" if spend is not None else state.reason or "no price for this work"
    return HostedOffer(name, state.label, state.seller_label, spend, reason)


def _spend(evaluation: Evaluation, names: Sequence[str], calls: Floats
           ) -> dict[str, tuple[float | None, EndpointState]]:
    """A month's spend for these calls at each offer; None where it has no price, no batch, or too short a window."""
    demand, plan = evaluation.demand, evaluation.plan
    states = {name: endpoint_state(name, plan, evaluation.catalog, evaluation.day) for name in names}
    counted = plan.tokens_counted_with
    reference = np.nan if counted is None else evaluation.catalog.resolve_model(counted).tokenizer_factor
    if not names:
        return {}
    costs = unit_costs(demand, [Column(name) for name in names], states, reference)
    served = calls > 0
    billed = calls / demand.expected_attempts * demand.spend_factor
    found: dict[str, tuple[float | None, EndpointState]] = {}
    for m, name in enumerate(names):
        stopped = (costs.window_exceeded[served, m] | costs.batch_refused[served, m]).any()
        usd = float((billed[served] * costs.mean[served, m]).sum())
        is_sold = states[name].state == "priced" and not stopped and np.isfinite(usd)
        found[name] = usd if is_sold else None, states[name]
    return found


def _tier(catalog: Catalog, model_id: str, names: Sequence[str], evaluation: Evaluation) -> str | None:
    """The open model's tier; a model that its vendor does not sell takes that of its first priced offer."""
    wanted: list[Offer | Model] = [catalog.models[model_id], *(catalog.resolve(name) for name in names)]
    for each in wanted:
        try:
            return str(catalog.tier(each, evaluation.day))
        except InputError:
            continue
    return None


def _newest(catalog: Catalog, vendor: str, tier: str | None, evaluation: Evaluation) -> str | None:
    """The vendor's own offer of the newest model in a tier that is priced on the day; of several the dearest."""
    found = []
    for offer in catalog.own_offers():
        model = catalog.models[offer.model]
        if model.vendor != vendor or catalog.quote(offer, evaluation.day).state != "priced":
            continue
        if str(catalog.tier(offer, evaluation.day)) == tier:
            blend = catalog.quote(offer, evaluation.day).blended_usd_per_mtok or 0.0
            found.append((model.released or date.min, blend, offer.id))
    return max(found)[2] if found else None


def hosted_scenario(evaluation: Evaluation, challenger: ScenarioResult, incumbent: ScenarioResult
                    ) -> ScenarioResult | None:
    """The challenger with each own endpoint replaced by the cheapest host of its model; None where nobody hosts it.

    It need not be in the plan: it is the third line beside own servers and today's API.
    """
    found = hosted_models(evaluation, challenger, incumbent)
    hosts = {each.endpoint: each.cheapest for each in found if each.cheapest is not None}
    if not hosts or len(hosts) < len(found):
        return None
    strategy = renamed(challenger.strategy, {name: each.offer for name, each in hosts.items()})
    name = " and ".join(dict.fromkeys(each.label for each in hosts.values()))
    setting = make_setting(evaluation.plan, evaluation.day, [strategy], evaluation.catalog)
    return evaluate_scenario(Scenario(name=name[:120], strategy=strategy), evaluation.plan, setting, evaluation.catalog)


def renamed(strategy: Strategy, names: Mapping[str, str]) -> Strategy:
    """The strategy with other endpoints in the place of some.

    >>> renamed(Split(small="own", large="large", small_share=0.75), {"own": "host/open"}).small
    'host/open'
    """
    match strategy:
        case Single(model=model) | TwoModes(model=model):
            return strategy.model_copy(update={"model": names.get(model, model)})
        case Split(small=small, large=large):
            return strategy.model_copy(update={"small": names.get(small, small), "large": names.get(large, large)})
        case Cascade(stages=stages):
            return strategy.model_copy(update={"stages": tuple(names.get(each, each) for each in stages)})
        case Allocation(default=default, by_category=by_category):
            parts = {name: renamed(part, names) for name, part in by_category.items()}
            return strategy.model_copy(update={"default": renamed(default, names), "by_category": parts})


# --- the article's sum ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServerClaim:
    """A server's rent against the API bill it would replace, as articles do the sum and with everything in it."""

    endpoint: str
    model: str
    machine: str
    usd_per_mtok: float
    """Blended API price, over input and output tokens together."""
    bare_rent_usd: float
    """One replica's GPUs, nothing else."""
    flat_out_tokens: float
    """A month of one replica at full speed, day and night."""
    usable_tokens: float
    """The same at the latency target, the planned utilisation and the busy hour of this work."""
    first_step_usd: float
    """Everything that has to be paid before the first request: replica, spare, overhead, people."""
    plan_tokens: float
    """A month of the work that the plan sends there."""
    plan_usd: float
    """What the servers cost for it."""

    @property
    def claimed_api_usd(self) -> float:
        """API bill of a replica that never rests: the sum of the articles."""
        return self.flat_out_tokens * self.usd_per_mtok / 1e6

    @property
    def usable_api_usd(self) -> float:
        """API bill of what one replica really carries."""
        return self.usable_tokens * self.usd_per_mtok / 1e6

    @property
    def plan_api_usd(self) -> float:
        """API bill of the plan's own work."""
        return self.plan_tokens * self.usd_per_mtok / 1e6

    @property
    def break_even_tokens(self) -> float:
        """Tokens a month at which the first step costs what the API does, if one replica carries them."""
        return self.first_step_usd / self.usd_per_mtok * 1e6 if self.usd_per_mtok > 0 else np.inf

    @property
    def holds_at_capacity(self) -> bool:
        """Whether a full server costs less than the API for the same work."""
        return self.first_step_usd <= self.usable_api_usd

    @property
    def holds_for_plan(self) -> bool:
        """Whether the plan's own volume is enough."""
        return self.plan_usd <= self.plan_api_usd


def server_claims(evaluation: Evaluation, challenger: ScenarioResult, usd_per_mtok: float) -> tuple[ServerClaim, ...]:
    """The article's sum for each own endpoint of a scenario at a blended API price (USD per 1M tokens of any kind)."""
    demand = evaluation.demand
    uses = {use.id: use for use in challenger.endpoints}
    found = []
    for hosted in challenger.hosted:
        terms, stairs = hosted.terms, hosted.stairs
        tokens = float((uses[hosted.id].calls_by_category * (demand.input_tokens + demand.output_tokens)).sum())
        if terms is None or stairs is None or not hosted.load > 0:
            continue
        own_peak = None if terms.peak_factor is None else float(np.asarray(terms.peak_factor))
        peak = demand.peak_factor if own_peak is None else np.full(len(demand.names), own_peak)
        mean_seconds = float((hosted.load_by_category / peak).sum()) * SECONDS_PER_HOUR * HOURS_PER_MONTH
        price = unit_price(terms)
        bare = float(price.usd - price.parts.get("overhead_usd", 0.0)) / price.gpus * terms.gpus_per_replica
        found.append(ServerClaim(
            endpoint=hosted.id, model=hosted.machine.model_name,
            machine=f"{hosted.machine.gpus_per_replica} x {hosted.machine.gpu.name}", usd_per_mtok=usd_per_mtok,
            bare_rent_usd=bare, flat_out_tokens=tokens * SECONDS_PER_HOUR * HOURS_PER_MONTH / mean_seconds,
            usable_tokens=tokens * stairs.requests_per_replica, first_step_usd=float(stairs.usd(0.0)),
            plan_tokens=tokens, plan_usd=hosted.monthly_usd,
        ))
    return tuple(found)


def blended_usd_per_mtok(evaluation: Evaluation, result: ScenarioResult) -> float | None:
    """What a scenario pays per 1M input and output tokens of the workload; None without tokens or without a price."""
    demand, spend = evaluation.demand, result.total("spend_usd")
    tokens = float((demand.requests * (demand.input_tokens + demand.output_tokens)).sum())
    return None if spend is None or tokens <= 0 else spend / tokens * 1e6
