"""A run whose servers go away on real sockets."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from nst_client import errors
from nst_client.calls.run import Patience
from nst_client.calls.style_client import StyleClient
from tests.client.calls.run_calls import ITERATIONS, Always, bits, bits_of
from tests.client.proxy import Proxy


def test_a_server_that_is_stopped_and_started_again_at_its_port_gives_the_same_bits(
    closing, server, content, style, whole
):
    first = closing(Proxy(server.address))
    with StyleClient(first.address) as client, ThreadPoolExecutor(1) as pool:
        run = client.watch(content, style, iterations=ITERATIONS, chunk_size=Always(4))
        progresses = [next(run)]
        first.close()
        again = pool.submit(lambda: (time.sleep(0.6), closing(Proxy(server.address, first.port))))
        progresses += run
        again.result()
    assert bits(progresses) == bits_of(whole)


def test_a_server_that_does_not_come_back_ends_the_run_when_patience_does(closing, server, content, style):
    first = closing(Proxy(server.address))
    with StyleClient(first.address) as client:
        run = client.watch(content, style, iterations=9, chunk_size=Always(4), patience=Patience(seconds=1.2))
        next(run)
        first.close()
        begin = time.monotonic()
        with pytest.raises(errors.ServerUnavailable, match=f"Nothing answers at {first.address}"):
            next(run)
    assert time.monotonic() - begin >= 1.2


def test_another_server_takes_over_without_a_wait(closing, server, content, style, whole):
    first = closing(Proxy(server.address))
    troubles: list[errors.NstError] = []
    with StyleClient([first.address, server.address]) as client:
        patience = Patience(on_trouble=troubles.append)
        run = client.watch(content, style, iterations=ITERATIONS, chunk_size=Always(4), patience=patience)
        progresses = list(itertools.islice(run, 1))
        first.close()
        progresses += run
    assert bits(progresses) == bits_of(whole)
    assert troubles == []
