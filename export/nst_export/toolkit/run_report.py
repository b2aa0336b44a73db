"""What `nst run` got, as records: `--json` prints them, the screen shows them, export/REPORT.md lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nst_export.saved_model.tensor_values import Shape, Value


class OutputValue(NamedTuple):
    """One output of the call."""

    name: str  # as the signature's
    dtype: str  # uint8, float32, string, ...
    shape: Shape  # lengths
    value: Value | None  # flat; null if it has more than 16 elements, or a long text
    file: str | None  # where it was written; null without --output


class RunReport(NamedTuple):
    """One call of a signature."""

    source: str  # the version folder, or the server's address
    signature: str  # its name
    seconds: float  # from the request to the answer, without loading the model
    outputs: Sequence[OutputValue]  # by name
