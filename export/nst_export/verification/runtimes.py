"""A version loaded twice: into a session, as TensorFlow Serving has it, and as a Python module."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from nst_export.saved_model.session import Model
from nst_export.saved_model.tensor_arrays import array_of
from nst_export.toolkit.inspection import DEFAULT_SIGNATURE
from nst_export.toolkit.sample_inputs import sample_inputs
from nst_export.toolkit.signatures import signature_rows
from nst_export.verification.finding import DoesNotApply
from nst_export.verification.samples import SIDE, Arrays, contract_inputs

if TYPE_CHECKING:
    from nst_export.verification.subject import Subject

THREADS = 8  # more than any question has runs at once


class Session:
    """Runs signatures as TensorFlow Serving does: defaults are filled in from the signature, and nothing is checked."""

    def __init__(self, subject: Subject) -> None:
        """Loads it.

        Raises:
            tf.errors.OpError: it does not load.
        """
        begin = time.perf_counter()
        self._model = Model(subject.folder, inter_op_threads=THREADS)
        self.seconds = time.perf_counter() - begin
        self._subject = subject
        self._results: dict[str, Arrays] = {}

    def run(self, name: str, inputs: Arrays, *, timeout_seconds: float | None = None) -> dict[str, np.ndarray]:
        """All outputs of a signature.

        Raises:
            DoesNotApply: the signature has inputs or outputs that are not plain tensors.
            tf.errors.OpError: whatever the runtime says.
        """
        definition = self._subject.signatures[name]
        values = {alias: array_of(tensor) for alias, tensor in definition.defaults.items()} | dict(inputs)
        feeds = {definition.inputs[alias].name: value for alias, value in values.items()}
        outputs = sorted(definition.outputs)
        fetches = [definition.outputs[alias].name for alias in outputs]
        if not all((*feeds, *fetches)):
            raise DoesNotApply(f"{name} has inputs or outputs that are not plain tensors")
        results = self._model.run(feeds, fetches, timeout_seconds=timeout_seconds)
        return dict(zip(outputs, results, strict=True))

    def sample(self, name: str, *, seed: int = 0) -> Arrays:
        """Inputs for a signature: of the contract by their names, else as in a warm-up request, else made up.

        Args:
            name: the signature's.
            seed: 0 and 1 differ.

        Raises:
            DoesNotApply: one cannot be made up.
        """
        definition = self._subject.signatures[name]
        required = [alias for alias in sorted(definition.inputs) if alias not in definition.defaults]
        if self._subject.is_ours and set(required) <= self._contract.keys() | {"state_bytes"}:
            inputs = self._contract if seed == 0 else contract_inputs(self.side, seed=seed)
            if "state_bytes" in required:
                inputs = inputs | {"state_bytes": self._state}
            return {alias: inputs[alias] for alias in required}
        recorded = self._recorded(name) if seed == 0 else None
        if recorded is not None:
            return recorded
        values = sample_inputs(signature_rows({name: definition}, {})[0], {}, {}, seed=seed)
        unknown = ", ".join(alias for alias in required if alias not in values)
        if unknown:
            raise DoesNotApply(f"no value of {unknown} can be made up")
        return values

    def _recorded(self, name: str) -> Arrays | None:
        """The inputs of the first warm-up request for a signature."""
        try:
            requests = self._subject.warmup
        except DoesNotApply:
            return None
        for request in requests:
            if (request.model_spec.signature_name or DEFAULT_SIGNATURE) == name:
                return {alias: array_of(tensor) for alias, tensor in request.inputs.items()}
        return None

    def result(self, name: str) -> Arrays:
        """What a signature makes of its first sample, run once."""
        if name not in self._results:
            self._results[name] = self.run(name, self.sample(name))
        return self._results[name]

    @property
    def side(self) -> int:
        """Of the sample pictures, in pixels."""
        limit = self._subject.card.limits.get("max_pixels")
        return min(SIDE, int(limit**0.5)) if isinstance(limit, int) and limit > 0 else SIDE

    @cached_property
    def _contract(self) -> dict[str, Any]:
        return contract_inputs(self.side)

    @cached_property
    def _state(self) -> np.ndarray:
        return self.result("stylize_start")["state_bytes"]


class Eager:
    """The module that `tf.saved_model.load` gives."""

    def __init__(self, subject: Subject) -> None:
        """Loads it.

        Raises:
            Exception: whatever TensorFlow raises; it has no one class for it.
        """
        begin = time.perf_counter()
        self._module = tf.saved_model.load(str(subject.folder), tags=list(subject.graph.meta_info_def.tags))
        self.seconds = time.perf_counter() - begin
        self._subject = subject
        self.signatures: Mapping[str, Any] = self._module.signatures

    def run(self, name: str, inputs: Arrays) -> dict[str, np.ndarray]:
        """All outputs of a signature, which fills in no defaults itself."""
        definition = self._subject.signatures[name]
        values = {alias: array_of(tensor) for alias, tensor in definition.defaults.items()} | dict(inputs)
        tensors = {
            alias: tf.constant(value, tf.as_dtype(definition.inputs[alias].dtype)) for alias, value in values.items()
        }
        return {alias: np.asarray(value) for alias, value in self.signatures[name](**tensors).items()}
