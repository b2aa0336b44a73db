"""Another network is served in the middle of a run: its state is refused, and nothing is lost."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tensorflow_serving.apis import predict_pb2

from nst_client import errors
from nst_client.batch.journal import Journal
from nst_client.batch.pairs import cross_pairs
from nst_client.batch.runner import Batch
from nst_client.calls.servers import server_at
from nst_client.calls.style_client import StyleClient
from nst_client.contract import DESCRIBE
from nst_client.display.displays import open_display
from nst_client.jobs.interrupt import Interrupt
from nst_client.jobs.settings import Settings
from nst_client.jobs.state_file import read_state
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer
from tests.client.proxy import Proxy
from tests.client.stylize.command import ITERATIONS, pixels_of, refused

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def updated_server(exports) -> Iterator[EmbeddedServer]:
    model_dir = exports("updated", weights="random:1")
    server = EmbeddedServer(single_model("nst", model_dir), ServerOptions(port=0, warm_up=False))
    yield server
    server.stop()


class Updated(Proxy):
    """After so many calls of runs there is another server behind it."""

    def __init__(self, behind: str, afterwards: str, calls: int) -> None:
        self._left, self._afterwards = calls, server_at(afterwards)
        super().__init__(behind)

    def Predict(self, request, context) -> predict_pb2.PredictResponse:  # noqa: N802
        self._left -= request.model_spec.signature_name != DESCRIBE
        if self._left == -1 and self._real is not self._afterwards:
            self._real.close()
            self._real = self._afterwards
        return super().Predict(request, context)


def test_a_run_is_saved_and_says_which_version_goes_on_with_it(
    stylize, files, server, updated_server, closing, undisturbed
):
    updated = closing(Updated(server.address, updated_server.address, calls=3)).address
    done = stylize("--iterations", ITERATIONS, "--save-every", 5, server=updated)
    error = refused(done, errors.StateRefused, "state_bytes: must come from a run with the same network, ")
    began = "It began with version 1 of the model, as that was then: have that served, or start anew."
    assert error.remedy.startswith(f"{began} Then go on with: nst ")
    assert read_state(files.state).progress.iteration == 5
    assert stylize("--resume", files.state).exit_code == 0
    assert np.array_equal(pixels_of(files.output), undisturbed())


def test_a_batch_begins_such_a_picture_anew(folders: tuple[Path, Path, Path], server, updated_server, closing):
    contents, styles, out = folders
    out.mkdir()
    pairs = cross_pairs([str(contents / "a.png")], [str(styles / "x.png")], out, Settings(20, 48))
    updated = closing(Updated(server.address, updated_server.address, calls=2)).address
    log = io.StringIO()
    with (
        StyleClient(updated) as client,
        Journal(out, model="nst") as journal,
        open_display("json", console=Console(file=log)) as display,
    ):
        batch = Batch(client, journal, display, Interrupt())
        batch.run(pairs, in_flight=1)
    assert batch.failures == []
    events = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [event["iteration"] for event in events if event["event"] == "started"] == [0, 0]
    (note,) = [event["text"] for event in events if event["event"] == "note"]
    assert note.endswith("It begins anew.")
    content, style = pixels_of(contents / "a.png"), pixels_of(styles / "x.png")
    with StyleClient(updated_server.address) as client:
        expected = client.stylize(content, style, iterations=20).image
    assert np.array_equal(pixels_of(pairs[0].output), expected)
