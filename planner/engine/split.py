"""Routing before the call: single models, splits, routers, two modes (the method, section 5).

Every function takes arrays of any broadcastable shape and serves a point and a sweep over shares alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.domain.strategies import Router, Single, Split, TwoModes
from planner.engine.difficulty import even_z, quadrature, right_probability, wrong_by_piece
from planner.engine.endpoints import Column
from planner.engine.kept import kept_by_content
from planner.engine.setting import Routed, Setting

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

ORDER_SLICES = 1024


def easiest_first(share: ArrayLike, routine_share: ArrayLike) -> tuple[Floats, Floats]:
    """Routine and complex requests that reach the small model, as shares of all requests.

    >>> routine, complex_ = easiest_first(0.9, 0.75)
    >>> float(routine), round(float(complex_), 9)
    (0.75, 0.15)
    """
    f, w = np.asarray(share, float), np.asarray(routine_share, float)
    return np.minimum(f, w), np.maximum(0.0, f - w)


def mixed_usd(small_routine: Floats, small_complex: Floats, routine_share: Floats, small: tuple[Floats, Floats],
              large: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """USD of one request at the small and at the large model; ``small`` and ``large`` are (routine, complex) costs.

    An endpoint that gets nothing costs nothing, whatever its price.
    """
    w = routine_share
    at_small = _used(small_routine, small[0]) + _used(small_complex, small[1])
    at_large = _used(w - small_routine, large[0]) + _used(1.0 - w - small_complex, large[1])
    return at_small, at_large


def usd_at_shares(parts_usd: Floats, shares: Floats) -> Floats:
    """USD of one request at many endpoints for many shares at once, ``sum(share * part)``: one product per category.

    ``parts_usd`` (categories, endpoints, parts) is what a request costs by part, such as routine and complex;
    ``shares`` (categories, parts, shares) how many requests count in each part. Returns (categories, endpoints,
    shares). An unpriced endpoint is NaN at every share.

    >>> usd_at_shares(np.array([[[1.0, 3.0]]]), np.array([[[0.5, 0.75], [0.0, 0.25]]])).tolist()
    [[[0.5, 1.5]]]
    """
    return np.asarray(parts_usd @ shares)


def _used(share: ArrayLike, usd: Floats) -> Floats:
    part = np.asarray(share, float)
    return np.where(part > 0, part * usd, 0.0)


@kept_by_content(256)
def easiest_first_error(share: Floats, routine_share: Floats, small: tuple[Floats, Floats],
                        large: tuple[Floats, Floats], sigma: float) -> Floats:
    """Error share when the ``share`` easiest requests go to the small model.

    ``small`` and ``large`` are abilities on the routine and complex segment; all arrays have one shape.
    """
    f, w = np.broadcast_arrays(np.asarray(share, float), np.asarray(routine_share, float))
    nodes = quadrature(np.stack((f, w), axis=-1))
    to_small = nodes.upper <= f[..., None]
    wrong_small = wrong_by_piece(small[0], small[1], w, nodes, sigma)
    wrong_large = wrong_by_piece(large[0], large[1], w, nodes, sigma)
    return np.asarray(np.where(to_small, wrong_small, wrong_large).sum(axis=-1))


@kept_by_content(256)
def best_order_error(share: Floats, routine_share: Floats, small: tuple[Floats, Floats], large: tuple[Floats, Floats],
                     small_error: Floats, large_error: Floats, sigma: float) -> Floats:
    """Error share when the small model gets the requests on which it loses least, as many as ``share``.

    The gain is sorted over 1,024 equally likely slices of difficulty and shifted so that sending everything to one
    model gives exactly that model's error rate.
    """
    f, w = np.broadcast_arrays(np.asarray(share, float), np.asarray(routine_share, float))
    z = even_z(ORDER_SLICES)
    is_routine = (np.arange(ORDER_SLICES) + 0.5) / ORDER_SLICES <= w[..., None]

    def wrong(ability: tuple[Floats, Floats]) -> Floats:
        theta = np.where(is_routine, np.asarray(ability[0])[..., None], np.asarray(ability[1])[..., None])
        return 1.0 - right_probability(np.where(np.isnan(theta), 0.0, theta), z, sigma)

    loss = np.sort(wrong(small) - wrong(large), axis=-1)
    loss += (small_error - large_error - loss.mean(axis=-1))[..., None]
    cumulated = np.concatenate((np.zeros((*loss.shape[:-1], 1)), np.cumsum(loss, axis=-1)), axis=-1) / ORDER_SLICES
    at = f * ORDER_SLICES
    below = np.minimum(at.astype(np.intp), ORDER_SLICES - 1)[..., None]
    low = np.take_along_axis(cumulated, below, axis=-1)[..., 0]
    high = np.take_along_axis(cumulated, below + 1, axis=-1)[..., 0]
    return np.asarray(large_error + low + (high - low) * (at - below[..., 0]))


def segment_errors(ability: tuple[Floats, Floats], routine_share: Floats, sigma: float) -> tuple[Floats, Floats]:
    """Share of all requests that are routine and wrong, and that are complex and wrong."""
    w = np.asarray(routine_share, float)
    wrong = wrong_by_piece(ability[0], ability[1], w, quadrature(w[..., None]), sigma)
    return wrong[..., 0], wrong[..., 1]


def route_single(strategy: Single, setting: Setting, rows: Rows) -> Routed:
    """Everything at one endpoint."""
    column = setting.columns[Column(strategy.model)]
    return _two_ways(setting, rows, column, column, np.ones(len(rows)), setting.rates.share[rows, column])


def route_split(strategy: Split, setting: Setting, rows: Rows) -> Routed:
    """A share or a router decides between two endpoints."""
    small, large = (setting.columns[Column(name)] for name in (strategy.small, strategy.large))
    if strategy.router is not None:
        return _routed(strategy.router, setting, rows, small, large)
    share = np.full(len(rows), strategy.small_share)
    if strategy.random:
        rates = setting.rates.share
        error = share * rates[rows, small] + (1.0 - share) * rates[rows, large]
        w = setting.demand.routine_share[rows]
        return _two_ways(setting, rows, small, large, share, error, (share * w, share * (1.0 - w)))
    return _easiest(setting, rows, small, large, share)


def route_two_modes(strategy: TwoModes, setting: Setting, rows: Rows) -> Routed:
    """One model: the easiest without thinking, the hardest with it."""
    plain = setting.columns[Column(strategy.model)]
    thinking = setting.columns[Column(strategy.model, True, strategy.thinking_factor)]
    return _easiest(setting, rows, plain, thinking, np.full(len(rows), 1.0 - strategy.thinking_share))


def _easiest(setting: Setting, rows: Rows, small: int, large: int, share: Floats) -> Routed:
    w = setting.demand.routine_share[rows]
    error = easiest_first_error(
        share, w, setting.ability(small, rows), setting.ability(large, rows), setting.sigma
    )
    return _two_ways(setting, rows, small, large, share, error)


def _routed(router: Router, setting: Setting, rows: Rows, small: int, large: int) -> Routed:
    sens = setting.register.value("router_sensitivity") if router.sens is None else router.sens
    spec = setting.register.value("router_specificity") if router.spec is None else router.spec
    w = setting.demand.routine_share[rows]
    routine, complex_ = w * spec, (1.0 - w) * (1.0 - sens)
    wrong_small = segment_errors(setting.ability(small, rows), w, setting.sigma)
    wrong_large = segment_errors(setting.ability(large, rows), w, setting.sigma)
    error = spec * wrong_small[0] + (1 - spec) * wrong_large[0] + (1 - sens) * wrong_small[1] + sens * wrong_large[1]
    extra = np.full(len(rows), router.usd_per_request)
    return _two_ways(setting, rows, small, large, routine + complex_, error, (routine, complex_), extra)


def _two_ways(
    setting: Setting, rows: Rows, small: int, large: int, share: Floats, error: Floats,
    small_parts: tuple[Floats, Floats] | None = None, extra: Floats | None = None,
) -> Routed:
    demand, costs, rates = setting.demand, setting.costs, setting.rates.share
    w = demand.routine_share[rows]
    routine, complex_ = easiest_first(share, w) if small_parts is None else small_parts
    at_small, at_large = mixed_usd(
        routine, complex_, w, (costs.routine[rows, small], costs.complex[rows, small]),
        (costs.routine[rows, large], costs.complex[rows, large]),
    )
    fee = np.zeros(len(rows)) if extra is None else extra
    calls = np.zeros((2, len(rows), len(setting.columns)))
    by_column = np.zeros(calls.shape[1:])
    calls[:, :, small] += (routine, complex_)
    by_column[:, small] += at_small
    if small != large:
        calls[:, :, large] += (w - routine, 1.0 - w - complex_)
        by_column[:, large] += at_large
        random = share * rates[rows, small] + (1.0 - share) * rates[rows, large]
        best = best_order_error(
            share, w, setting.ability(small, rows), setting.ability(large, rows), rates[rows, small],
            rates[rows, large], setting.sigma,
        )
    else:
        random = best = np.full(len(rows), np.nan)
    total = at_small + at_large + fee
    none = np.full(len(rows), np.nan)
    return Routed(total, fee, total, calls, calls, by_column, error, none, random, best, none)
