"""Where bills cross: every crossing, in order, exactly; the one that is permanent; and the month of payback."""

from __future__ import annotations

import math
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.break_even import (
    BreakEven,
    CostCurve,
    Staircase,
    cumulative_challenger_usd,
    find_break_even,
    month_or_none,
    payback,
    reached_in_month,
)
from planner.engine.crossings import find_crossings


def compare(challenger: CostCurve, incumbent: CostCurve, today: float = 1_000.0) -> BreakEven:
    return find_break_even(challenger, incumbent, today, tokens_per_request=1_000)


def rounded(found: BreakEven) -> list[tuple[int, str]]:
    return [(round(crossing.requests_per_month), crossing.direction) for crossing in found.crossings]


def rented(carries: float = 1_000.0, usd: float = 100.0, **other: Any) -> CostCurve:
    return CostCurve(staircases=(Staircase(carries, usd, **other),))


class TestStraightBills:
    def test_a_fixed_fee_pays_from_where_the_saving_covers_it(self) -> None:
        # $50 + $0.01 a request against $0.02: 50 / 0.01 = 5,000
        found = compare(CostCurve(50.0, 0.01), CostCurve(0.0, 0.02), today=2_500)
        assert rounded(found) == [(5_000, "rising")]
        assert found.permanent is not None
        assert found.permanent.tokens_per_month == pytest.approx(5_000_000)
        assert found.today.multiple_of_break_even == pytest.approx(0.5)
        assert (found.today.challenger_usd, found.today.incumbent_usd) == pytest.approx((75, 50))
        assert found.floor_cost_usd == 50

    def test_the_other_way_round_it_falls_and_nothing_is_permanent(self) -> None:
        found = compare(CostCurve(0.0, 0.02), CostCurve(50.0, 0.01))
        assert rounded(found) == [(5_000, "falling")]
        assert found.permanent is None
        assert found.today.multiple_of_break_even is None

    def test_always_cheaper_is_permanent_from_the_first_request(self) -> None:
        found = compare(CostCurve(0.0, 0.01), CostCurve(10.0, 0.02))
        assert rounded(found) == []
        assert found.permanent is not None
        assert found.permanent.requests_per_month == 0
        assert found.today.multiple_of_break_even is None

    def test_two_equal_bills_are_a_tie_and_the_challenger_wins_ties(self) -> None:
        found = compare(CostCurve(10.0, 0.01), CostCurve(10.0, 0.01))
        assert found.permanent is not None
        assert found.permanent.requests_per_month == 0

    def test_a_tie_at_no_volume_at_all_is_no_crossing(self) -> None:
        dearer_from_the_start = compare(CostCurve(10.0, 0.02), CostCurve(10.0, 0.01))
        assert rounded(dearer_from_the_start) == []
        assert dearer_from_the_start.permanent is None
        # $100 for both at 0; the server stays at $100 up to 1,000 requests, then it is $200 against $120
        assert rounded(compare(CostCurve(100.0, 0.02), rented())) == [(1_000, "rising")]

    def test_always_dearer_has_no_crossing(self) -> None:
        found = compare(CostCurve(10.0, 0.02), CostCurve(0.0, 0.01))
        assert rounded(found) == []
        assert found.permanent is None


class TestOneStaircase:
    def test_it_pays_ceases_to_pay_at_the_next_server_and_pays_again(self) -> None:
        # $100 per 1,000 requests against $0.14: 100/0.14 = 714; at 1,000 the second server comes: 200 > 140;
        # 200/0.14 = 1,429; at 2,000: 300 > 280; 300/0.14 = 2,143; at 3,000: 400 < 420, and so for good
        found = compare(rented(), CostCurve(usd_per_request=0.14))
        assert rounded(found) == [(714, "rising"), (1_000, "falling"), (1_429, "rising"), (2_000, "falling"),
                                  (2_143, "rising")]
        assert found.permanent is not None
        assert found.permanent.requests_per_month == pytest.approx(300 / 0.14)
        assert found.today.multiple_of_break_even == pytest.approx(1_000 / (300 / 0.14))
        assert found.floor_cost_usd == 100

    def test_a_spare_server_moves_every_crossing(self) -> None:
        # 200, 300, 400 ... for 1, 2, 3 servers of load at $0.25: 800; 1,000 (300 > 250); 1,200; 2,000 (400 < 500)
        found = compare(rented(redundancy=1), CostCurve(usd_per_request=0.25))
        assert rounded(found) == [(800, "rising"), (1_000, "falling"), (1_200, "rising")]

    def test_no_permanent_break_even_where_one_more_server_costs_more_than_the_bill_it_replaces(self) -> None:
        # at $0.09 a server of 1,000 requests replaces $90 with $100; the bill of the other side has $25 of fixed cost:
        # (100 - 25)/0.09 = 833 pays, at 1,000 (200 > 115) no longer: 2,000 -> 205 against 200 pays from 1,944;
        # 300 > 205; 300 - 25 = 275/0.09 = 3,056 lies beyond 3,000
        found = compare(rented(), CostCurve(25.0, 0.09), today=500)
        assert rounded(found) == [(833, "rising"), (1_000, "falling"), (1_944, "rising"), (2_000, "falling")]
        assert found.permanent is None
        assert found.today.multiple_of_break_even == pytest.approx(500 / (75 / 0.09)), "the first that pays"

    def test_equal_slopes_are_decided_by_the_constant_terms(self) -> None:
        # a server of 1,000 requests costs exactly the $100 that it replaces; what starts a step is $100 behind
        forever = compare(rented(), CostCurve(99.0, 0.1))
        assert forever.crosses_for_ever
        assert forever.crossings_not_listed is None
        assert forever.permanent is None
        assert len(forever.crossings) == 20
        assert rounded(forever)[:4] == [(10, "rising"), (1_000, "falling"), (1_010, "rising"), (2_000, "falling")]
        settled = compare(rented(), CostCurve(101.0, 0.1))
        assert rounded(settled) == []
        assert settled.permanent is not None
        behind = compare(rented(usd=101.0), CostCurve(-2.0, 0.101))
        assert rounded(behind) == []
        assert behind.permanent is None

    def test_a_tie_at_the_end_of_a_step_is_won_for_one_moment(self) -> None:
        # 1,000 requests cost $100 either way, and the next one needs the second server
        found = compare(rented(), CostCurve(usd_per_request=0.1))
        assert rounded(found)[:2] == [(1_000, "rising"), (1_000, "falling")]
        assert found.crosses_for_ever, "and so at every step"

    def test_a_step_of_the_incumbent_can_hand_over_at_once(self) -> None:
        # $150 flat: the incumbent's second server makes it $200
        found = compare(CostCurve(150.0), rented())
        assert rounded(found) == [(1_000, "rising")]
        assert found.permanent is not None

    def test_egress_counts_as_a_slope(self) -> None:
        # $100 + $0.02 a request against $0.12: 100/0.10 = 1,000 lies on the first step
        found = compare(rented(carries=5_000, usd_per_request=0.02), CostCurve(usd_per_request=0.12))
        assert rounded(found)[0] == (1_000, "rising")

    def test_an_endpoint_without_traffic_is_a_fixed_cost(self) -> None:
        found = compare(rented(carries=math.inf, base_usd=20.0), CostCurve(usd_per_request=0.1))
        assert rounded(found) == [(1_200, "rising")]
        assert found.floor_cost_usd == 120

    def test_beyond_twenty_crossings_are_counted(self) -> None:
        # at $0.102 step k pays from 100 k/0.102 to 1,000 k, and for good once 102 k >= 100 (k + 1): k = 50.
        # 50 times rising and 49 times falling
        found = compare(rented(), CostCurve(usd_per_request=0.102))
        assert len(found.crossings) == 20
        assert found.crossings_not_listed == 79
        assert found.permanent is not None
        assert found.permanent.requests_per_month == pytest.approx(50 * 100 / 0.102)

    def test_billions_of_crossings_are_solved_for(self) -> None:
        # the API is dearer by a billionth than a server of 1,000 requests: 10^9 servers, 10^12 requests, cover one step
        found = compare(rented(), CostCurve(usd_per_request=0.1 * (1 + 1e-9)))
        assert found.permanent is not None
        assert found.permanent.requests_per_month == pytest.approx(1e12, rel=1e-6)
        assert found.crossings_not_listed == pytest.approx(2e9, rel=1e-6)

    def test_the_names_are_those_of_the_command_line(self) -> None:
        found = asdict(compare(rented(), CostCurve(usd_per_request=0.14)))
        assert set(found) >= {"crossings", "crossings_not_listed", "permanent", "floor_cost_usd", "today"}
        assert set(found["crossings"][0]) == {"requests_per_month", "tokens_per_month", "direction"}
        assert set(found["permanent"]) == {"requests_per_month", "tokens_per_month"}
        assert set(found["today"]) >= {"requests_per_month", "multiple_of_break_even"}


class TestTwoStaircases:
    def test_the_cheaper_server_wins_except_where_the_other_needs_fewer(self) -> None:
        # challenger $100 per 1,000; incumbent $260 per 2,000: 100|260, 200|260, 300|520, 400|520, ...
        assert compare(rented(), rented(2_000.0, 260.0)).permanent is not None
        # incumbent $150 per 2,000: 100|150, 200|150 from 1,000, 300|300 from 2,000 (a tie, won), 400|300 from 3,000,
        # 500|450 from 4,000 and so on: never again
        found = compare(rented(), rented(2_000.0, 150.0))
        assert rounded(found) == [(1_000, "falling"), (2_000, "rising"), (3_000, "falling")]
        assert found.permanent is None

    def test_the_same_endpoint_on_both_sides_cancels(self) -> None:
        shared = Staircase(1_234.5, 77.0, redundancy=1)
        found = compare(CostCurve(50.0, 0.01, (shared,)), CostCurve(0.0, 0.02, (shared,)))
        assert rounded(found) == [(5_000, "rising")]

    def test_equal_slopes_with_steps_that_never_meet_cross_for_ever(self) -> None:
        found = compare(rented(1_000.0, 100.0), rented(1_000.0 * math.sqrt(2), 100.0 * math.sqrt(2)))
        assert found.crosses_for_ever
        assert found.permanent is None
        assert len(found.crossings) == 20

    def test_servers_that_step_at_the_same_volume_step_at_once(self) -> None:
        # all of the traffic on one endpoint, or half of it there and the rest at $0.05: both need another server at
        # 2,000; 100, 200, 300 and 400 for 1 to 4 servers against 100 + 0.05 N and, from 2,000, 200 + 0.05 N:
        # always cheaper up to 1,000; 200 against 150 there, 200 from 2,000; 300 against 300 just above, and so on
        whole, half = rented(), CostCurve(0.0, 0.05, (Staircase(2_000.0, 100.0),))
        found = compare(whole, half)
        assert rounded(found)[:4] == [(1_000, "falling"), (2_000, "rising"), (3_000, "falling"), (4_000, "rising")]
        places = [crossing.requests_per_month for crossing in found.crossings]
        assert min(after - before for before, after in pairwise(places)) > 900
        assert found.crosses_for_ever

    def test_slopes_a_hair_apart_name_the_first_and_the_last_and_say_that_not_all_were_counted(self) -> None:
        # the incumbent is $0.05 * 4e-7 a request dearer in the long run; that has covered a $10 step after 5e8 requests
        challenger = rented(100.0, 10.0)
        carries = 100.0 * math.sqrt(2)
        incumbent = CostCurve(0.0, 0.05 * (1 + 4e-7), (Staircase(carries, carries * 0.05),))
        found = compare(challenger, incumbent)
        assert not found.is_complete
        assert len(found.crossings) == 20
        assert found.permanent is not None
        last = found.permanent.requests_per_month
        beyond = last * (1 + np.geomspace(1e-9, 1e3, 5_000))
        assert (challenger.usd(beyond) <= incumbent.usd(beyond)).all()
        assert last == pytest.approx(5e8, rel=1e-3)
        assert challenger.usd(last - 1e-4) > incumbent.usd(last - 1e-4)


# --- against a scan that knows nothing of the solution ------------------------------------------------------------


def bill(curve: CostCurve, requests: np.ndarray) -> np.ndarray:
    """The monthly bill, written out once more from the method."""
    usd = curve.fixed_usd + curve.usd_per_request * requests
    for stairs in curve.staircases:
        carrying = np.maximum(1, np.ceil(requests / stairs.requests_per_replica - 1e-9))
        running = np.maximum(stairs.min_replicas, carrying + stairs.redundancy)
        units = np.ceil(running * stairs.gpus_per_replica / stairs.unit_gpus)
        usd = usd + stairs.base_usd + stairs.usd_per_request * requests + stairs.usd_per_unit * units
    return usd


def scan(challenger: CostCurve, incumbent: CostCurve, top: float) -> tuple[np.ndarray, np.ndarray]:
    """Crossings up to ``top``: verdicts around every boundary and half-way between them, then bisection."""
    places = [np.array([1e-9, top])]
    for stairs in challenger.staircases + incumbent.staircases:
        count = np.arange(1, int(top / stairs.requests_per_replica) + 2)
        edges = (count + 1e-9) * stairs.requests_per_replica
        whole = count * stairs.requests_per_replica
        places += [edges * (1 - 1e-13), edges * (1 + 1e-13), whole, (whole + edges) / 2]
    at = np.unique(np.concatenate(places))
    at = at[at <= top]
    at = np.unique(np.concatenate([at, (at[1:] + at[:-1]) / 2]))
    cheaper = bill(challenger, at) <= bill(incumbent, at)
    changes = np.flatnonzero(cheaper[1:] != cheaper[:-1])
    low, high, was = at[changes], at[changes + 1], cheaper[changes]
    for _ in range(80):
        middle = (low + high) / 2
        is_same = (bill(challenger, middle) <= bill(incumbent, middle)) == was
        low, high = np.where(is_same, middle, low), np.where(is_same, high, middle)
    return high, ~was


def apart(requests: np.ndarray, is_rising: np.ndarray, near: float) -> tuple[list[float], list[bool]]:
    """Crossings without pairs that undo each other within a fraction of a request: ties have tests of their own."""
    kept: list[tuple[float, bool]] = []
    for place, rises in zip(requests.tolist(), is_rising.tolist(), strict=True):
        if kept and place - kept[-1][0] <= near:
            kept.pop()
        else:
            kept.append((place, rises))
    return [place for place, _ in kept], [rises for _, rises in kept]


def random_bills(seed: int) -> tuple[CostCurve, CostCurve]:
    """Two bills; every other case in round numbers, so that ties happen, and one in five with equal long-run slopes."""
    random = np.random.default_rng(seed)
    is_round = seed % 2 == 0

    def amount(low: float, high: float) -> float:
        drawn = random.uniform(low, high)
        return float(np.round(drawn)) if is_round else float(drawn)

    def staircase() -> Staircase:
        return Staircase(
            amount(5, 40) * (1_000 if is_round else 1), amount(1, 30), int(random.choice([1, 1, 2, 3, 4, 8, 16])),
            int(random.choice([1, 1, 2, 4, 6, 8])), int(random.choice([1, 1, 2, 5])), int(random.choice([0, 1, 2])),
            amount(0, 20), float(random.choice([0.0, 0.0, 0.01])),
        )

    mine = [staircase() for _ in range(random.choice([0, 1, 2], p=[0.1, 0.6, 0.3]))]
    theirs = [staircase() for _ in range(random.choice([0, 1, 2], p=[0.6, 0.25, 0.15]))]
    if mine and theirs and random.random() < 0.2:
        theirs[0] = mine[0]
    gap = sum(steps.usd_per_request_in_the_long_run for steps in mine)
    gap -= sum(steps.usd_per_request_in_the_long_run for steps in theirs)
    factor = random.choice([1.0, random.uniform(0.9, 1.2), random.uniform(0.5, 2.0)], p=[0.2, 0.5, 0.3])
    fixed = amount(0, 200) if random.random() < 0.5 else 0.0
    return CostCurve(amount(0, 30), 0.0, tuple(mine)), CostCurve(fixed, max(0.0, gap * factor), tuple(theirs))


@pytest.mark.parametrize("block", range(10))
def test_every_crossing_is_found_and_none_is_invented(block: int) -> None:
    """300 random pairs of bills against the scan over the first 60 steps."""
    crossed = 0
    for seed in range(30 * block, 30 * block + 30):
        challenger, incumbent = random_bills(seed)
        found = find_crossings(challenger, incumbent, most=2_000)
        top = 61.7 * max([1_000.0] + [steps.requests_per_replica for steps in challenger.staircases
                                      + incumbent.staircases])
        near = 2e-9 * top / 61.7
        within = found.requests <= top
        requests, rising = apart(found.requests[within], found.is_rising[within], near)
        expected, expected_rising = apart(*scan(challenger, incumbent, top), near)
        assert rising == expected_rising, seed
        assert requests == pytest.approx(expected, rel=1e-9), seed
        crossed += len(expected)
        if found.ends_cheaper is not None and found.total == len(found.requests):
            last = found.requests[-1] if len(found.requests) else 1e-6
            far = np.geomspace(last * (1 + 1e-6), 1e15, 1_000)
            assert ((bill(challenger, far) <= bill(incumbent, far)) == found.ends_cheaper).all(), seed
    assert crossed > 20


@settings(max_examples=150, deadline=None)
@given(
    carries=st.floats(1, 1e9), usd=st.floats(1, 1e5), gpus=st.integers(1, 16), unit=st.integers(1, 16),
    spare=st.integers(0, 2), base=st.floats(0, 1e5), ratio=st.floats(0.2, 5), today=st.floats(0, 1e15),
)
def test_a_permanent_break_even_exists_iff_one_more_replica_is_cheaper_than_the_load_it_carries(
    carries: float, usd: float, gpus: int, unit: int, spare: int, base: float, ratio: float, today: float
) -> None:
    stairs = Staircase(carries, usd, gpus, unit, redundancy=spare, base_usd=base)
    replica_usd = usd * gpus / unit
    api = CostCurve(usd_per_request=ratio * replica_usd / carries)
    found = compare(CostCurve(staircases=(stairs,)), api, today)
    replaced_usd = api.usd_per_request * carries
    if abs(replica_usd / replaced_usd - 1) < 1e-9:
        return  # the constant terms decide, which has its own test
    assert (found.permanent is not None) == (replica_usd < replaced_usd)
    if found.permanent is not None:
        beyond = found.permanent.requests_per_month * np.geomspace(1 + 1e-7, 1e6, 500)
        assert (stairs.usd(beyond) <= api.usd(beyond)).all()
        assert found.today.multiple_of_break_even == pytest.approx(today / found.permanent.requests_per_month)
    directions = [crossing.direction for crossing in found.crossings]
    assert all(one != other for one, other in pairwise(directions)), "they take turns"


class TestPayback:
    def test_the_month_in_which_savings_have_covered_the_one_off(self) -> None:
        # saves $40 a month, costs $100 once: 40, 80, 120
        months = np.full(6, 60.0), np.full(6, 100.0)
        found = payback(cumulative_challenger_usd(*months, one_off_usd=100), np.cumsum(months[1]))
        assert (month_or_none(found.month), month_or_none(found.sustained_month)) == (3, 3)

    def test_running_both_side_by_side_counts_the_old_bill_too(self) -> None:
        # $100 once and half a month of the old bill, $50: 150/40 = 3.75
        months = np.full(6, 60.0), np.full(6, 100.0)
        found = payback(
            cumulative_challenger_usd(*months, one_off_usd=100, dual_run_months=0.5), np.cumsum(months[1])
        )
        assert month_or_none(found.month) == 4

    def test_servers_count_as_cash_when_they_are_first_needed(self) -> None:
        # 1 server at $200 in month 1, another in month 3; month 4 needs one fewer and buys none back
        total = cumulative_challenger_usd([10, 10, 10, 10, 10], np.zeros(5), servers=[1, 1, 2, 1, 2],
                                          capex_usd_per_server=200)
        assert total.tolist() == [210, 220, 430, 440, 450]

    def test_a_payback_that_a_new_server_undoes_is_not_sustained(self) -> None:
        # ahead after month 2 (220 of 240), behind with the second server (430 of 360), ahead again after month 5
        mine = cumulative_challenger_usd([10, 10, 10, 10, 10], np.zeros(5), servers=[1, 1, 2, 2, 2],
                                         capex_usd_per_server=200)
        found = payback(mine, np.cumsum(np.full(5, 120.0)))
        assert (month_or_none(found.month), month_or_none(found.sustained_month)) == (2, 4)

    def test_no_payback_within_the_horizon_is_none(self) -> None:
        found = payback([100.0, 200.0], [50.0, 100.0])
        assert month_or_none(found.month) is None
        assert month_or_none(found.sustained_month) is None

    def test_ahead_at_first_and_behind_at_the_end_is_not_sustained(self) -> None:
        found = payback([10.0, 120.0], [50.0, 100.0])
        assert (month_or_none(found.month), month_or_none(found.sustained_month)) == (1, None)

    def test_equal_sums_count_as_paid_back_even_when_they_round(self) -> None:
        assert month_or_none(payback([0.1 + 0.2], [0.3]).month) == 1

    def test_one_month_per_draw(self) -> None:
        mine = cumulative_challenger_usd(np.full((3, 4), 60.0), np.full(4, 100.0), one_off_usd=[0.0, 100.0, 1_000.0])
        found = payback(mine, np.cumsum(np.full(4, 100.0)))
        assert [month_or_none(month) for month in found.month] == [1, 3, None]

    def test_growing_volume_reaches_the_break_even_in_its_month(self) -> None:
        # 1,000 growing by 10 % passes 1,300 in month 4: 1,000 1,100 1,210 1,331
        volume = 1_000 * 1.1 ** np.arange(12)
        assert month_or_none(reached_in_month(volume, 1_300)) == 4
        assert month_or_none(reached_in_month(volume, 0.0)) == 1
        assert month_or_none(reached_in_month(volume, 1e9)) is None
        assert month_or_none(reached_in_month(volume, None)) is None
