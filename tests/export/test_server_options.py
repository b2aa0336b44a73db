"""The options for servers: one run at a time, a bound on its time, iterations compiled by XLA."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from nst_export.export import export_version
from nst_export.saved_model.session import Model
from nst_graph.execution import Execution
from nst_graph.limits import Limits
from nst_graph.signatures import SIGNATURES
from tests.conftest import picture
from tests.events import GUARD_SECONDS, wait_for_work
from tests.exports import WIDTH_DIVISOR

pytestmark = pytest.mark.slow

ENDLESS = 1_000_000  # iterations that take many minutes, which no test waits for
LIMITS = Limits(max_pixels=128 * 128, max_iterations=ENDLESS)
CONTENT, STYLE = picture(48, 64, seed=1), picture(56, 40, seed=2)
SMALL = picture(32, 40, seed=3)  # XLA compiles for it once
ENCODED = {"content_bytes": tf.io.encode_png(CONTENT).numpy(), "style_bytes": tf.io.encode_png(STYLE).numpy()}


class Caller:
    """Calls a loaded version's signatures as a server does."""

    def __init__(self, version_dir):
        self.model = Model(version_dir, inter_op_threads=2)

    def __call__(self, name="serving_default", *, timeout_seconds=None, **inputs):
        signature = self.model.signatures[name]
        feeds = {signature.inputs[key].name: np.array(value) for key, value in inputs.items()}
        outputs = sorted(signature.outputs)
        fetches = [signature.outputs[key].name for key in outputs]
        return dict(zip(outputs, self.model.run(feeds, fetches, timeout_seconds=timeout_seconds), strict=True))

    def stylize(self, iterations, name="serving_default", content=CONTENT, **others):
        return self(name, content=content, style=STYLE, iterations=np.int32(iterations), **others)

    def stylize_encoded(self, iterations):
        return self("stylize_encoded", **ENCODED, iterations=np.int32(iterations), size=np.int32(0))

    def evaluate(self):
        return self("evaluate", content=CONTENT, style=STYLE, image=CONTENT)

    def warm_up(self):
        """So that what does not wait takes milliseconds from now on."""
        for run in (self.stylize, self.stylize_encoded):
            run(1)
        self.evaluate()
        self("describe")


def at_once(call, times):
    """What so many calls return that begin together."""
    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(call) for _ in range(times)]]


def exported(folder, **options):
    return export_version(
        folder / "model",
        weights="random:0",
        limits=LIMITS,
        execution=Execution(**options),
        width_divisor=WIDTH_DIVISOR,
    )


@pytest.fixture(scope="module")
def plain(tiny_model_dir):
    """The same network without any option."""
    call = Caller(tiny_model_dir / "1")
    yield call
    call.model.close()


@pytest.fixture(scope="module")
def exclusive_dir(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("exclusive"), exclusive=True, xla=True)


@pytest.fixture(scope="module")
def exclusive(exclusive_dir):
    call = Caller(exclusive_dir)
    call.warm_up()
    yield call
    call.model.close()


@pytest.fixture
def pool():
    """Threads for calls that wait."""
    with ThreadPoolExecutor(10) as pool:
        yield pool


def a_while(plain):
    """Far longer than a run of one iteration takes, on whatever machine this is."""
    plain.stylize(20)


def test_a_run_of_either_signature_starts_when_the_one_before_it_is_stopped(exclusive, pool, plain):
    stopped = pool.submit(exclusive.stylize, ENDLESS, timeout_seconds=1.2)
    a_while(plain)
    waiters = [pool.submit(run, 1) for run in (exclusive.stylize, exclusive.stylize_encoded)]
    for waiter in waiters:
        assert len(waiter.result(GUARD_SECONDS)["losses"]) == 1
    with pytest.raises(tf.errors.DeadlineExceededError):
        stopped.result(GUARD_SECONDS)


def test_a_run_whose_deadline_passes_behind_another_waiter_fails_and_never_starts(exclusive, pool, plain):
    stopped = pool.submit(exclusive.stylize, ENDLESS, timeout_seconds=2)
    a_while(plain)
    patient = pool.submit(exclusive.stylize, 1)
    a_while(plain)
    late = pool.submit(exclusive.stylize, ENDLESS, timeout_seconds=0.2)
    for run in (stopped, late):
        with pytest.raises(tf.errors.DeadlineExceededError):
            run.result(GUARD_SECONDS)
    assert len(patient.result(GUARD_SECONDS)["losses"]) == 1
    assert len(pool.submit(exclusive.stylize, 1).result(GUARD_SECONDS)["losses"]) == 1


def test_a_run_that_takes_its_turn_gives_the_same_picture(exclusive, plain):
    result, expected = exclusive.stylize(5), plain.stylize(5)
    np.testing.assert_allclose(result["image"].astype(int), expected["image"], atol=1)
    np.testing.assert_allclose(result["losses"], expected["losses"], rtol=1e-3)


def test_a_loaded_module_takes_turns_too(exclusive_dir, plain):
    module = tf.saved_model.load(str(exclusive_dir))
    results = at_once(lambda: module.stylize(CONTENT, STYLE, 5), 3)
    for result in results:
        np.testing.assert_allclose(result["losses"], plain.stylize(5)["losses"], rtol=1e-3)


@pytest.fixture(scope="module")
def bounded(tmp_path_factory):
    """Warm, since the bound counts what a first run prepares, and a busy machine takes long for that."""
    call = Caller(exported(tmp_path_factory.mktemp("bounded"), max_seconds=1.0, exclusive=True, xla=True))
    call.stylize(1)
    yield call
    call.model.close()


def test_a_run_ends_at_the_bound_with_the_picture_and_losses_so_far(bounded, plain):
    result = bounded.stylize(ENDLESS)
    assert 1 < len(result["losses"]) < ENDLESS
    assert (result["losses"][:, 0] > 0).all()
    first = plain.stylize(2)["losses"]
    np.testing.assert_allclose(result["losses"][:2], first, rtol=1e-3)
    assert np.abs(result["image"].astype(int) - CONTENT).mean() > 2


def test_a_run_that_ends_in_time_is_whole(bounded, plain):
    result, expected = bounded.stylize(3), plain.stylize(3)
    np.testing.assert_allclose(result["image"].astype(int), expected["image"], atol=1)
    np.testing.assert_allclose(result["losses"], expected["losses"], rtol=1e-3)


def test_waiting_for_a_turn_does_not_count_against_the_bound(bounded):
    rows = at_once(lambda: len(bounded.stylize(ENDLESS)["losses"]), 2)
    assert min(rows) > 1


def test_a_compiled_run_reads_the_clock_too(bounded):
    assert 1 <= len(bounded.stylize(ENDLESS, "stylize_xla", SMALL)["losses"]) < ENDLESS


def test_xla_adds_signatures_with_the_inputs_and_outputs_of_the_others(exclusive, plain):
    added = {f"{row.name}_xla": row.served_as for row in SIGNATURES if row.does != "start"}
    signatures = exclusive.model.signatures
    assert set(signatures) == {*plain.model.signatures, *added}
    for name, like in added.items():
        for kind in ("inputs", "outputs", "defaults"):
            assert set(getattr(signatures[name], kind)) == set(getattr(signatures[like], kind))


def test_xla_gives_the_same_picture(exclusive):
    result, expected = (exclusive.stylize(4, name, SMALL) for name in ("stylize_xla", "serving_default"))
    np.testing.assert_allclose(result["losses"], expected["losses"], rtol=1e-2, atol=1e-6)
    # Adam divides by the gradient's size, so where that is tiny its rounding errors move pixels: 4 levels at most.
    assert np.abs(result["image"].astype(int) - expected["image"]).mean() < 0.5


def test_bad_input_is_refused_before_xla_which_drops_assertions(exclusive):
    def refused(words, iterations=1, content=CONTENT, style_weight=1.0):
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            exclusive.stylize(iterations, "stylize_xla", content, style_weight=np.float32(style_weight))

    refused("iterations: must be a whole number", iterations=0)
    refused("style_weight: must be a number", style_weight=np.nan)
    refused("content: height and width must be at least 32", content=np.zeros([16, 64, 3], np.uint8))
    refused("is not compatible with expected shape", content=np.zeros([48, 64], np.uint8))


def test_a_compiled_run_stops_at_its_deadline(exclusive, pool):
    exclusive.stylize(1, "stylize_xla", SMALL)
    run = pool.submit(exclusive.stylize, ENDLESS, "stylize_xla", SMALL, timeout_seconds=0.5)
    with pytest.raises(tf.errors.DeadlineExceededError):
        run.result(GUARD_SECONDS)


class Held(NamedTuple):
    """A model with a run under way that ends when the model is closed, and not before; threads for those that wait."""

    call: Caller
    pool: ThreadPoolExecutor


@pytest.fixture(scope="module")
def held(exclusive):
    """For the last tests of this file: `exclusive` serves no other from then on.

    The first of them has a deadline: it would not be noticed behind other waiters.
    """
    with ThreadPoolExecutor(10) as pool:
        run = pool.submit(exclusive.stylize, ENDLESS)
        wait_for_work()
        yield Held(exclusive, pool)
        assert not run.done()
        exclusive.model.close()
        # Where the close finds the queue's run in a function, the runtime calls the error internal (TensorFlow 2.21).
        with pytest.raises((tf.errors.CancelledError, tf.errors.InternalError)):
            run.result(GUARD_SECONDS)


def test_a_run_that_waits_keeps_its_deadline_and_the_next_one_still_waits(held, plain):
    hasty = held.pool.submit(held.call.stylize, 1, timeout_seconds=0.5)
    with pytest.raises(tf.errors.DeadlineExceededError):
        hasty.result(GUARD_SECONDS)
    waiter = held.pool.submit(held.call.stylize, 1)
    a_while(plain)
    assert not waiter.done()


def test_a_run_of_either_signature_waits_for_the_one_before_it(held, plain):
    waiters = [held.pool.submit(run, 1) for run in (held.call.stylize, held.call.stylize_encoded)]
    a_while(plain)
    assert not any(waiter.done() for waiter in waiters)


def test_what_needs_no_turn_is_answered_while_others_wait(held, plain):
    waiters = [held.pool.submit(held.call.stylize, 1) for _ in range(4)]
    a_while(plain)
    held.pool.submit(held.call, "describe").result(GUARD_SECONDS)
    held.pool.submit(held.call.evaluate).result(GUARD_SECONDS)
    with pytest.raises(tf.errors.InvalidArgumentError, match="iterations: must be a whole number"):
        held.pool.submit(held.call.stylize, 0).result(GUARD_SECONDS)
    assert not any(waiter.done() for waiter in waiters)
