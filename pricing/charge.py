"""Token usage x price -> USD, for arrays of any broadcastable shape."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class Rates(NamedTuple):
    """Prices in USD per 1e6 tokens and a fee in USD per request; every field an array of one broadcastable shape."""

    input: ArrayLike
    cache_read: ArrayLike
    cache_write: ArrayLike
    output: ArrayLike
    fee_per_request: ArrayLike = 0.0


def charge(
    rates: Rates,
    input_tokens: ArrayLike,
    output_tokens: ArrayLike,
    cached_share: ArrayLike = 0.0,
    cache_write_share: ArrayLike = 0.0,
) -> Floats:
    """USD of one request (design: request cost, section 2 of the method).

    ``[t_in * ((1-h-h_w)*p_in + h*p_read + h_w*p_write) + t_out*p_out] / 1e6 + fee``. Token counts are those of ONE
    request: a month is this times the number of requests, never a month's tokens in one call.

    >>> float(charge(Rates(1.0, 0.1, 1.25, 5.0), 2_000, 500))
    0.0045
    >>> float(charge(Rates(1.0, 0.1, 1.25, 5.0), 2_000, 500, cached_share=0.5))
    0.0036
    """
    read, write = np.asarray(cached_share, float), np.asarray(cache_write_share, float)
    # token counts are scaled before prices come in: on a grid of requests and prices that is the smaller array
    millions = np.asarray(input_tokens, float) * 1e-6
    usd = (millions * (1.0 - read - write)) * np.asarray(rates.input)
    usd = usd + (millions * read) * np.asarray(rates.cache_read)
    usd = usd + (millions * write) * np.asarray(rates.cache_write)
    usd = usd + (np.asarray(output_tokens, float) * 1e-6) * np.asarray(rates.output)
    return np.asarray(usd + np.asarray(rates.fee_per_request))
