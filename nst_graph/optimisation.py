"""A whole optimisation: a checked request and a state in, a later state out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from nst_graph import validation
from nst_graph.exclusive import one_at_a_time
from nst_graph.execution import Execution
from nst_graph.limits import Limits
from nst_graph.loop import LoopState, optimise
from nst_graph.objective import Objective
from nst_graph.options import Option, options_for
from nst_graph.painting import Painting
from nst_graph.pixels import rounded
from nst_graph.presets import Preset
from nst_graph.recipe import Recipe, resolved
from nst_graph.state import Owner, owner_of


class Request(NamedTuple):
    """What a caller asks for, checked. Every call of a run has the same one: all of it is the state's owner."""

    content: tf.Tensor  # uint8[height, width, 3]
    style: tf.Tensor  # uint8[any height, any width, 3]
    options: Mapping[str, tf.Tensor]  # the optional inputs, by `Option.name`, as `resolved` returns them


class Advanced(NamedTuple):
    """A run after some iterations."""

    state: LoopState
    losses: tf.Tensor  # float32[iterations done, 4]: see `Losses`


class Optimisation:
    """Minimises the objective of a request's preset on one network."""

    def __init__(
        self,
        network: keras.Model,
        presets: Mapping[str, Preset],
        options: Sequence[Option],
        execution: Execution,
        limits: Limits,
    ) -> None:
        layers = dict.fromkeys(layer for preset in presets.values() for layer in preset.content_layers)
        self._objective = Objective(network, list(layers))
        self._compiled_objective = Objective(network, list(layers), xla=True)
        self._presets = presets
        self._options = [
            row._replace(choices=tuple(presets)) if row.name == "preset" else row
            for row in options_for("pixels", options)
        ]
        self._execution, self._limits = execution, limits
        self._made_with = {"network": _network_digest(network), "recipe": _digest(repr(presets).encode())}
        # Functions of their own, so that a SavedModel has each once and not once for each signature.
        self.resolve = tf.function(self._resolve, autograph=False)
        self.start = tf.function(self._start, autograph=False)
        self.shapes = tf.function(self._shapes, autograph=False)
        self.picture = tf.function(self._picture, autograph=False)
        self._run = tf.function(self._advance, autograph=False)

    def _resolve(
        self, options: Mapping[str, tf.Tensor], content: tf.Tensor, style: tf.Tensor
    ) -> Mapping[str, tf.Tensor]:
        """Unchecked options to those of a `Request` with these pictures."""
        checked = {row.name: validation.option(row, options[row.name]) for row in self._options}
        return resolved(checked, self._presets, content, style, self._limits)

    def _start(self, request: Request) -> LoopState:
        """The state before the first iteration."""
        return self._painting(request).start()

    def _shapes(self, request: Request, iteration: tf.Tensor) -> LoopState:
        """The shapes of a state: see `Painting.shapes`."""
        return self._painting(request).shapes(iteration)

    def _picture(self, request: Request, state: LoopState) -> tf.Tensor:
        """The picture that a state has come to: uint8[height, width, 3], of the content's size."""
        return rounded(self._painting(request).result(state))

    def owner(self, request: Request) -> Owner:
        """What a run of this request can only go on with: see `read_state`."""
        return owner_of(request, self._made_with)

    def advance(self, request: Request, state: LoopState, iterations: tf.Tensor, *, xla: bool = False) -> Advanced:
        """Runs iterations, int32[], when it is its turn; `xla` has XLA compile the network."""
        inputs = (request, state, iterations)

        def run(*tensors: tf.Tensor) -> tuple[tf.Tensor, ...]:
            arguments = tf.nest.pack_sequence_as(inputs, tensors)
            return tuple(tf.nest.flatten(self._run(*arguments, xla=xla)))

        tensors = tf.nest.flatten(inputs)
        outputs = one_at_a_time(run, tensors) if self._execution.exclusive else run(*tensors)
        advanced: Advanced = tf.nest.pack_sequence_as(Advanced(state, iterations), outputs)
        return advanced

    def _advance(self, request: Request, state: LoopState, iterations: tf.Tensor, *, xla: bool) -> Advanced:
        content, style, ends_at = request.content, request.style, None
        if self._execution.max_seconds is not None:
            # Behind the checks, or behind the wait for its turn; before the targets.
            inputs = tf.nest.flatten((request, state, iterations))
            with tf.control_dependencies([tf.identity(tensor) for tensor in inputs]):
                ends_at = tf.timestamp() + self._execution.max_seconds
            with tf.control_dependencies([ends_at]):
                content, style = tf.identity(content), tf.identity(style)
        # The targets are computed anew in every call of a run. They cost two thirds of an iteration; to carry them
        # would cost 27 MB each way at 512 x 512, three times the rest of the state.
        painting = self._painting(request._replace(content=content, style=style))
        objective = self._compiled_objective if xla else self._objective
        state, losses = optimise(
            painting.levels(objective, self._limits.tile_pixels),
            state,
            iterations=iterations,
            recipe=self._recipe(request),
            ends_at=ends_at,
        )
        return Advanced(state, losses)

    def _painting(self, request: Request) -> Painting:
        return Painting(request.content, request.style, self._recipe(request))

    def _recipe(self, request: Request) -> Recipe:
        return Recipe(self._presets, request.options)


def _network_digest(network: keras.Model) -> str:
    return _digest(b"".join(array.tobytes() for array in network.get_weights()))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
