"""The module that becomes a SavedModel: VGG19, one recipe, and the functions of the contract."""

from __future__ import annotations

import keras
import tensorflow as tf

from nst_graph.evaluation import CONTENT_LAYER, STYLE_LAYERS, Yardstick
from nst_graph.limits import DEFAULT_LIMITS, Limits
from nst_graph.optimisation import Optimisation
from nst_graph.presets import Precision, Preset
from nst_graph.server_options import DEFAULT_OPTIONS, ServerOptions
from nst_graph.signatures import (
    Signature,
    describe_signature,
    evaluate_signature,
    stylize_encoded_signature,
    stylize_signature,
    stylize_start_signature,
    stylize_step_signature,
)
from nst_graph.vgg19 import vgg19


class StyleTransfer(tf.Module):
    """Neural style transfer as one call: the whole optimisation is a `tf.while_loop`.

    Attributes:
        stylize: `content`, `style` uint8[height, width, 3] (sizes may differ), `iterations` int32[],
            and, optional, `content_weight`, `style_weight`, `tv_weight`, `learning_rate` float32[],
            to a dict of `image` uint8[height, width, 3] of the content's size and `losses`
            float32[iterations, 4]: total, content, style, total variation of each picture before its
            update, weighted, so that total is the sum of the others. With `max_seconds` both end with
            the last iteration that began in time; at least one is done.
        stylize_encoded: the same from `content_bytes`, `style_bytes` string[] (JPEG or PNG) to
            `image_bytes` string[] (PNG); `size` int32[] is the longest side of both pictures in
            pixels, 0 keeps theirs.
        stylize_start: `content`, `style` and the optional numbers of `stylize` to `state_bytes` string[n],
            the state before the first iteration, and `image`, the content itself.
        stylize_step: the same, with `state_bytes` and `iterations`, to `state_bytes`, `image` and
            `losses` of these iterations. Whatever the splits, `image` and all `losses` are those of
            one `stylize` bit for bit. A state goes on only with the pictures, numbers, network and
            recipe that it started with (`nst_graph.state`).
        stylize_xla, stylize_encoded_xla, stylize_step_xla: with the option `xla` alone: the same three,
            their iterations compiled by XLA, anew for each size of picture.
        evaluate: `content`, `style`, `image` uint8[height, width, 3] to the errors of
            `Evaluation`.
        describe: nothing to `model_card` string[], JSON.

    Each is a `tf.function`; each refuses bad input with `tf.errors.InvalidArgumentError`, before it
    waits for its turn where `exclusive` has the stylize ones wait. `evaluate` and `describe` never wait.
    """

    def __init__(
        self,
        network: keras.Model,
        preset: Preset,
        *,
        limits: Limits = DEFAULT_LIMITS,
        options: ServerOptions = DEFAULT_OPTIONS,
        model_card: str = "{}",
    ) -> None:
        """Wraps a network built by `network_for` with the same preset."""
        super().__init__()
        optimisation = Optimisation(network, preset, options)
        # The plain tf.Variables inside Keras' own: tracked as Keras variables they are restored by
        # tf.saved_model.load but not by a session, which is how TensorFlow Serving loads a model.
        self.network_weights = [variable.value for variable in network.variables]
        self.stylize = stylize_signature(optimisation, preset, limits)
        self.stylize_encoded = stylize_encoded_signature(optimisation, preset, limits)
        self.stylize_start = stylize_start_signature(optimisation, preset, limits)
        self.stylize_step = stylize_step_signature(optimisation, preset, limits)
        if options.xla:
            self.stylize_xla = stylize_signature(optimisation, preset, limits, xla=True)
            self.stylize_encoded_xla = stylize_encoded_signature(optimisation, preset, limits, xla=True)
            self.stylize_step_xla = stylize_step_signature(optimisation, preset, limits, xla=True)
        self.evaluate = evaluate_signature(Yardstick(network), limits)
        self.describe = describe_signature(model_card)

    @property
    def signatures(self) -> dict[str, Signature]:
        """The functions by the names under which they are served."""
        names = ("stylize_encoded", "stylize_start", "stylize_step", "evaluate", "describe")
        compiled = ("stylize_xla", "stylize_encoded_xla", "stylize_step_xla")
        return {"serving_default": self.stylize} | {
            n: getattr(self, n) for n in (*names, *compiled) if hasattr(self, n)
        }


def network_for(preset: Preset, *, precision: Precision = "float32", width_divisor: int = 1) -> keras.Model:
    """VGG19 with all layers that the preset and `evaluate` use, and untrained weights."""
    layers = [*preset.content_layers, *preset.style_layers, *STYLE_LAYERS, CONTENT_LAYER]
    return vgg19(layers, pooling=preset.pooling, precision=precision, width_divisor=width_divisor)
