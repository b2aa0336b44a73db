"""The functions of the contract: inputs are checked here, before anything runs on them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from nst_graph import validation
from nst_graph.encoded import decode_picture, encode_picture
from nst_graph.evaluation import Yardstick
from nst_graph.limits import Limits
from nst_graph.objective import Weights
from nst_graph.optimisation import Optimisation, Request, picture_of
from nst_graph.presets import Preset
from nst_graph.state import read_state, write_state

Signature = Any  # a `tf.function` from tensors to a dict of tensors, which TensorFlow has no type for

PICTURE = [None, None, 3]
NUMBERS = [
    tf.TensorSpec([], tf.float32, name) for name in ("content_weight", "style_weight", "tv_weight", "learning_rate")
]


def stylize_signature(optimisation: Optimisation, preset: Preset, limits: Limits, *, xla: bool = False) -> Signature:
    """Pictures in, picture and losses out: see `StyleTransfer.stylize`."""
    content_default, style_default, tv_default, rate_default = _number_defaults(preset)

    @tf.function(
        input_signature=[
            tf.TensorSpec(PICTURE, tf.uint8, "content"),
            tf.TensorSpec(PICTURE, tf.uint8, "style"),
            tf.TensorSpec([], tf.int32, "iterations"),
            *NUMBERS,
        ]
    )
    def stylize(
        content: tf.Tensor,
        style: tf.Tensor,
        iterations: tf.Tensor,
        content_weight: tf.Tensor = content_default,
        style_weight: tf.Tensor = style_default,
        tv_weight: tf.Tensor = tv_default,
        learning_rate: tf.Tensor = rate_default,
    ) -> dict[str, tf.Tensor]:
        content = validation.picture("content", content, limits)
        style = validation.picture("style", style, limits)
        weights = Weights(content_weight, style_weight, tv_weight)
        request = _checked(Request(content, style, weights, learning_rate))
        state, losses = optimisation.advance(
            request, optimisation.start(request), validation.iteration_count(iterations, limits), xla=xla
        )
        return {"image": picture_of(state), "losses": losses}

    return stylize


def stylize_encoded_signature(
    optimisation: Optimisation, preset: Preset, limits: Limits, *, xla: bool = False
) -> Signature:
    """Files in, file and losses out: see `StyleTransfer.stylize_encoded`."""
    content_default, style_default, tv_default, rate_default = _number_defaults(preset)

    @tf.function(
        input_signature=[
            tf.TensorSpec([], tf.string, "content_bytes"),
            tf.TensorSpec([], tf.string, "style_bytes"),
            tf.TensorSpec([], tf.int32, "iterations"),
            tf.TensorSpec([], tf.int32, "size"),
            *NUMBERS,
        ]
    )
    def stylize_encoded(
        content_bytes: tf.Tensor,
        style_bytes: tf.Tensor,
        iterations: tf.Tensor,
        size: tf.Tensor = tf.constant(0),  # noqa: B008
        content_weight: tf.Tensor = content_default,
        style_weight: tf.Tensor = style_default,
        tv_weight: tf.Tensor = tv_default,
        learning_rate: tf.Tensor = rate_default,
    ) -> dict[str, tf.Tensor]:
        content = decode_picture("content_bytes", content_bytes, size, limits)
        style = decode_picture("style_bytes", style_bytes, size, limits)
        weights = Weights(content_weight, style_weight, tv_weight)
        request = _checked(Request(content, style, weights, learning_rate))
        state, losses = optimisation.advance(
            request, optimisation.start(request), validation.iteration_count(iterations, limits), xla=xla
        )
        return {"image_bytes": encode_picture(picture_of(state)), "losses": losses}

    return stylize_encoded


def stylize_start_signature(optimisation: Optimisation, preset: Preset, limits: Limits) -> Signature:
    """Pictures in, the state before the first iteration out: see `StyleTransfer.stylize_start`."""
    content_default, style_default, tv_default, rate_default = _number_defaults(preset)

    @tf.function(
        input_signature=[
            tf.TensorSpec(PICTURE, tf.uint8, "content"),
            tf.TensorSpec(PICTURE, tf.uint8, "style"),
            *NUMBERS,
        ]
    )
    def stylize_start(
        content: tf.Tensor,
        style: tf.Tensor,
        content_weight: tf.Tensor = content_default,
        style_weight: tf.Tensor = style_default,
        tv_weight: tf.Tensor = tv_default,
        learning_rate: tf.Tensor = rate_default,
    ) -> dict[str, tf.Tensor]:
        content = validation.picture("content", content, limits)
        style = validation.picture("style", style, limits)
        weights = Weights(content_weight, style_weight, tv_weight)
        request = _checked(Request(content, style, weights, learning_rate))
        state = optimisation.start(request)
        return {"state_bytes": write_state(state, optimisation.owner(request)), "image": picture_of(state)}

    return stylize_start


def stylize_step_signature(
    optimisation: Optimisation, preset: Preset, limits: Limits, *, xla: bool = False
) -> Signature:
    """Pictures and a state in, a later state and its losses out: see `StyleTransfer.stylize_step`."""
    content_default, style_default, tv_default, rate_default = _number_defaults(preset)

    @tf.function(
        input_signature=[
            tf.TensorSpec(PICTURE, tf.uint8, "content"),
            tf.TensorSpec(PICTURE, tf.uint8, "style"),
            tf.TensorSpec([None], tf.string, "state_bytes"),
            tf.TensorSpec([], tf.int32, "iterations"),
            *NUMBERS,
        ]
    )
    def stylize_step(
        content: tf.Tensor,
        style: tf.Tensor,
        state_bytes: tf.Tensor,
        iterations: tf.Tensor,
        content_weight: tf.Tensor = content_default,
        style_weight: tf.Tensor = style_default,
        tv_weight: tf.Tensor = tv_default,
        learning_rate: tf.Tensor = rate_default,
    ) -> dict[str, tf.Tensor]:
        content = validation.picture("content", content, limits)
        style = validation.picture("style", style, limits)
        weights = Weights(content_weight, style_weight, tv_weight)
        request = _checked(Request(content, style, weights, learning_rate))
        owner = optimisation.owner(request)
        state = read_state("state_bytes", state_bytes, optimisation.start(request), owner)
        state, losses = optimisation.advance(request, state, validation.iteration_count(iterations, limits), xla=xla)
        return {"state_bytes": write_state(state, owner), "image": picture_of(state), "losses": losses}

    return stylize_step


def evaluate_signature(yardstick: Yardstick, limits: Limits) -> Signature:
    """Pictures in, errors out: see `StyleTransfer.evaluate`."""

    @tf.function(input_signature=[tf.TensorSpec(PICTURE, tf.uint8, n) for n in ("content", "style", "image")])
    def evaluate(content: tf.Tensor, style: tf.Tensor, image: tf.Tensor) -> dict[str, tf.Tensor]:
        content = validation.picture("content", content, limits)
        style = validation.picture("style", style, limits)
        image = validation.same_size("image", validation.picture("image", image, limits), "content", content)
        pictures = (tf.cast(picture, tf.float32) for picture in (content, style, image))
        return yardstick.evaluate(*pictures)._asdict()

    return evaluate


def describe_signature(model_card: str) -> Signature:
    """Nothing in, the model card out: see `StyleTransfer.describe`."""

    @tf.function(input_signature=[])
    def describe() -> dict[str, tf.Tensor]:
        return {"model_card": tf.constant(model_card)}

    return describe


def _checked(request: Request) -> Request:
    """A request of checked pictures with its numbers checked too."""
    names = ("content_weight", "style_weight", "tv_weight")
    weights = (validation.weight(name, value) for name, value in zip(names, request.weights, strict=True))
    return request._replace(weights=Weights(*weights), learning_rate=validation.learning_rate(request.learning_rate))


def _number_defaults(preset: Preset) -> tuple[tf.Tensor, ...]:
    """Defaults of the optional inputs. As tensors they become `SignatureDef.defaults`."""
    return tuple(
        tf.constant(number, tf.float32)
        for number in (preset.content_weight, preset.style_weight, preset.tv_weight, preset.learning_rate)
    )
