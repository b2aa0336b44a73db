"""The whole life of a version, by the commands that an operator types, while somebody calls it all the time."""

from __future__ import annotations

import json
import threading
import time

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2
from typer.testing import CliRunner
from typing_extensions import Self

from nst_client.cli import app
from nst_export.export import export_version
from nst_export.saved_model.version_folder import versions_in
from nst_serving.configuration import read_configuration
from nst_serving.options import ServerOptions
from nst_serving.server import EmbeddedServer
from tests.exports import LIMITS, WIDTH_DIVISOR
from tests.serving.conftest import stubs_at

PICTURE = np.zeros((32, 32, 3), np.uint8)


class Caller:
    """Calls the label stable without a pause, and remembers which versions answered and what failed."""

    def __init__(self, address: str) -> None:
        self.versions: list[int] = []
        self.failures: list[Exception] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._call, args=[address])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def is_answered_by(self, version: int) -> bool:
        """Whether the next calls are, within a minute."""
        end, seen = time.monotonic() + 60, len(self.versions)
        while time.monotonic() < end and not self.failures:
            if version in self.versions[seen + 1 :]:  # the first one may have begun before
                return True
            time.sleep(0.05)
        return False

    def _call(self, address: str) -> None:
        request = predict_pb2.PredictRequest()
        request.model_spec.name, request.model_spec.version_label = "nst", "stable"
        for name, value in {"content": PICTURE, "style": PICTURE, "iterations": np.int32(1)}.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        with stubs_at(address) as (prediction, _):
            while not self._ended.is_set():
                try:
                    self.versions.append(prediction.Predict(request, timeout=60).model_spec.version.value)
                except Exception as error:  # noqa: BLE001  (each is a failure of what is tested)
                    self.failures.append(error)


def nst(*words: object) -> str:
    finished = CliRunner().invoke(app, [*map(str, words)])
    assert finished.exit_code == 0, finished.exception or finished.stderr
    return finished.stdout


def export(model_dir, seed: int) -> None:
    export_version(model_dir, weights=f"random:{seed}", preset_name="nst", limits=LIMITS, width_divisor=WIDTH_DIVISOR)


def assert_pictures_differ(address: str) -> None:
    """Of the two versions on a server, whose contracts are the same and whose weights are not."""
    differences = json.loads(nst("diff", f"{address}/1", f"{address}/2", "--iterations", 2, "--json"))
    (call,) = differences["behaviour"]["calls"]
    assert differences["compatible"]
    assert call["outputs"][0]["largest"] > 0


@pytest.mark.slow
def test_nobody_who_calls_stable_is_refused_from_the_first_export_to_the_last_prune(tmp_path):
    model_dir, config = tmp_path / "nst", tmp_path / "models.config"
    here = ["--config", config]
    export(model_dir, 1)
    nst("versions", "promote", model_dir, 1, *here)  # no server yet: the file is made
    server = EmbeddedServer(read_configuration(config), ServerOptions(port=0, poll_seconds=0.2, warm_up=False))
    here += ["--server", server.address]
    try:
        with Caller(server.address) as caller:
            assert caller.is_answered_by(1)
            export(model_dir, 2)  # and is not loaded by itself
            assert "\npassed: " in nst("verify", model_dir, "--version", 2)
            assert nst("versions", "label", model_dir, "canary", 2, *here) == "canary: version 2\nstable: version 1\n"
            assert_pictures_differ(server.address)
            nst("versions", "promote", model_dir, 2, *here)
            assert caller.is_answered_by(2)
            nst("versions", "rollback", model_dir, *here)
            assert caller.is_answered_by(1)
            nst("versions", "promote", model_dir, 2, *here)
            nst("versions", "label", model_dir, "canary", "--remove", *here)
            nst("copy", model_dir / "1", model_dir, "--version", 3)  # as from another place
            nst("versions", "promote", model_dir, 3, *here)
            assert caller.is_answered_by(3)
            assert nst("versions", "prune", model_dir, "--keep", 1, *here).splitlines() == [
                "Version 3 stays: it has the label stable.",
                "Version 2 stays: it has the label previous.",
                "Version 1 would be deleted; --yes does it.",
            ]
            assert set(versions_in(model_dir)) == {1, 2, 3}
            assert "Version 1 is deleted.\n" in nst("versions", "prune", model_dir, "--keep", 1, "--yes", *here)
            assert set(versions_in(model_dir)) == {2, 3}
            assert caller.is_answered_by(3)
            rows = json.loads(nst("versions", model_dir, *here, "--json"))
    finally:
        server.stop()
    assert caller.failures == []
    assert set(caller.versions) == {1, 2, 3}
    known = {row["version"]: (row["labels"], *((one["state"], one["labels"]) for one in row["served"])) for row in rows}
    assert known[3] == (["stable"], ("AVAILABLE", ["stable"]))
    assert known[2] == (["previous"], ("AVAILABLE", ["previous"]))
    assert known[1] == ([], ("END", []))
