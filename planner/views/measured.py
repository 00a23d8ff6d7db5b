"""Results of evaluation files as plain values under stable keys, and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from planner.engine.measured import Measured, MeasuredCascade, MeasuredModel, MeasuredPair
from planner.views.formatting import share

Values = dict[str, Any]

VERDICT_WORDS = {"good_enough": "good enough", "not_good_enough": "not good enough", "undecided": "undecided"}


def measured_values(whole: Measured, by_category: Mapping[str, Measured], unknown: tuple[str, ...], margin: float,
                    warnings: tuple[str, ...]) -> Values:
    """The whole of ``import-evals --json``."""
    return {
        **_values(whole), "margin": margin,
        "categories": {name: _values(part) for name, part in by_category.items()},
        "unknown_models": list(unknown), "warnings": list(warnings),
    }


def _values(found: Measured) -> Values:
    return {
        "models": {each.name: _model_values(each) for each in found.models},
        "pairs": [_pair_values(each) for each in found.pairs],
        "dominated": [{"model": each.name, "by": each.dominated_by} for each in found.models if each.dominated_by],
        "cascades": [_cascade_values(each) for each in found.cascades],
    }


def _model_values(found: MeasuredModel) -> Values:
    return {
        "n": found.n, "correct": found.correct, "error_rate": found.error_share, "low": found.low, "high": found.high,
        "usd_per_request": found.usd_per_request, "latency_p50_s": found.latency_p50_s,
        "latency_p95_s": found.latency_p95_s, "dominated_by": found.dominated_by,
    }


def _pair_values(found: MeasuredPair) -> Values:
    counts, said = found.counts, found.paired
    return {
        "small": counts.small, "large": counts.large,
        **{key: int(getattr(counts, key)) for key in ("n11", "n10", "n01", "n00")},
        "phi": said.phi, "kappa": said.kappa, "verdict": said.verdict, "samples_needed": said.samples_needed,
        "more_samples": said.more_samples, "difference": said.difference, "standard_error": said.standard_error,
        "margin": said.margin, "mcnemar_p": said.mcnemar_p,
    }


def _cascade_values(found: MeasuredCascade) -> Values:
    outcome = found.outcome
    return {
        "stages": list(found.counted.stages), "cells": {key: int(n) for key, n in found.counted.cells.items()},
        "n": int(sum(found.counted.cells.values())), "escalation_share": outcome.reached[1],
        "reached_shares": list(outcome.reached), "error_rate": outcome.error_share,
        "independent_error_rate": outcome.independent_error_share, "accept_right": list(outcome.accept_right),
        "accept_wrong": list(outcome.accept_wrong), "usd_per_request": found.usd_per_request,
        "token_factors": None if found.counted.token_factors is None else list(found.counted.token_factors),
    }


def measured_text(whole: Measured, by_category: Mapping[str, Measured], margin: float, warnings: tuple[str, ...]
                  ) -> str:
    """The results for a terminal."""
    return "\n".join([
        *_lines(whole, margin),
        *(f"{name}: " + ", ".join(f"{each.name} {share(each.error_share)} wrong (n = {each.n:,})"
                                  for each in part.models)
          for name, part in by_category.items() if len(by_category) > 1),
        *warnings,
    ])


def _lines(found: Measured, margin: float) -> Iterator[str]:
    for model in found.models:
        beaten = f"; {model.dominated_by} is no dearer and errs no more" if model.dominated_by else ""
        yield (f"{model.name}: {share(model.error_share)} wrong, 95 % interval {share(model.low)} to "
               f"{share(model.high)}, n = {model.n:,}{beaten}")
    for pair in found.pairs:
        yield pair_sentence(pair, margin)
    for cascade in found.cascades:
        outcome = cascade.outcome
        yield (f"{' then '.join(cascade.counted.stages)}: {share(outcome.error_share)} wrong in the end, "
               f"{share(outcome.reached[1])} asked again; independent failures would say "
               f"{share(outcome.independent_error_share)}")


def pair_sentence(pair: MeasuredPair, margin: float) -> str:
    """The verdict on one pair in words, with the margin, and the samples that would settle it."""
    said = pair.paired
    rest = f"; {said.more_samples:,} more requests would settle it" if said.verdict == "undecided" else ""
    overlap = "" if said.phi is None else f"; failures overlap with phi {said.phi:.2f}"
    return (f"{pair.counts.small} in place of {pair.counts.large}: {VERDICT_WORDS[said.verdict]} within a margin of "
            f"{share(margin)}{rest}{overlap}")
