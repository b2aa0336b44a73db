"""The functions of the contract, made from their rows. Inputs are checked here, before anything runs on them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import tensorflow as tf

from nst_graph import validation
from nst_graph.encoded import decode_picture, decode_several, encode_picture
from nst_graph.evaluation import Yardstick
from nst_graph.limits import Limits
from nst_graph.loop import LoopState
from nst_graph.optimisation import Optimisation, Request
from nst_graph.options import OPTIONS, Option, options_for
from nst_graph.pixels import floats
from nst_graph.signatures import PIXELS, Signature
from nst_graph.state import read_state, write_state

Function = Any  # a `tf.function` from tensors to a dict of tensors, which TensorFlow has no type for
Tensors = Mapping[str, tf.Tensor]


class StylizeFunctions:
    """Makes the functions of one model. What several of them do is a function of its own, which they share."""

    def __init__(self, optimisation: Optimisation, limits: Limits, options: Sequence[Option] = OPTIONS) -> None:
        """Takes what they run, what they accept, and their optional inputs."""
        self._optimisation, self._limits, self._options = optimisation, limits, options
        self._decode = {
            name: tf.function(partial(decode_picture, name, limits=limits), autograph=False)
            for name in ("content_bytes", "style_bytes", "more_style_bytes")
        }
        self._decode_several = tf.function(
            partial(decode_several, self._decode.pop("more_style_bytes")), autograph=False
        )
        self._read = tf.function(self._read_state, autograph=False)
        self._write = tf.function(self._write_state, autograph=False)

    def make(self, row: Signature) -> Function:
        """The function of a row: see `StyleTransfer`. Defaults, as tensors, become `SignatureDef.defaults`."""
        defaults = {option.name: _default(option) for option in self._options}
        specs = row.inputs
        if row.takes_options:
            taken = options_for(row.reads, self._options)
            specs |= {option.name: tf.TensorSpec(option.shape, option.dtype) for option in taken}

        def function(*arguments: tf.Tensor) -> dict[str, tf.Tensor]:
            inputs = {**defaults, **dict(zip(specs, arguments, strict=True))}
            content, style = self._pictures(row, inputs)
            options = self._optimisation.resolve(self._read_options(row, inputs), content, style)
            return self._outputs(row, Request(content, style, options), inputs)

        _name(function, row.name, {name: defaults.get(name) for name in specs})
        named = [tf.TensorSpec(spec.shape, spec.dtype, name) for name, spec in specs.items()]
        return tf.function(function, input_signature=named, autograph=False)

    def _read_options(self, row: Signature, inputs: Tensors) -> dict[str, tf.Tensor]:
        """The options as pixels, whatever they came as."""
        options = {option.name: inputs[option.name] for option in options_for("pixels", self._options)}
        if row.reads == "files" and row.takes_options:
            pictures, sizes = self._decode_several(inputs["more_style_bytes"], inputs["size"])
            options |= {"more_styles": pictures, "more_style_sizes": sizes}
        return options

    def _pictures(self, row: Signature, inputs: Tensors) -> list[tf.Tensor]:
        """Content and style: uint8[height, width, 3] each."""
        if row.reads == "pixels":
            return [validation.picture(name, inputs[name], self._limits) for name in ("content", "style")]
        return [decode(inputs[name], inputs["size"]) for name, decode in self._decode.items()]

    def _outputs(self, row: Signature, request: Request, inputs: Tensors) -> dict[str, tf.Tensor]:
        begun = row.does == "step"
        state = self._read(request, inputs["state_bytes"]) if begun else self._optimisation.start(request)
        losses = {}
        if row.does != "start":
            iterations = validation.iteration_count(inputs["iterations"], self._limits)
            state, losses["losses"] = self._optimisation.advance(request, state, iterations, xla=row.xla)
        image = self._optimisation.picture(request, state)
        picture = {"image": image} if row.reads == "pixels" else {"image_bytes": encode_picture(image)}
        written = {} if row.does == "whole" else {"state_bytes": self._write(request, state)}
        return written | picture | losses

    def _read_state(self, request: Request, state_bytes: tf.Tensor) -> LoopState:
        owner = self._optimisation.owner(request)
        return read_state("state_bytes", state_bytes, partial(self._optimisation.shapes, request), owner)

    def _write_state(self, request: Request, state: LoopState) -> tf.Tensor:
        return write_state(state, self._optimisation.owner(request), partial(self._optimisation.shapes, request))


def evaluate_function(yardstick: Yardstick, limits: Limits) -> Function:
    """Pictures in, errors out: see `StyleTransfer.evaluate`. Pixels and floats share the graph of the errors."""

    def of_floats(content: tf.Tensor, style: tf.Tensor, image: tf.Tensor) -> dict[str, tf.Tensor]:
        content = validation.picture("content", content, limits)
        style = validation.picture("style", style, limits)
        image = validation.same_size("image", validation.picture("image", image, limits), "content", content)
        return yardstick.evaluate(content, style, image)._asdict()

    once = tf.function(of_floats, input_signature=evaluate_inputs(tf.float32), autograph=False)

    @tf.function(autograph=False)
    def evaluate(content: tf.Tensor, style: tf.Tensor, image: tf.Tensor) -> dict[str, tf.Tensor]:
        # A loaded function is traced for the shapes that it is called with. Were they seen here, TensorFlow would
        # refuse what does not go together before our checks can, in its own words.
        pictures = [
            tf.raw_ops.PlaceholderWithDefault(input=floats(each), shape=PIXELS.shape)
            for each in (content, style, image)
        ]
        return dict(once(*pictures))

    for dtype in (tf.float32, tf.uint8):
        evaluate.get_concrete_function(*evaluate_inputs(dtype))
    return evaluate


def evaluate_inputs(dtype: tf.DType) -> list[tf.TensorSpec]:
    """The three pictures that `evaluate` compares."""
    return [tf.TensorSpec(PIXELS.shape, dtype, name) for name in ("content", "style", "image")]


def describe_function(model_card: str) -> Function:
    """Nothing in, the model card out: see `StyleTransfer.describe`."""

    @tf.function(input_signature=[], autograph=False)
    def describe() -> dict[str, tf.Tensor]:
        return {"model_card": tf.constant(model_card)}

    return describe


def help_function(text: str) -> Function:
    """Nothing in, `text` out: see `StyleTransfer.help`."""
    return tf.function(lambda: tf.constant(text), input_signature=[], autograph=False)


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
