"""A whole optimisation: a checked request in, a finished picture out."""

from __future__ import annotations

from typing import NamedTuple

import keras
import tensorflow as tf

from nst_graph.exclusive import one_at_a_time
from nst_graph.loop import loop_start, optimise
from nst_graph.objective import Objective, Weights
from nst_graph.presets import Preset
from nst_graph.server_options import ServerOptions


class Request(NamedTuple):
    """What a caller asks for, checked."""

    content: tf.Tensor  # uint8[height, width, 3]
    style: tf.Tensor  # uint8[any height, any width, 3]
    iterations: tf.Tensor  # int32[]
    weights: Weights
    learning_rate: tf.Tensor  # float32[], in pixel levels


class Stylized(NamedTuple):
    """What comes out."""

    image: tf.Tensor  # uint8[height, width, 3]: the content's size
    losses: tf.Tensor  # float32[iterations done, 4]: see `Losses`


class Optimisation:
    """Minimises the objective of one preset on one network."""

    def __init__(self, network: keras.Model, preset: Preset, options: ServerOptions) -> None:
        self._objective = Objective(network, preset)
        self._preset = preset
        self._options = options

    def stylized(self, request: Request, *, xla: bool = False) -> Stylized:
        """Runs a request, when it is its turn; `xla` has XLA compile the iterations."""

        def run(*tensors: tf.Tensor) -> Stylized:
            return self._stylized(tf.nest.pack_sequence_as(request, tensors), xla=xla)

        tensors = tf.nest.flatten(request)
        return Stylized(*(one_at_a_time(run, tensors) if self._options.exclusive else run(*tensors)))

    def _stylized(self, request: Request, *, xla: bool) -> Stylized:
        content, style, ends_at = request.content, request.style, None
        if self._options.max_seconds is not None:
            # Behind the checks, or behind the wait for its turn; before the targets.
            with tf.control_dependencies([tf.identity(tensor) for tensor in tf.nest.flatten(request)]):
                ends_at = tf.timestamp() + self._options.max_seconds
            with tf.control_dependencies([ends_at]):
                content, style = tf.identity(content), tf.identity(style)
        content, style = tf.cast(content, tf.float32), tf.cast(style, tf.float32)
        targets = self._objective.targets(content, style)
        state, losses = optimise(
            lambda image: self._objective.losses(image, targets, request.weights),
            loop_start(content),
            iterations=request.iterations,
            learning_rate=request.learning_rate,
            preset=self._preset,
            ends_at=ends_at,
            xla=xla,
        )
        return Stylized(tf.saturate_cast(tf.round(state.image), tf.uint8), losses)
