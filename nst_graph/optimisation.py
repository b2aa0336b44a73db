"""A whole optimisation: a checked request and a state in, a later state out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import keras
import tensorflow as tf

from nst_graph.exclusive import one_at_a_time
from nst_graph.loop import LoopState, loop_start, optimise
from nst_graph.objective import Objective, Weights
from nst_graph.presets import Preset
from nst_graph.server_options import ServerOptions
from nst_graph.state import owner_of


class Request(NamedTuple):
    """What a caller asks for, checked: the same in every call of a run."""

    content: tf.Tensor  # uint8[height, width, 3]
    style: tf.Tensor  # uint8[any height, any width, 3]
    weights: Weights
    learning_rate: tf.Tensor  # float32[], in pixel levels


class Advanced(NamedTuple):
    """A run after some iterations."""

    state: LoopState
    losses: tf.Tensor  # float32[iterations done, 4]: see `Losses`


class Optimisation:
    """Minimises the objective of one preset on one network."""

    def __init__(self, network: keras.Model, preset: Preset, options: ServerOptions) -> None:
        self._objective = Objective(network, preset)
        self._preset = preset
        self._options = options
        self._made_with = {"network": _network_digest(network), "recipe": _digest(repr(preset).encode())}
        # A function of its own, so that a SavedModel has the loop once and not once for each signature.
        self._run = tf.function(self._advance)

    def start(self, request: Request) -> LoopState:
        """The state before the first iteration."""
        return loop_start(tf.cast(request.content, tf.float32))

    def owner(self, request: Request) -> Mapping[str, tf.Tensor]:
        """What a run of this request can only go on with: see `read_state`."""
        numbers = {
            **{f"{n}_weight": w for n, w in request.weights._asdict().items()},
            "learning_rate": request.learning_rate,
        }
        # Nine digits tell any two float32 apart; as many as `tf.as_string` writes by itself, six, do not.
        words = {name: tf.as_string(number, precision=9, shortest=True) for name, number in numbers.items()}
        return owner_of(request.content, request.style, **words, **self._made_with)

    def advance(self, request: Request, state: LoopState, iterations: tf.Tensor, *, xla: bool = False) -> Advanced:
        """Runs iterations, int32[], when it is its turn; `xla` has XLA compile them."""
        inputs = (request, state, iterations)

        def run(*tensors: tf.Tensor) -> tuple[tf.Tensor, ...]:
            arguments = tf.nest.pack_sequence_as(inputs, tensors)
            return tuple(tf.nest.flatten(self._run(*arguments, xla=xla)))

        tensors = tf.nest.flatten(inputs)
        outputs = one_at_a_time(run, tensors) if self._options.exclusive else run(*tensors)
        advanced: Advanced = tf.nest.pack_sequence_as(Advanced(state, iterations), outputs)
        return advanced

    def _advance(self, request: Request, state: LoopState, iterations: tf.Tensor, *, xla: bool) -> Advanced:
        content, style, ends_at = request.content, request.style, None
        if self._options.max_seconds is not None:
            # Behind the checks, or behind the wait for its turn; before the targets.
            inputs = tf.nest.flatten((request, state, iterations))
            with tf.control_dependencies([tf.identity(tensor) for tensor in inputs]):
                ends_at = tf.timestamp() + self._options.max_seconds
            with tf.control_dependencies([ends_at]):
                content, style = tf.identity(content), tf.identity(style)
        # The targets are computed anew in every call of a run. They cost two thirds of an iteration; to carry them
        # would cost 27 MB each way at 512 x 512, three times the rest of the state.
        targets = self._objective.targets(tf.cast(content, tf.float32), tf.cast(style, tf.float32))
        state, losses = optimise(
            lambda image: self._objective.losses(image, targets, request.weights),
            state,
            iterations=iterations,
            learning_rate=request.learning_rate,
            preset=self._preset,
            ends_at=ends_at,
            xla=xla,
        )
        return Advanced(state, losses)


def picture_of(state: LoopState) -> tf.Tensor:
    """The picture that a state has come to: uint8[height, width, 3]."""
    return tf.saturate_cast(tf.round(state.image), tf.uint8)


def _network_digest(network: keras.Model) -> str:
    return _digest(b"".join(array.tobytes() for array in network.get_weights()))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
