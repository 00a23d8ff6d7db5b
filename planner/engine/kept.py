"""Results kept by the content of their arguments: an edit of a plan leaves most arrays as they were."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np

Function = TypeVar("Function", bound=Callable[..., Any])


def _content(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, value.tobytes()
    return tuple(map(_content, value)) if isinstance(value, tuple) else value


def kept_by_content(most: int) -> Callable[[Function], Function]:
    """Keeps the last ``most`` results of a pure function of arrays; a kept array cannot be written to.

    >>> doubled = kept_by_content(8)(lambda values: values * 2)
    >>> doubled(np.array([1.0])) is doubled(np.array([1.0])), doubled(np.array([3.0])).tolist()
    (True, [6.0])
    """

    def wrap(function: Function) -> Function:
        found: dict[Any, Any] = {}

        @wraps(function)
        def call(*arguments: Any) -> Any:
            key = tuple(map(_content, arguments))
            result = found.get(key)
            if result is None:
                result = function(*arguments)
                result.flags.writeable = False
                if len(found) >= most:
                    found.clear()
                found[key] = result
            return result

        return call  # type: ignore[return-value]

    return wrap
