"""What a loaded model can say of itself: TensorFlow saves no docstrings."""

from __future__ import annotations

from collections.abc import Sequence

from nst_graph.options import Option
from nst_graph.signatures import Signature

VALUES = """
content, style: RGB, uint8[height, width, 3]; their sizes may differ. content_bytes, style_bytes: JPEG or PNG files.
iterations: updates of the picture. size: the longest side of both pictures in pixels; 0 keeps theirs.
image: uint8 of the content's size; image_bytes: PNG. state_bytes: what start and step return, for the next step.
losses: float32[iterations, 4] before each update: total, content, style, total variation.
evaluate: 0 is a perfect match. It takes float32 pictures in 0..255, too, and has a gradient for image.

Options, each by its name:
"""


def help_text(rows: Sequence[Signature], options: Sequence[Option]) -> str:
    """The functions that stylise, `evaluate`, what they take and return, and the optional inputs."""
    calls = [
        f"{row.name}({', '.join(row.inputs)}{', options' if row.takes_options else ''}) -> {', '.join(row.outputs)}"
        for row in rows
    ]
    evaluate = "evaluate(content, style, image) -> style_errors, content_error, total_variation"
    return "\n".join([*calls, evaluate]) + "\n" + VALUES + "\n".join(map(_words, options))


def _words(option: Option) -> str:
    sides = ", ".join("n" if side is None else str(side) for side in option.shape)
    choices = f" One of {', '.join(option.choices)}." if option.choices else ""
    return f"  {option.name}: {option.dtype}[{sides}]. {option.meaning}{choices}"
