"""What a server's words mean, held to the words that the graph itself has."""

from __future__ import annotations

import re

import numpy as np
import pytest
import tensorflow as tf

from nst_client import errors
from nst_client.calls.refusals import PARTS_OF_THE_MODEL, STATE_REMEDIES, Refusal, plain, refusal_in, refused
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer
from tests.conftest import picture
from tests.exports import LIMITS
from tests.nst_graph.conftest import tiny_network
from tests.nst_graph.test_state import forged

ASSERTED = (
    "assertion failed: [iterations: must be a whole number from 1 to 100000, got 0]\n"
    "\t [[{{function_node __inference_stylize_2543}}{{node Assert_2/Assert}}]]"
)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        (ASSERTED, "iterations: must be a whole number from 1 to 100000, got 0"),
        (ASSERTED.replace("]\n", "] \n"), "iterations: must be a whole number from 1 to 100000, got 0"),
        (
            f"2 root error(s) found.\n  (0) INVALID_ARGUMENT: {ASSERTED}\n  (1) INVALID_ARGUMENT: {ASSERTED}",
            "iterations: must be a whole number from 1 to 100000, got 0",
        ),
        ("assertion failed: [shape: got [1] and [2]]\n\t [[{{node Assert}}]]", "shape: got [1] and [2]"),
        ("Shape of tensor is [2]\n\t [[{{node EnsureShape}}]]", "Shape of tensor is [2]"),
        ("no node in it", "no node in it"),
        ("", ""),
    ],
)
def test_node_names_are_left_out_of_a_runtimes_message(details: str, words: str):
    assert plain(details) == words


def tiny(seed: int = 0, **changes: object) -> StyleTransfer:
    return StyleTransfer(tiny_network(seed), {"nst": PRESETS["nst"]._replace(**changes)}, limits=LIMITS)


@pytest.fixture(scope="module")
def model() -> StyleTransfer:
    return tiny()


@pytest.fixture
def state(model: StyleTransfer, content: np.ndarray, style: np.ndarray) -> list[bytes]:
    return list(model.stylize_start(content, style)["state_bytes"].numpy())


def words_of(function, *arguments, **named) -> str:
    """What the graph says to a call that it refuses."""
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        function(*arguments, **named)
    return caught.value.message


def step(model: StyleTransfer, content, style, state: list[bytes], **numbers: float) -> str:
    state_bytes = tf.constant(state, tf.string, shape=[len(state)])  # past Python's own check of the shape
    return words_of(model.stylize_step, content, style, state_bytes, 1, **numbers)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("iterations", 0, "must be a whole number from 1 to 100000, got 0"),
        ("iterations", 100_001, "must be a whole number from 1 to 100000, got 100001"),
        ("style_weight", -2.0, "must be a number from 0 to 1e+12, got -2"),
        ("learning_rate", float("nan"), "must be a number above 0 and up to 255, got nan"),
        (
            "content",
            picture(20, 64),
            "height and width must be at least 32 and at most 16384 pixels together, got 20 x 64",
        ),
        (
            "style",
            picture(64, 20),
            "height and width must be at least 32 and at most 16384 pixels together, got 64 x 20",
        ),
    ],
)
def test_the_graphs_refusal_of_an_input_is_taken_apart(model, content, style, name: str, value, rule: str):
    inputs = {"content": content, "style": style, "iterations": 1} | {name: value}
    words = words_of(model.stylize, **inputs)
    assert refusal_in(words) == Refusal(name, rule)
    assert refused("no", words).input == name


def test_a_state_differs_in_the_part_that_the_graph_names(model, content, style, state):
    assert refusal_in(step(model, content[::-1], style, state)).differs_in == "content"
    assert refusal_in(step(model, content, style[::-1], state)).differs_in == "style"
    assert refusal_in(step(model, content[:40], style, state)).differs_in == "size"
    for name in ("content_weight", "style_weight", "tv_weight", "learning_rate"):
        assert refusal_in(step(model, content, style, state, **{name: 7.0})).differs_in == name


@pytest.mark.slow
def test_the_parts_of_the_model_are_those_that_another_model_differs_in(content, style, state):
    others = (tiny(seed=1), tiny(decay_iterations=7.0))
    assert tuple(refusal_in(step(other, content, style, state)).differs_in for other in others) == PARTS_OF_THE_MODEL


def test_every_refusal_of_a_state_gets_a_remedy_of_its_own(model, content, style, state):
    damaged = step(model, content, style, [state[0], state[1][:-1], *state[2:]])
    foreign = step(model, content, style, [b"GIF89a"])
    another = step(model, content[::-1], style, state)
    older, newer = (
        step(model, content, style, [re.sub(rb"^nst-state/\d+", b"nst-state/%d" % number, state[0]), *state[1:]])
        for number in (1, 77)
    )
    not_a_number = np.full(content.shape, np.nan, np.float32).tobytes()
    diverged = step(model, content, style, forged([state[0], not_a_number, *state[2:]]))
    rules = {
        damaged: "",
        foreign: "",
        another: "must come from a run with the same",
        older: "made by an older version",
        newer: "must be of the format",
        diverged: "must hold finite numbers",
    }
    assert set(rules.values()) == set(STATE_REMEDIES)
    for words, rule in rules.items():
        assert refused("no", words).remedy == STATE_REMEDIES[rule]
        assert type(refused("no", words)) is errors.StateRefused
        assert refused("no", words).input == "state_bytes"
    assert refused("no", foreign).differs_in is None


def test_words_without_an_input_name_none():
    for words in (
        "Expects arg[0] to be uint8 but float is provided",
        "tensor parsing error: content",
        "",
        "Sent extra: {}",
    ):
        assert refusal_in(words) == Refusal(None, words)
