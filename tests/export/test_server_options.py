"""The options for servers: one run at a time, a bound on its time, iterations compiled by XLA."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from nst_export.export import export_version
from nst_graph.limits import Limits
from nst_graph.server_options import ServerOptions
from nst_serving.model import Model
from tests.conftest import WIDTH_DIVISOR, picture

ENDLESS = 1_000_000  # iterations that take minutes, which no test waits for
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


def at_once(call, times):
    """What so many calls return that begin together."""
    with ThreadPoolExecutor(times) as pool:
        return [future.result() for future in [pool.submit(call) for _ in range(times)]]


def exported(folder, **options):
    return export_version(
        folder / "model",
        weights="random:0",
        limits=LIMITS,
        options=ServerOptions(**options),
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
    """Warm, so that what follows takes milliseconds where it does not wait."""
    call = Caller(exclusive_dir)
    call.stylize(1)
    call("stylize_encoded", **ENCODED, iterations=np.int32(1))
    call("evaluate", content=CONTENT, style=STYLE, image=CONTENT)
    call("describe")
    yield call
    call.model.close()


@pytest.fixture
def holder(exclusive):
    """A run that begins now and is stopped by its deadline a little over a second later; gives that time."""
    begin = time.monotonic()

    def hold():
        with pytest.raises(tf.errors.DeadlineExceededError):
            exclusive.stylize(ENDLESS, timeout_seconds=1.2)

    thread = threading.Thread(target=hold)
    thread.start()
    time.sleep(0.2)
    yield begin + 1.2
    thread.join()


def test_a_run_of_either_signature_waits_for_the_one_before_it_and_starts_when_that_is_stopped(exclusive, holder):
    ends = []

    def encoded():
        exclusive("stylize_encoded", **ENCODED, iterations=np.int32(1))
        ends.append(time.monotonic())

    thread = threading.Thread(target=encoded)
    thread.start()
    exclusive.stylize(1)
    ends.append(time.monotonic())
    thread.join()
    assert len(ends) == 2
    assert min(ends) >= holder


def test_a_run_that_waits_keeps_its_deadline_and_the_next_one_still_waits(exclusive, holder):
    with pytest.raises(tf.errors.DeadlineExceededError):
        exclusive.stylize(1, timeout_seconds=0.2)
    assert time.monotonic() < holder - 0.3
    exclusive.stylize(1)
    assert time.monotonic() >= holder


def test_a_run_whose_deadline_passes_behind_another_waiter_fails_and_never_starts(exclusive, holder):
    patient = threading.Thread(target=exclusive.stylize, args=(1,))
    patient.start()
    time.sleep(0.1)
    with pytest.raises(tf.errors.DeadlineExceededError):
        exclusive.stylize(ENDLESS, timeout_seconds=0.2)
    patient.join()
    assert holder <= time.monotonic() < holder + 5


def test_what_needs_no_turn_is_answered_while_others_wait(exclusive, holder):
    waiters = [threading.Thread(target=exclusive.stylize, args=(1,)) for _ in range(4)]
    for waiter in waiters:
        waiter.start()
    time.sleep(0.1)
    exclusive("describe")
    exclusive("evaluate", content=CONTENT, style=STYLE, image=CONTENT)
    with pytest.raises(tf.errors.InvalidArgumentError, match="iterations: must be a whole number"):
        exclusive.stylize(0)
    assert time.monotonic() < holder
    for waiter in waiters:
        waiter.join()
    assert time.monotonic() >= holder


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
    call = Caller(exported(tmp_path_factory.mktemp("bounded"), max_seconds=0.3, exclusive=True, xla=True))
    yield call
    call.model.close()


def test_a_run_ends_at_the_bound_with_the_picture_and_losses_so_far(bounded, plain):
    begin = time.monotonic()
    result = bounded.stylize(ENDLESS)
    assert time.monotonic() - begin < 10
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
    rows = at_once(lambda: len(bounded.stylize(ENDLESS)["losses"]), 3)
    assert min(rows) > 1


def test_a_compiled_run_reads_the_clock_too(bounded):
    assert 1 <= len(bounded.stylize(ENDLESS, "stylize_xla", SMALL)["losses"]) < ENDLESS


def test_xla_adds_signatures_with_the_inputs_and_outputs_of_the_others(exclusive, plain):
    added = {
        "stylize_xla": "serving_default",
        "stylize_encoded_xla": "stylize_encoded",
        "stylize_step_xla": "stylize_step",
    }
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
    for name in ("stylize_xla", "serving_default"):
        with pytest.raises(tf.errors.InvalidArgumentError, match="iterations: must be a whole number"):
            exclusive.stylize(0, name)
        with pytest.raises(tf.errors.InvalidArgumentError, match="style_weight: must be a number"):
            exclusive.stylize(1, name, style_weight=np.float32(np.nan))
        with pytest.raises(tf.errors.InvalidArgumentError, match="content: height and width must be at least 32"):
            exclusive.stylize(1, name, np.zeros([16, 64, 3], np.uint8))
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not compatible with expected shape"):
            exclusive.stylize(1, name, np.zeros([48, 64], np.uint8))


def test_a_compiled_run_stops_at_its_deadline(exclusive):
    exclusive.stylize(1, "stylize_xla", SMALL)
    begin = time.monotonic()
    with pytest.raises(tf.errors.DeadlineExceededError):
        exclusive.stylize(ENDLESS, "stylize_xla", SMALL, timeout_seconds=0.5)
    assert time.monotonic() - begin < 5
