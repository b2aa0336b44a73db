"""The Python client: one method for each signature."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

import numpy as np
from typing_extensions import Unpack

from nst_client import contract, errors
from nst_client.calls import transport
from nst_client.calls.answers import Evaluation, Stylized, VersionStatus
from nst_client.calls.arrays import pixels
from nst_client.calls.availability import wait_until_available
from nst_client.calls.chunk_size import ChunkSize
from nst_client.calls.divergence import check_finite
from nst_client.calls.guidance import Style
from nst_client.calls.inputs import check_sendable, picture_inputs, whole
from nst_client.calls.known_options import KnownOptions
from nst_client.calls.planning import Planned, check_more, going_on, planned
from nst_client.calls.protocol import get_model_status_pb2, model_pb2, predict_pb2, tensor_pb2
from nst_client.calls.run import Patience, decide, run
from nst_client.calls.servers import MethodOf, Servers, server_at
from nst_client.calls.tensors import array_of, strings_of, tensor_of
from nst_client.progress import Plan, Progress


class StyleClient:
    """Calls a model on a TensorFlow Serving compatible server.

    Every method raises a subclass of `nst_client.NstError` when it fails. Instances may be shared
    between threads.

    The first run asks for the model card, once for the client: it says what a preset leaves open, and an option that
    the model does not know is refused before anything is computed. One of several servers answers for all:
    they are taken to have the same model, and one that has an older model refuses the call in its own words.
    """

    def __init__(
        self,
        address: str | Sequence[str] = contract.DEFAULT_SERVER,
        *,
        model: str = contract.DEFAULT_MODEL,
        version: int | None = None,
        label: str | None = None,
        tls: transport.Tls | None = None,
        servers: Servers | None = None,
    ) -> None:
        """Names the servers and the model; nothing is sent yet.

        Args:
            address: HOST:PORT, or any gRPC target (see `transport.open_channel`); or several, over which
                calls are spread.
            model: the name under which the servers have the model.
            version: of the model; by default the server's newest.
            label: of a version on the server, in place of its number.
            tls: for servers that speak TLS.
            servers: in place of `address` and `tls`, and closed with the client.

        Raises:
            RequestRefused: no address, or one that is none, no 64-bit version, or one that is named twice.
        """
        addresses = [address] if isinstance(address, str) else list(dict.fromkeys(address))
        if servers is None and not addresses:
            raise errors.RequestRefused("server: there is no address.", "Pass HOST:PORT.", input="server")
        self._servers = servers or Servers([server_at(one, tls) for one in addresses])
        self.address = ", ".join(self._servers.addresses)
        self.servers = len(self._servers)
        self.model = model
        self._spec = model_pb2.ModelSpec(name=model)
        if version is not None and label is not None:
            raise errors.RequestRefused("version and label both say which version.", "Leave one out.", input="label")
        if label is not None:
            self._spec.version_label = label
        if version is not None:
            self._spec.version.value = int(whole("version", version, 64))
        self._known = KnownOptions(self._card)

    def __enter__(self) -> StyleClient:  # noqa: PYI034  (typing.Self is newer than Python 3.10)
        """The client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes the connection."""
        self.close()

    def close(self) -> None:
        """Closes the connection; calls that are running end with an error."""
        self._servers.close()

    def stylize(
        self,
        content: np.ndarray,
        style: Style,
        *,
        iterations: int | None = None,
        deadline_seconds: float | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        **options: Unpack[contract.Options],
    ) -> Stylized:
        """Repaints `content` in the manner of `style`.

        Args:
            content: uint8[height, width, 3], RGB.
            style: uint8[height, width, 3], RGB, of any size; or a sequence of up to 16, each of its own size.
            iterations: updates of the picture; by default as many as its preset was published with, 200 for `nst`.
            deadline_seconds: of one call; by default long enough for a slow server
                (`contract.stylize_deadline`).
            on_progress: called about once a second with the run's progress. The run then takes many
                calls (see `watch`) in place of one, to the same bits.
            options: the rows of `contract.Options`, those of the preset where they are not given. With several styles,
                `blend` weighs them. `content_mask`, uint8[height, width] or [height, width, regions], says where to
                paint; `style_masks`, likewise one for each style, which part of it each region takes; without them
                a region for each style takes all of it. `strength`, uint8[height, width], says how much each place may
                change.

        Raises:
            RequestRefused: an input is not what the model takes, or the model knows no such option.
            Diverged: the loss is no longer finite, or rises without end.
        """
        if on_progress is not None:
            patience = Patience(deadline_seconds=deadline_seconds)
            calls = self.watch(content, style, iterations=iterations, patience=patience, **options)
            return _watched(calls, on_progress)
        inputs = picture_inputs(content, style, options)
        height, width, _ = inputs["content"].shape
        whole("iterations", iterations or 1, 32)
        within = contract.STATUS_DEADLINE_SECONDS if deadline_seconds is None else deadline_seconds
        decided = self._planned(height, width, iterations, options, within)
        inputs |= {**decided.inputs, "iterations": whole("iterations", decided.iterations, 32)}
        if deadline_seconds is None:
            deadline_seconds = contract.stylize_deadline(height, width, decided.iterations)
        outputs, version, _ = self._predict(contract.STYLIZE, inputs, deadline_seconds, fetch=("image", "losses"))
        stylized = Stylized(array_of(outputs["image"]), array_of(outputs["losses"]), version)
        check_finite(stylized.losses)
        return stylized

    def watch(
        self,
        content: np.ndarray,
        style: Style,
        *,
        iterations: int | None = None,
        resume: Progress | None = None,
        stop_at_multiples_of: int | None = None,
        chunk_size: ChunkSize | None = None,
        patience: Patience = Patience(),  # noqa: B008  (immutable)
        **options: Unpack[contract.Options],
    ) -> Iterator[Progress]:
        """Yields a run's progress about once a second; stop whenever you like, and resume with any of them.

        The last picture and all losses are those of one `stylize`, bit for bit. The server keeps nothing:
        the run outlives it, and may go on on another one.

        Args:
            content: as in `stylize`.
            style: as in `stylize`.
            iterations: updates of the picture in the whole run, those before `resume` included; by default as in
                `stylize`, or those of `resume`.
            resume: a progress of a run with the same pictures, options and model.
            stop_at_multiples_of: there always is a progress after such a number of iterations.
            chunk_size: what was learnt of the servers' speed, to be shared between runs.
            patience: with servers.
            options: as in `stylize`.

        Raises:
            RequestRefused: an input is not what the model takes, or the model knows no such option.
            StateRefused: `resume` belongs to other pictures, options or another model.
            Diverged: the loss is no longer finite, or rises without end.
        """
        if iterations is None and resume is not None:
            iterations = resume.iterations
        if iterations is not None:
            iterations = int(whole("iterations", iterations, 32))
            check_more(iterations, 0 if resume is None else resume.iteration)
        given: Mapping[str, Any] = options
        if resume is not None and resume.plan.sizes:  # the run's own, whatever the whole number is now
            given = {**going_on(resume.plan), **options}
        inputs = picture_inputs(content, style, given)
        height, width, _ = inputs["content"].shape
        return run(
            self._predict,
            inputs,
            lambda within: self._planned(height, width, iterations, given, within),
            resume=resume,
            stop_at_multiples_of=stop_at_multiples_of,
            chunk_size=chunk_size,
            patience=patience,
            servers=self.servers,
        )

    def plan_of(
        self,
        content: np.ndarray,
        iterations: int | None,
        options: contract.Options,
        patience: Patience = Patience(),  # noqa: B008  (immutable)
    ) -> tuple[int, Plan]:
        """How many iterations a run makes and at which sizes, with a content, uint8[height, width, 3], and options."""
        height, width, _ = content.shape
        run_of = (height, width, iterations, options)
        return decide(self._predict, lambda within: self._planned(*run_of, within), patience, self.servers)

    def evaluate(self, content: np.ndarray, style: np.ndarray, image: np.ndarray) -> Evaluation:
        """Measures `image`, of the content's size, against both pictures: uint8[height, width, 3] each."""
        pictures = {"content": content, "style": style, "image": image}
        inputs = {name: pixels(name, picture) for name, picture in pictures.items()}
        height, width, _ = inputs["content"].shape
        deadline = contract.stylize_deadline(height, width, 1)
        names = ("style_errors", "content_error", "total_variation")
        outputs, *_ = self._predict(contract.EVALUATE, inputs, deadline, fetch=names)
        style_errors, content_error, variation = (array_of(outputs[name]) for name in names)
        return Evaluation(style_errors, float(content_error), float(variation))

    def describe(self) -> dict[str, Any]:
        """The model card."""
        return self._card(contract.STATUS_DEADLINE_SECONDS)

    def status(self) -> list[VersionStatus]:
        """The model's versions on the server, newest first."""
        reply, _ = self._servers.call(*self._status_call)
        states = get_model_status_pb2.ModelVersionStatus.State
        return [
            VersionStatus(entry.version, states.Name(entry.state), entry.status.error_message)
            for entry in reply.model_version_status
        ]

    def silent_servers(self) -> list[errors.NstError]:
        """Asks every server, and returns the errors of those that do not answer, or do not have the model."""
        return self._servers.failures(*self._status_call)

    def on_server_change(self, note: Callable[[str], None]) -> None:
        """Has `note` called with a sentence, from any thread, when one of several servers falls silent or is back."""
        self._servers.note = note

    def wait_until_available(self, timeout_seconds: float) -> list[VersionStatus]:
        """Asks again until a version is AVAILABLE, and returns the status.

        Raises:
            NstError: the last answer's error, when the time is over; at once one that no waiting changes.
        """
        return wait_until_available(self.status, timeout_seconds)

    def _predict(
        self, signature: str, inputs: Mapping[str, Any], deadline_seconds: float, *, fetch: tuple[str, ...]
    ) -> tuple[Mapping[str, tensor_pb2.TensorProto], int, float]:
        """The outputs, the version that made them, and the seconds that it took."""
        if math.isnan(deadline_seconds) or deadline_seconds <= 0:
            rule = f"deadline: must be a number of seconds above 0, got {deadline_seconds:g}."
            raise errors.RequestRefused(rule, "Use a larger number.", input="deadline")
        check_sendable(inputs)
        self._known.check(inputs.keys() & contract.INPUTS.keys(), deadline_seconds)
        request = predict_pb2.PredictRequest(model_spec=self._spec)
        request.model_spec.signature_name = signature
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tensor_of(value))
        reply, seconds = self._servers.call(lambda server: server.prediction.Predict, request, deadline_seconds)
        missing = [name for name in fetch if name not in reply.outputs]
        if missing:
            raise errors.BadAnswer(f"The server's answer lacks {missing[0]}.", "Serve a model written by `nst export`.")
        return reply.outputs, reply.model_spec.version.value, seconds

    def _planned(
        self, height: int, width: int, iterations: int | None, options: Mapping[str, Any], deadline_seconds: float
    ) -> Planned:
        """A run's numbers, by the model's card as it was; before a refusal, as it is."""
        try:
            return planned(self._known.card(deadline_seconds), height, width, iterations, options)
        except errors.RequestRefused:
            return planned(self._known.card(deadline_seconds, anew=True), height, width, iterations, options)

    def _card(self, deadline_seconds: float) -> dict[str, Any]:
        outputs, *_ = self._predict(contract.DESCRIBE, {}, deadline_seconds, fetch=("model_card",))
        try:
            card = json.loads(strings_of(outputs["model_card"])[0])
        except (IndexError, ValueError):
            card = None
        if not isinstance(card, dict):
            raise errors.BadAnswer("The model card is not a JSON object.", "Serve a model written by `nst export`.")
        return card

    @property
    def _status_call(self) -> tuple[MethodOf, Any, float]:
        request = get_model_status_pb2.GetModelStatusRequest(model_spec=self._spec)
        return lambda server: server.model.GetModelStatus, request, contract.STATUS_DEADLINE_SECONDS


def _watched(calls: Iterator[Progress], on_progress: Callable[[Progress], None]) -> Stylized:
    losses = []
    for progress in calls:
        losses.append(progress.losses)
        on_progress(progress)
    return Stylized(progress.image, np.concatenate(losses), progress.version)
