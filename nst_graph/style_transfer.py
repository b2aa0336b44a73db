"""The module that becomes a SavedModel: VGG19, its recipes, and the functions of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras
import tensorflow as tf

from nst_graph.choices import Pooling, Precision
from nst_graph.evaluation import CONTENT_LAYER, Yardstick
from nst_graph.execution import DEFAULT_EXECUTION, Execution
from nst_graph.functions import (
    Function,
    StylizeFunctions,
    describe_function,
    evaluate_function,
    evaluate_inputs,
    help_function,
)
from nst_graph.help_text import help_text
from nst_graph.limits import DEFAULT_LIMITS, Limits
from nst_graph.optimisation import Optimisation
from nst_graph.options import OPTIONS, Option
from nst_graph.presets import STYLE_LAYERS, Preset
from nst_graph.restored import RestoredCheck
from nst_graph.signatures import Signature, signatures
from nst_graph.vgg19 import vgg19


class StyleTransfer(tf.Module):
    """Neural style transfer as one call: the whole optimisation is a `tf.while_loop`.

    The functions that stylise are those of `nst_graph.signatures.SIGNATURES`, and all but `stylize_encoded` take the
    optional inputs of `nst_graph.options.OPTIONS` too:

    Attributes:
        stylize: `content`, `style` uint8[height, width, 3] (sizes may differ) and `iterations` int32[] to a dict of
            `image` uint8[height, width, 3] of the content's size and `losses` float32[iterations, 4]: total, content,
            style, total variation of each picture before its update, weighted, so that total is the sum of the
            others. With `max_seconds` both end with the last iteration that began in time; at least one is done.
        stylize_start: `content`, `style` to `state_bytes` string[n], the state before the first iteration, and
            `image`, the picture that it starts from.
        stylize_step: `content`, `style`, `state_bytes` and `iterations` to `state_bytes`, `image` and the `losses` of
            these iterations. Whatever the splits, `image` and all `losses` are those of one `stylize` bit for bit. A
            state goes on only with the pictures, options, network and presets that it started with
            (`nst_graph.state`).
        stylize_encoded: `content_bytes`, `style_bytes` string[] (JPEG or PNG), `iterations` and `size` int32[], the
            longest side of both pictures in pixels or 0 to keep theirs, to `image_bytes` string[] (PNG) and `losses`.
            It never gains an input.
        stylize_encoded_options: what `stylize_encoded` does, with the optional inputs.
        stylize_encoded_start, stylize_encoded_step: what `stylize_start` and `stylize_step` do, from files to
            `image_bytes`; `size` must be the same in all calls of a run.
        stylize_xla, ...: with `execution.xla` alone: all that take `iterations` a second time, the network
            compiled by XLA, anew for each size of picture.
        evaluate: `content`, `style`, `image` uint8[height, width, 3] to the errors of `Evaluation`. The function,
            not its signature, takes all three as float32 in 0..255 too, and has a gradient for `image`.
        describe: nothing to `model_card` string[], JSON.
        help: nothing to a text on all of them, string[]; it has no signature.

    Each is a `tf.function`; each refuses bad input with `tf.errors.InvalidArgumentError`, before it
    waits for its turn where `exclusive` has the stylize ones wait. `evaluate` and `describe` never wait.
    """

    def __init__(
        self,
        network: keras.Model,
        presets: Mapping[str, Preset],
        *,
        limits: Limits = DEFAULT_LIMITS,
        execution: Execution = DEFAULT_EXECUTION,
        options: Sequence[Option] = OPTIONS,
        model_card: str = "{}",
    ) -> None:
        """Wraps a network built by `network_for` with the same presets; the first is the default."""
        super().__init__()
        optimisation = Optimisation(network, presets, options, execution, limits)
        # The plain tf.Variables inside Keras' own: tracked as Keras variables they are restored by
        # tf.saved_model.load but not by a session, which is how TensorFlow Serving loads a model.
        self.network_weights = [variable.value for variable in network.variables]
        self.restored = RestoredCheck(self.network_weights[-1])
        self._xla = execution.xla
        functions = StylizeFunctions(optimisation, limits, options)
        for row in self.rows.values():
            setattr(self, row.name, functions.make(row))
        self.evaluate = evaluate_function(Yardstick(network), limits)
        self.describe = describe_function(model_card)
        self.help = help_function(help_text(list(self.rows.values()), options))

    @property
    def rows(self) -> dict[str, Signature]:
        """What each function that stylises takes and does, by the name under which it is served."""
        return {row.served_as: row for row in signatures(xla=self._xla)}

    @property
    def signatures(self) -> dict[str, Function]:
        """The functions by the names under which they are served."""
        served = {name: getattr(self, row.name) for name, row in self.rows.items()}
        evaluate = tf.function(self.evaluate, input_signature=evaluate_inputs(tf.uint8), autograph=False)
        return served | {"evaluate": evaluate, "describe": self.describe}


def network_for(
    presets: Mapping[str, Preset], *, pooling: Pooling, precision: Precision = "float32", width_divisor: int = 1
) -> keras.Model:
    """VGG19 with all layers that the presets and `evaluate` use, and untrained weights."""
    contents = [layer for preset in presets.values() for layer in preset.content_layers]
    layers = [*contents, *STYLE_LAYERS, CONTENT_LAYER]
    return vgg19(layers, pooling=pooling, precision=precision, width_divisor=width_divisor)
