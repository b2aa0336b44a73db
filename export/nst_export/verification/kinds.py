"""What a tensor can be: its dtype and shape."""

from __future__ import annotations

from typing import NamedTuple

from nst_export.saved_model.tensor_values import Shape


class Kind(NamedTuple):
    """Of an input, an output or a value."""

    dtype: str
    shape: Shape


def may_be(sent: Shape, wanted: Shape) -> bool:
    """Whether a tensor of the one shape can stand where the other is declared."""
    if sent is None or wanted is None:
        return True
    return len(sent) == len(wanted) and all(
        None in pair or pair[0] == pair[1] for pair in zip(sent, wanted, strict=True)
    )
