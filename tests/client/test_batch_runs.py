"""The runs of a batch: how many at a time, where they go on, and what becomes of a defect."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest

from nst_client.batch import Batch
from nst_client.batch_display import open_batch_display
from nst_client.batch_pairs import Pair, cross_pairs
from nst_client.checkpoint import Checkpoint
from nst_client.inputs import Numbers
from nst_client.interrupt import Interrupt
from nst_client.journal import Journal
from nst_client.pictures import read_picture
from nst_client.result import state_file_of
from nst_client.settings import Settings
from nst_client.style_client import StyleClient
from tests.client.proxy import NOWHERE, Spoiled
from tests.conftest import picture

ITERATIONS = 6


def batch_of(client: StyleClient, journal: Journal) -> Batch:
    with open_batch_display("quiet", total=6, done=0) as display:
        return Batch(client, journal, display, Interrupt())


def pairs_of(folders, iterations=ITERATIONS):
    contents, styles, out = folders
    out.mkdir(exist_ok=True)
    return cross_pairs([str(contents)], [str(styles)], out, Settings(iterations, 48, Numbers()))


def words_of(pair: Pair) -> dict[str, object]:
    return {"content": pair.content.name, "style": pair.style.name, "model": "nst", **pair.settings.as_json()}


def test_no_more_calls_are_in_flight_than_allowed(server, folders):
    class CountingClient(StyleClient):
        lock, now, most, seen = threading.Lock(), 0, 0, 0
        together = threading.Barrier(3, timeout=60)

        def _predict(self, *arguments, **options):
            with self.lock:
                CountingClient.now += 1
                CountingClient.seen += 1
                first = self.seen <= 3
                CountingClient.most = max(self.most, self.now)
            try:
                if first:
                    self.together.wait()
                return super()._predict(*arguments, **options)
            finally:
                with self.lock:
                    CountingClient.now -= 1

    pairs = pairs_of(folders)
    with CountingClient(server.address) as client, Journal(folders[2], model="nst") as journal:
        batch_of(client, journal).run(pairs, in_flight=3)
    assert CountingClient.most == 3


def test_half_of_a_picture_is_not_done_twice(server, client, folders):
    """A run that an earlier batch left goes on where it was."""
    (pair, *_) = pairs_of(folders, iterations=8)
    asked: list[int] = []

    class ListeningClient(StyleClient):
        def _predict(self, signature, inputs, *arguments, **options):
            if signature == "stylize_step":
                asked.append(int(inputs["iterations"]))
            return super()._predict(signature, inputs, *arguments, **options)

    content, style = (read_picture(file, 48).pixels for file in (pair.content, pair.style))
    checkpoint = Checkpoint(state_file_of(pair.output), words_of(pair))
    for progress in client.watch(content, style, iterations=8, stop_at_multiples_of=5):
        checkpoint.take(progress)
        if progress.iteration == 5:
            break
    checkpoint.save()
    with ListeningClient(server.address) as listening, Journal(folders[2], model="nst") as journal:
        batch_of(listening, journal).run([pair], in_flight=1)
    assert sum(asked) == 3
    assert np.array_equal(read_picture(pair.output).pixels, client.stylize(content, style, iterations=8).image)


def test_a_run_left_by_other_pictures_begins_anew(client, folders):
    (pair, *_) = pairs_of(folders, iterations=4)
    checkpoint = Checkpoint(state_file_of(pair.output), words_of(pair))
    checkpoint.take(next(client.watch(picture(48, 40, seed=5), picture(48, 40, seed=6), iterations=4)))
    checkpoint.save()
    with Journal(folders[2], model="nst") as journal:
        batch = batch_of(client, journal)
        batch.run([pair], in_flight=1)
    assert batch.failures == []
    content, style = (read_picture(file, 48).pixels for file in (pair.content, pair.style))
    assert np.array_equal(read_picture(pair.output).pixels, client.stylize(content, style, iterations=4).image)


def test_a_defect_reaches_the_main_thread(folders):
    class BrokenClient(StyleClient):
        def watch(self, *arguments, **options):
            raise ZeroDivisionError

    pairs = pairs_of(folders)
    with BrokenClient(NOWHERE) as client, Journal(folders[2], model="nst") as journal, pytest.raises(ZeroDivisionError):
        batch_of(client, journal).run(pairs, in_flight=2)


def test_a_picture_that_diverges_keeps_its_best_one_and_no_state(server, client, closing, folders):
    (pair, *_) = pairs_of(folders, iterations=20)
    content, style = (read_picture(file, 48).pixels for file in (pair.content, pair.style))
    begun = next(client.watch(content, style, iterations=20, stop_at_multiples_of=5))
    checkpoint = Checkpoint(state_file_of(pair.output), words_of(pair))
    checkpoint.take(begun)
    spoiled = closing(Spoiled(server.address, 12))
    with StyleClient(spoiled.address) as spoiled_client, Journal(folders[2], model="nst") as journal:
        batch = batch_of(spoiled_client, journal)
        batch.run([pair], in_flight=1)
    (failure,) = batch.failures
    best = int(re.search(r"no longer finite .* The best picture is kept, that after (\d+) iter", failure.reason)[1])
    assert 1 <= best <= 13
    assert np.array_equal(read_picture(pair.output).pixels, client.stylize(content, style, iterations=best).image)
    assert not state_file_of(pair.output).exists()
