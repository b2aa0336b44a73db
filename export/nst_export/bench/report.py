"""What `nst bench` measures, as records: `--json` prints them, export/REPORT.md lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Peak(NamedTuple):
    """How fast this machine convolves."""

    precision: str  # float32 or bfloat16
    flops_per_second: float  # the best of 3 x 3 convolutions in the shapes of VGG19's layers, through TensorFlow


class Measured(NamedTuple):
    """One row at one size, in a process of its own."""

    name: str  # see the table of rows
    precision: str  # of the network
    seconds: float | None  # of an iteration: the median of the rounds; null if the row failed
    seconds_of_rounds: Sequence[float]  # each (time of 1 + N iterations - time of 1) / N
    share_of_limit: float | None  # the iteration's convolutions at the peak of its precision, over the seconds
    times_nst_float32: float | None  # its seconds over those of nst-float32: the median of the ratios within a round
    times_nst_bfloat16: float | None  # the same over those of nst-bfloat16
    base_memory: int | None  # bytes of its process, or its bytes of a GPU, before the first call; null: not known
    peak_memory: int | None  # bytes that were added at the highest
    loss: float | None  # total, of the last picture that was looked at: what shows that all rows compute the same
    problem: str  # why there are no figures; else empty


class AtSize(NamedTuple):
    """All rows at one size."""

    size: int  # pixels of each side of content, style and picture
    iterations: int  # N
    flops: float  # of an iteration's convolutions, forward and backward
    rows: Sequence[Measured]  # in the order of the table of rows


class WholeCall(NamedTuple):
    """A whole call over gRPC beside the same call in process."""

    precision: str  # of the network
    size: int  # pixels of each side
    iterations: int  # of the call
    in_process_seconds: float  # median of the rounds
    served_seconds: float  # median of the rounds
    ratio: float  # median of served over in process within a round


class Growth(NamedTuple):
    """How a row's cost grows, fitted to its sizes: factor x pixels ^ exponent."""

    name: str  # of the row
    seconds_factor: float  # seconds of an iteration
    seconds_exponent: float  # 1 is in proportion to the pixels
    memory_factor: float | None  # bytes above the base; null where memory is not known
    memory_exponent: float | None  # 1 is in proportion to the pixels


class LeftOut(NamedTuple):
    """A row that was not measured."""

    name: str  # see the table of rows
    reason: str  # a sentence, with what to do


class Benchmark(NamedTuple):
    """Everything."""

    processor: str  # kind, cores that may be used, and what makes it fast; with a GPU, its name
    versions: Mapping[str, Any]  # of Python, TensorFlow, NumPy, PyTorch, nst-serving
    weights: str  # source and SHA-256 of VGG19's weights
    preset: str  # the recipe of all rows
    rounds: int  # measured; one more before them warms up
    peaks: Sequence[Peak]  # one for each precision among the rows
    sizes: Sequence[AtSize]  # the smallest first
    calls: Sequence[WholeCall]  # at the smallest size, for each precision that has both rows
    growth: Sequence[Growth]  # of the rows with figures at two sizes or more
    left_out: Sequence[LeftOut]  # rows that this machine cannot run
