"""The state of a run: it goes on with its own, and with no other.

That it does not go on with another network's or recipe's is tests/client/calls/test_refusals.py's."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.execution import Execution
from nst_graph.kept import Kept
from nst_graph.loop import LoopState
from nst_graph.optimisation import Request
from nst_graph.optimiser import Memory
from nst_graph.options import OPTIONS, Option
from nst_graph.presets import PRESETS
from nst_graph.state import FORMAT, leaves_of, owner_of, write_state
from nst_graph.style_transfer import StyleTransfer
from tests.exports import LIMITS

NUMBERS = ("content_weight", "style_weight", "tv_weight", "learning_rate")
PARTS = 8  # the header, the picture, what is kept (2) and the optimiser's memory (4)
FILLING = {"optimizer": "lbfgs", "history": 2, "keep": "best"}  # leaves no tensor of a state empty


def started(module, content, style, **numbers):
    """The state before the first iteration: a list of bytes."""
    return list(module.stylize_start(content, style, **FILLING, **numbers)["state_bytes"].numpy())


def step(module, content, style, state, iterations=1, **numbers):
    """Past Python's own checks of shape, as a session feeds a graph."""
    state_bytes = tf.constant(state, tf.string, shape=[len(state)])
    return module.stylize_step(content, style, state_bytes, iterations, **FILLING, **numbers)


def assert_refused(words, module, content, style, state, **numbers):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        step(module, content, style, state, 1, **numbers)
    assert f"state_bytes: {words}" in error.value.message


@pytest.fixture
def state(module, content, style):
    """A state after two iterations."""
    return list(step(module, content, style, started(module, content, style), 2)["state_bytes"].numpy())


def test_the_start_is_the_content_itself(module, content, style):
    np.testing.assert_array_equal(module.stylize_start(content, style)["image"], content)


def test_a_run_is_refused_before_it_begins_if_its_state_will_outgrow_a_message():
    def filled(height: int, width: int, fill):
        kept, memory = (
            Kept(fill(0, width, 3), fill()),
            Memory(fill(), fill(0), fill(2, height, width, 3), fill(0, 1, 1, 3)),
        )
        return LoopState(fill(height, width, 3), fill(), kept, memory)

    begun = filled(32, 32, lambda *shape: tf.zeros(shape))
    last = filled(8000, 8000, lambda *shape: tf.constant(shape, tf.int32))
    got = 8000 * 8000 * 3 * 4 * 3 + 4 + 4  # the picture, Adam's two moments, two numbers
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"content: must be small enough for a state .* got {got}"):
        write_state(begun, {}, lambda iteration: last)


def test_a_step_may_be_repeated(module, content, style, state):
    """The server keeps nothing: a call whose answer was lost is simply sent again."""
    first, second = (step(module, content, style, state, 3) for _ in range(2))
    assert list(first["state_bytes"].numpy()) == list(second["state_bytes"].numpy())


@pytest.mark.slow
def test_another_instance_of_the_same_model_goes_on_however_a_server_runs_it(network, module, content, style, state):
    """Here one run at a time, whose calls end by the clock after an iteration."""
    execution = Execution(exclusive=True, max_seconds=1e-6)
    hasty = StyleTransfer(network, PRESETS, limits=LIMITS, execution=execution)
    result = step(hasty, content, style, state, 9)
    assert result["losses"].shape == [1, 4]
    image = step(module, content, style, list(result["state_bytes"].numpy()), 2)["image"]
    np.testing.assert_array_equal(image, module.stylize(content, style, 5, **FILLING)["image"])


@pytest.mark.parametrize(
    "foreign", [[], [b""], [b"", b"", b"", b"", b""], [b"\xff\xd8\xff" * 100], [b"nst-state/"], [b"nst-state/2 " * 999]]
)
def test_foreign_bytes_are_no_state(module, content, style, foreign):
    assert_refused("must be what stylize_start or stylize_step returned, got ", module, content, style, foreign)


def test_unprintable_bytes_are_not_quoted(module, content, style, state):
    header = state[0].replace(b" ", b"\xff", 1)
    assert_refused("must be what stylize_start or stylize_step", module, content, style, [header, *state[1:]])


def test_a_state_of_another_format_is_refused_by_its_name(module, content, style, state):
    header = state[0].replace(FORMAT.encode(), b"nst-state/7")
    words = f"must be of the format {FORMAT}, got nst-state/7"
    assert_refused(words, module, content, style, [header, *state[1:]])


def test_a_state_without_all_of_its_strings_is_not_whole(module, content, style, state):
    for part in (state[:1], state[:-1], [*state, b""], [state[0].rsplit(b" ", 1)[0], *state[1:]]):
        assert_refused(f"must be whole, {PARTS} strings and 32 words in the first", module, content, style, part)


@pytest.mark.parametrize("part", range(PARTS))
def test_any_flipped_bit_is_found(module, content, style, state, part):
    generator = np.random.default_rng(part)
    for _ in range(8):
        damaged = bytearray(state[part])
        first = damaged.index(b" ") + 1 if part == 0 else 0  # the format is named before the digest is looked at
        position = int(generator.integers(first, len(damaged)))
        damaged[position] ^= 1 << int(generator.integers(0, 3))
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"state_bytes: (is damaged|must be)"):
            step(module, content, style, [*state[:part], bytes(damaged), *state[part + 1 :]])


@pytest.mark.parametrize("part", range(1, PARTS))
def test_a_truncated_string_is_damage(module, content, style, state, part):
    for short in (state[part][:-4], state[part][:1], b""):
        cut = [*state[:part], short, *state[part + 1 :]]
        assert_refused("is damaged: its digest must be", module, content, style, cut)


def test_another_content_style_or_size_is_named(module, content, style, state):
    other = content.copy()
    other[-1, -1, -1] ^= 1
    assert_refused("must come from a run with the same content, ", module, other, style, state)
    other = style.copy()
    other[0, 0, 0] ^= 1
    assert_refused("must come from a run with the same style, ", module, content, other, state)
    turned = content.transpose(1, 0, 2)
    assert_refused("must come from a run with the same size, 64x48, got 48x64", module, turned, style, state)


@pytest.mark.parametrize("index", range(4), ids=NUMBERS)
def test_another_number_is_named_with_both_values(module, content, style, index):
    numbers = [1.0, 2.0, 3.0, 4.0]
    state = started(module, content, style, **dict(zip(NUMBERS, numbers, strict=True)))
    changed = [value + (0.5 if place == index else 0) for place, value in enumerate(numbers)]
    words = f"must come from a run with the same {NUMBERS[index]}, {index + 1}.5, got {index + 1}"
    assert_refused(words, module, content, style, state, **dict(zip(NUMBERS, changed, strict=True)))


@pytest.mark.parametrize("index", range(4), ids=NUMBERS)
def test_a_number_that_differs_in_its_last_bit_is_another(module, content, style, index):
    numbers = np.array([0.02, 1, 1, 8], np.float32)
    state = started(module, content, style, **dict(zip(NUMBERS, numbers, strict=True)))
    numbers[index] = np.nextafter(numbers[index], np.float32(9))
    words = f"must come from a run with the same {NUMBERS[index]}, {numbers[index]:.9g}, got "
    assert_refused(words, module, content, style, state, **dict(zip(NUMBERS, numbers, strict=True)))


@pytest.mark.parametrize("part", range(1, PARTS))
@pytest.mark.parametrize("change", [-4, 4])
def test_a_tensor_of_another_size_is_refused_even_under_a_good_digest(module, content, style, state, part, change):
    wanted = len(state[part])
    state[part] = state[part][:change] if change < 0 else state[part] + bytes(change)
    words = f"must hold tensors of the size of the content, {wanted} bytes, got {wanted + change}"
    assert_refused(words, module, content, style, forged(state))


def forged(state):
    """The state with the digest of what it holds."""
    words = state[0].rpartition(b" ")[0]
    each = tf.raw_ops.Fingerprint(data=[words, *state[1:]], method="farmhash64")
    digest = tf.raw_ops.Fingerprint(data=tf.reshape(each, [1, -1]), method="farmhash64")
    return [words + b" %d" % tf.bitcast(digest, tf.int64).numpy()[0], *state[1:]]


def test_a_state_is_what_its_digest_says(state):
    assert forged(state) == state


def test_numbers_that_are_not_finite_are_refused_even_under_a_good_digest(module, content, style, state):
    """As a run leaves them that has diverged."""
    state[1] = np.full(content.shape, np.nan, np.float32).tobytes()
    words = "must hold finite numbers, got some that are not: that run has diverged"
    assert_refused(words, module, content, style, forged(state))


@pytest.mark.parametrize("iteration", [b"-1", b"2.5", b"one", b"99999999999"])
def test_a_number_of_iterations_that_is_none_is_refused_even_under_a_good_digest(
    module, content, style, state, iteration
):
    words = state[0].split(b" ")
    state[0] = b" ".join([words[0], iteration, *words[2:]])
    assert_refused("must have a whole number of iterations, got ", module, content, style, forged(state))


def test_the_header_tells_how_many_iterations_are_done(module, content, style, state):
    assert state[0].split(b" ")[1] == b"2"
    assert started(module, content, style)[0].split(b" ")[1] == b"0"


def test_a_state_of_the_first_format_is_told_to_begin_anew(module, content, style, state):
    header = state[0].replace(FORMAT.encode(), b"nst-state/1")
    words = f"made by an older version: begin anew; the format must be {FORMAT}, got nst-state/1"
    assert_refused(words, module, content, style, [header, *state[1:]])


def test_the_owner_holds_every_leaf_of_the_request(content, style):
    request = Request(tf.constant(content), tf.constant(style), {"a": tf.constant(1.0), "b": tf.constant([1, 2])})
    leaves = leaves_of(request)
    assert len(leaves) == len(tf.nest.flatten(request))
    assert set(leaves) <= set(owner_of(request, {}))


@pytest.mark.slow
def test_a_new_option_belongs_to_the_owner_without_another_word(network, content, style):
    dummy = Option("dummy_weight", "For this test.", 0, 10, default=1.5)
    module = StyleTransfer(network, PRESETS, limits=LIMITS, options=(*OPTIONS, dummy))
    state = list(module.stylize_start(content, style)["state_bytes"].numpy())
    step = functools.partial(module.stylize_step, content, style, tf.constant(state), 1)
    assert step(dummy_weight=1.5)["image"].shape == content.shape
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"the same dummy_weight, 2, got 1\.5"):
        step(dummy_weight=2.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="dummy_weight: must be a number from 0 to 10, got 11"):
        step(dummy_weight=11.0)
