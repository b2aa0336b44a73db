"""The module that becomes a SavedModel: VGG19, one recipe, and the functions of the contract."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from nst_graph import validation
from nst_graph.encoded import decode_picture, encode_picture
from nst_graph.evaluation import CONTENT_LAYER, STYLE_LAYERS, Yardstick
from nst_graph.limits import DEFAULT_LIMITS, Limits
from nst_graph.loop import loop_start, optimise
from nst_graph.objective import Objective, Weights
from nst_graph.presets import Precision, Preset
from nst_graph.vgg19 import vgg19

PICTURE = [None, None, 3]


class StyleTransfer(tf.Module):
    """Neural style transfer as one call: the whole optimisation is a `tf.while_loop`.

    Attributes:
        stylize: `content`, `style` uint8[height, width, 3] (sizes may differ), `iterations` int32[],
            and, optional, `content_weight`, `style_weight`, `tv_weight`, `learning_rate` float32[],
            to a dict of `image` uint8[height, width, 3] of the content's size and `losses`
            float32[iterations, 4]: total, content, style, total variation of each picture before its
            update, weighted, so that total is the sum of the others.
        stylize_encoded: the same from `content_bytes`, `style_bytes` string[] (JPEG or PNG) to
            `image_bytes` string[] (PNG); `size` int32[] is the longest side of both pictures in
            pixels, 0 keeps theirs.
        evaluate: `content`, `style`, `image` uint8[height, width, 3] to the errors of
            `Evaluation`.
        describe: nothing to `model_card` string[], JSON.

    Each is a `tf.function`; each refuses bad input with `tf.errors.InvalidArgumentError`.
    """

    def __init__(
        self, network: keras.Model, preset: Preset, *, limits: Limits = DEFAULT_LIMITS, model_card: str = "{}"
    ) -> None:
        """Wraps a network built by `network_for` with the same preset."""
        super().__init__()
        self._limits = limits
        self._preset = preset
        self._objective = Objective(network, preset)
        self._yardstick = Yardstick(network)
        # The plain tf.Variables inside Keras' own: tracked as Keras variables they are restored by
        # tf.saved_model.load but not by a session, which is how TensorFlow Serving loads a model.
        self.network_weights = [variable.value for variable in network.variables]
        self._build_stylize()
        self._build_stylize_encoded()
        self._build_evaluate()
        self._build_describe(model_card)

    @property
    def signatures(self) -> dict[str, Callable[..., Any]]:
        """The functions by the names under which they are served."""
        return {
            "serving_default": self.stylize,
            "stylize_encoded": self.stylize_encoded,
            "evaluate": self.evaluate,
            "describe": self.describe,
        }

    def _run(
        self, content: tf.Tensor, style: tf.Tensor, iterations: tf.Tensor, numbers: list[tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Stylises checked pictures; checks the numbers first, because they size the loop."""
        *weights, learning_rate = numbers
        names = ("content_weight", "style_weight", "tv_weight")
        checked = Weights(*(validation.weight(name, value) for name, value in zip(names, weights, strict=True)))
        iterations = validation.iteration_count(iterations, self._limits)
        learning_rate = validation.learning_rate(learning_rate)
        content, style = tf.cast(content, tf.float32), tf.cast(style, tf.float32)
        targets = self._objective.targets(content, style)
        state, losses = optimise(
            lambda image: self._objective.losses(image, targets, checked),
            loop_start(content),
            iterations=iterations,
            learning_rate=learning_rate,
            preset=self._preset,
        )
        return tf.saturate_cast(tf.round(state.image), tf.uint8), losses

    def _number_defaults(self) -> tuple[tf.Tensor, ...]:
        """Defaults of the optional inputs. As tensors they become `SignatureDef.defaults`."""
        preset = self._preset
        return tuple(
            tf.constant(number, tf.float32)
            for number in (preset.content_weight, preset.style_weight, preset.tv_weight, preset.learning_rate)
        )

    def _build_stylize(self) -> None:
        content_default, style_default, tv_default, rate_default = self._number_defaults()

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
            content = validation.picture("content", content, self._limits)
            style = validation.picture("style", style, self._limits)
            numbers = [content_weight, style_weight, tv_weight, learning_rate]
            image, losses = self._run(content, style, iterations, numbers)
            return {"image": image, "losses": losses}

        self.stylize = stylize

    def _build_stylize_encoded(self) -> None:
        content_default, style_default, tv_default, rate_default = self._number_defaults()

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
            content = decode_picture("content_bytes", content_bytes, size, self._limits)
            style = decode_picture("style_bytes", style_bytes, size, self._limits)
            numbers = [content_weight, style_weight, tv_weight, learning_rate]
            image, losses = self._run(content, style, iterations, numbers)
            return {"image_bytes": encode_picture(image), "losses": losses}

        self.stylize_encoded = stylize_encoded

    def _build_evaluate(self) -> None:
        @tf.function(input_signature=[tf.TensorSpec(PICTURE, tf.uint8, n) for n in ("content", "style", "image")])
        def evaluate(content: tf.Tensor, style: tf.Tensor, image: tf.Tensor) -> dict[str, tf.Tensor]:
            content = validation.picture("content", content, self._limits)
            style = validation.picture("style", style, self._limits)
            image = validation.same_size("image", validation.picture("image", image, self._limits), "content", content)
            pictures = (tf.cast(picture, tf.float32) for picture in (content, style, image))
            return self._yardstick.evaluate(*pictures)._asdict()

        self.evaluate = evaluate

    def _build_describe(self, model_card: str) -> None:
        @tf.function(input_signature=[])
        def describe() -> dict[str, tf.Tensor]:
            return {"model_card": tf.constant(model_card)}

        self.describe = describe


NUMBERS = [
    tf.TensorSpec([], tf.float32, name) for name in ("content_weight", "style_weight", "tv_weight", "learning_rate")
]


def network_for(preset: Preset, *, precision: Precision = "float32", width_divisor: int = 1) -> keras.Model:
    """VGG19 with all layers that the preset and `evaluate` use, and untrained weights."""
    layers = [*preset.content_layers, *preset.style_layers, *STYLE_LAYERS, CONTENT_LAYER]
    return vgg19(layers, pooling=preset.pooling, precision=precision, width_divisor=width_divisor)
