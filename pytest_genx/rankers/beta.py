"""The logarithm of the beta function, for arrays: numpy has none."""

from __future__ import annotations

from math import lgamma

import numpy as np
import numpy.typing as npt

from pytest_genx.matrix import Floats


def log_beta(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Return ln B(a, b), elementwise.

    >>> log_beta([1, 2], 1.0).round(3).tolist()
    [0.0, -0.693]
    """
    return _log_gamma(a) + _log_gamma(b) - _log_gamma(np.add(a, b))


def _log_gamma(x: npt.ArrayLike) -> Floats:
    return np.asarray(np.vectorize(lgamma, otypes=[np.float64])(x), np.float64)
