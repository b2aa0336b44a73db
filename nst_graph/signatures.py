"""The functions of the contract: a row for each one that stylises, and one builder.

Inputs are checked here, before anything runs on them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import tensorflow as tf

from nst_graph import validation
from nst_graph.encoded import decode_picture, encode_picture
from nst_graph.evaluation import Yardstick
from nst_graph.limits import Limits
from nst_graph.objective import Losses
from nst_graph.optimisation import Optimisation, Request
from nst_graph.options import OPTIONS, Option
from nst_graph.pixels import floats
from nst_graph.state import read_state, write_state

Function = Any  # a `tf.function` from tensors to a dict of tensors, which TensorFlow has no type for
Tensors = Mapping[str, tf.Tensor]

PIXELS = tf.TensorSpec([None, None, 3], tf.uint8)  # a picture
FILE = tf.TensorSpec([], tf.string)  # JPEG or PNG
STATE = tf.TensorSpec([None], tf.string)
COUNT = tf.TensorSpec([], tf.int32)
LOSSES = tf.TensorSpec([None, len(Losses._fields)], tf.float32)  # a row for each iteration


class Signature(NamedTuple):
    """One function that stylises."""

    name: str
    reads: Literal["pixels", "files"]  # pictures come in and go out as pixels, or as files
    does: Literal["whole", "start", "step"]  # a whole run, the state before it, or some iterations of it
    takes_options: bool = True
    xla: bool = False  # XLA compiles the iterations

    @property
    def served_as(self) -> str:
        """The name in the SavedModel: TensorFlow Serving's own for what a request without a name means."""
        return "serving_default" if self.name == "stylize" else self.name

    @property
    def inputs(self) -> dict[str, tf.TensorSpec]:
        """The inputs that have no default."""
        pictures = {"content": PIXELS, "style": PIXELS}
        if self.reads == "files":
            pictures = {"content_bytes": FILE, "style_bytes": FILE}
        state = {"state_bytes": STATE} if self.does == "step" else {}
        iterations = {"iterations": COUNT} if self.does != "start" else {}
        size = {"size": COUNT} if self.reads == "files" else {}
        return pictures | state | iterations | size

    @property
    def outputs(self) -> dict[str, tf.TensorSpec]:
        """What comes out."""
        state = {"state_bytes": STATE} if self.does != "whole" else {}
        picture = {"image": PIXELS} if self.reads == "pixels" else {"image_bytes": FILE}
        losses = {"losses": LOSSES} if self.does != "start" else {}
        return state | picture | losses


# REST cannot leave an input out, so that a new option would break every caller of a signature that has options.
# `stylize_encoded` has none: it never gains an input, nor loses one.
SIGNATURES = (
    Signature("stylize", "pixels", "whole"),
    Signature("stylize_start", "pixels", "start"),
    Signature("stylize_step", "pixels", "step"),
    Signature("stylize_encoded", "files", "whole", takes_options=False),
    Signature("stylize_encoded_options", "files", "whole"),
    Signature("stylize_encoded_start", "files", "start"),
    Signature("stylize_encoded_step", "files", "step"),
)


def signatures(*, xla: bool) -> tuple[Signature, ...]:
    """The rows of an export; with `xla` all that iterate are there a second time, compiled."""
    compiled = [row._replace(name=f"{row.name}_xla", xla=True) for row in SIGNATURES if row.does != "start"]
    return (*SIGNATURES, *compiled) if xla else SIGNATURES


def stylize_function(
    row: Signature,
    optimisation: Optimisation,
    limits: Limits,
    options: Sequence[Option] = OPTIONS,
) -> Function:
    """The function of a row: see `StyleTransfer`.

    Args:
        row: what it takes and does.
        optimisation: what it runs.
        limits: what it accepts.
        options: the optional inputs. Their defaults, as tensors, become `SignatureDef.defaults`.
    """
    defaults = {option.name: _default(option) for option in options}
    specs = row.inputs
    if row.takes_options:
        specs |= {option.name: tf.TensorSpec(option.shape, option.dtype) for option in options}

    def function(*arguments: tf.Tensor) -> dict[str, tf.Tensor]:
        inputs = {**defaults, **dict(zip(specs, arguments, strict=True))}
        content, style = _pictures(row, inputs, limits)
        chosen = optimisation.resolve({option.name: inputs[option.name] for option in options}, content)
        request = Request(content, style, chosen)
        return _outputs(row, optimisation, request, inputs, limits)

    _name(function, row.name, {name: defaults.get(name) for name in specs})
    named = [tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in specs.items()]
    return tf.function(function, input_signature=named, autograph=False)


def evaluate_function(yardstick: Yardstick, limits: Limits) -> Function:
    """Pictures in, errors out: see `StyleTransfer.evaluate`."""

    @tf.function(
        input_signature=[tf.TensorSpec(PIXELS.shape, PIXELS.dtype, n) for n in ("content", "style", "image")],
        autograph=False,
    )
    def evaluate(content: tf.Tensor, style: tf.Tensor, image: tf.Tensor) -> dict[str, tf.Tensor]:
        content = validation.picture("content", content, limits)
        style = validation.picture("style", style, limits)
        image = validation.same_size("image", validation.picture("image", image, limits), "content", content)
        return yardstick.evaluate(*map(floats, (content, style, image)))._asdict()

    return evaluate


def describe_function(model_card: str) -> Function:
    """Nothing in, the model card out: see `StyleTransfer.describe`."""

    @tf.function(input_signature=[], autograph=False)
    def describe() -> dict[str, tf.Tensor]:
        return {"model_card": tf.constant(model_card)}

    return describe


def _pictures(row: Signature, inputs: Tensors, limits: Limits) -> list[tf.Tensor]:
    """Content and style: uint8[height, width, 3] each."""
    if row.reads == "pixels":
        return [validation.picture(name, inputs[name], limits) for name in ("content", "style")]
    names = ("content_bytes", "style_bytes")
    return [decode_picture(name, inputs[name], inputs["size"], limits) for name in names]


def _outputs(
    row: Signature, optimisation: Optimisation, request: Request, inputs: Tensors, limits: Limits
) -> dict[str, tf.Tensor]:
    owner = {} if row.does == "whole" else optimisation.owner(request)
    if row.does == "step":
        state = read_state("state_bytes", inputs["state_bytes"], lambda n: optimisation.shapes(request, n), owner)
    else:
        state = optimisation.start(request)
    losses = {}
    if row.does != "start":
        iterations = validation.iteration_count(inputs["iterations"], limits)
        state, losses["losses"] = optimisation.advance(request, state, iterations, xla=row.xla)
    image = optimisation.picture(request, state)
    picture = {"image": image} if row.reads == "pixels" else {"image_bytes": encode_picture(image)}
    written = {} if row.does == "whole" else {"state_bytes": write_state(state, owner)}
    return written | picture | losses


def _default(option: Option) -> tf.Tensor:
    if option.shape:
        return tf.zeros([0 if side is None else side for side in option.shape], option.dtype)
    return tf.constant(option.wire_default, option.dtype)


def _name(function: Callable[..., Any], name: str, defaults: Mapping[str, tf.Tensor | None]) -> None:
    """Makes `function`, which takes any arguments, look as if it had been written out: TensorFlow reads no more.

    Args:
        function: given its name and its parameters.
        name: of the function.
        defaults: of the parameters, by their names; None where there is none.
    """
    parameters = [
        inspect.Parameter(
            parameter,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if default is None else default,
        )
        for parameter, default in defaults.items()
    ]
    function.__name__ = function.__qualname__ = name
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
