"""Whether two answers are the same, as far as arithmetic allows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from nst_export.verification.samples import Arrays

PNG = b"\x89PNG"


class Tolerance(NamedTuple):
    """How far two answers may be apart."""

    levels: float  # of a picture's pixels, 0 to 255
    of: str  # max or mean: what of the pixels' differences
    relative: float  # of floating point numbers, to the largest


# One program on one machine: sums come in another order, and rounding to whole levels may fall the other way.
SAME_MACHINE = Tolerance(1, "max", 1e-3)
# Another processor multiplies otherwise, and Adam moves a pixel of which the gradient is nothing as far as others.
OTHER_MACHINE = Tolerance(1, "mean", 2e-2)

OPAQUE = {"state_bytes"}  # every bit of a run's state differs when one pixel does: compared by the next picture


def differences(found: Arrays, wanted: Arrays, tolerance: Tolerance) -> list[str]:
    """A sentence for each output that differs."""
    faults = []
    for name in sorted(found.keys() | wanted.keys()):
        if name not in found or name not in wanted:
            faults.append(f"{name} is missing")
        elif name not in OPAQUE:
            fault = _difference(_plain(found[name]), _plain(wanted[name]), tolerance)
            faults += [f"{name} {fault}"] if fault else []
    return faults


def _plain(value: np.ndarray) -> np.ndarray:
    """A picture's pixels in place of its file."""
    value = np.asarray(value)
    data = value.item() if value.shape == () and value.dtype.kind in "OS" else b""
    return tf.io.decode_png(data).numpy() if isinstance(data, bytes) and data.startswith(PNG) else value


def _difference(found: np.ndarray, wanted: np.ndarray, tolerance: Tolerance) -> str:
    if found.shape != wanted.shape:
        return f"has the shape {list(found.shape)} and {list(wanted.shape)}"
    if found.dtype.kind not in "iufb" and found.dtype != tf.bfloat16.as_numpy_dtype:
        return "" if np.array_equal(found, wanted) else "is another text"
    found, wanted = found.astype(np.float64), wanted.astype(np.float64)
    apart = np.atleast_1d(np.abs(found - wanted))
    apart[np.atleast_1d((found == wanted) | (np.isnan(found) & np.isnan(wanted)))] = 0  # infinite ones, too
    if not apart.size:
        return ""
    is_picture = found.ndim == 3 and found.shape[-1] == 3
    worst = float(getattr(apart, tolerance.of)() if is_picture else apart.max())
    allowed = tolerance.levels if is_picture else tolerance.relative * max(float(np.abs(wanted).max()), 1e-6)
    if worst <= allowed:
        return ""
    return f"differs by {worst:.3g}{' levels' if is_picture else ''}, and at most {allowed:.3g} is arithmetic's"
