"""An export runs under the oldest TensorFlow promised and the one before ours, each in its own environment."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from nst_export.export import export_version
from nst_graph.execution import Execution
from nst_graph.limits import MIN_SIDE
from tests.compatibility.conftest import VERSIONS, run
from tests.conftest import picture
from tests.exports import LIMITS, WIDTH_DIVISOR

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
EVERY_OPTION = Execution(exclusive=True, max_seconds=600.0, xla=True)
SIZE_RULE = f"height and width must be at least {MIN_SIDE} and at most {LIMITS.max_pixels} pixels together"
STATE_RULES = {
    "none": "state_bytes: must be what stylize_start or stylize_step returned, got 0 strings",
    "foreign": "state_bytes: must be what stylize_start or stylize_step returned, got 1 strings",
    "damaged": "state_bytes: is damaged: its digest must be ",
    "cut": "state_bytes: is damaged: its digest must be ",
    "short": "state_bytes: must be whole, 8 strings and 32 words in the first, got 7 strings and 32 words",
    "long": "state_bytes: must be whole, 8 strings and 32 words in the first, got 100001 strings and 32 words",
    "rank 0": "[] is not compatible with expected shape [?]",
    "rank 2": "[1,8] is not compatible with expected shape [?]",
    "other": "state_bytes: must come from a run with the same style, ",
}
COUNT_RULE = f"iterations: must be a whole number from 1 to {LIMITS.max_iterations}, got"


@pytest.fixture(scope="module", params=[Execution(), EVERY_OPTION], ids=["plain", "every option"])
def version_dir(request, tiny_model_dir, tmp_path_factory):
    """An export without options, and the same network with all of them."""
    if request.param == Execution():
        return tiny_model_dir / "1"
    folder = tmp_path_factory.mktemp("options") / "tiny"
    choices = {"limits": LIMITS, "execution": request.param, "width_divisor": WIDTH_DIVISOR}
    return export_version(folder, weights="random:0", **choices)


@pytest.fixture(scope="module")
def inputs():
    return {"content": picture(48, 64, seed=1), "style": picture(56, 40, seed=2), "iterations": np.int32(4)}


@pytest.fixture(scope="module")
def expected(tiny_model_dir, inputs):
    """What this environment's TensorFlow makes of the same input."""
    module = tf.saved_model.load(str(tiny_model_dir / "1"))
    return {name: value.numpy() for name, value in module.stylize(*inputs.values()).items()}


@pytest.fixture(scope="module")
def half(tiny_model_dir, inputs):
    """The state after half of the iterations, written by this environment's TensorFlow."""
    module = tf.saved_model.load(str(tiny_model_dir / "1"))
    content, style, iterations = inputs.values()
    start = module.stylize_start(content, style)["state_bytes"]
    return list(module.stylize_step(content, style, start, iterations // 2)["state_bytes"].numpy())


@pytest.fixture(scope="module")
def foreign(environment, version_dir, inputs, half, tmp_path_factory):
    """What the other version makes of it: its report, and its pictures, losses and state."""
    version, python = environment
    folder = tmp_path_factory.mktemp("foreign")
    state = {f"state_{index}": np.frombuffer(part, np.uint8) for index, part in enumerate(half)}
    np.savez(folder / "inputs.npz", **inputs, **state)
    finished = run(python, HERE / "foreign_run.py", version_dir, folder / "inputs.npz", folder / "results.npz")
    assert finished.returncode == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert report["version"] == version
    return report, dict(np.load(folder / "results.npz"))


@pytest.mark.parametrize("road", ["session", "module"])
def test_it_gives_the_same_picture_and_losses(foreign, expected, road):
    _, results = foreign
    assert_nearly_the_same(results[f"{road}_image"], results[f"{road}_losses"], expected["image"], expected["losses"])


def assert_nearly_the_same(image, losses, expected_image, expected_losses):
    assert image.dtype == np.uint8
    np.testing.assert_allclose(image.astype(int), expected_image.astype(int), atol=1)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-3, atol=1e-6)


def test_a_split_run_gives_the_bits_of_one_call(foreign):
    _, results = foreign
    np.testing.assert_array_equal(results["split_image"], results["session_image"])
    np.testing.assert_array_equal(results["split_losses"], results["session_losses"])


def test_it_goes_on_with_a_state_that_this_version_wrote(foreign, expected):
    _, results = foreign
    later = expected["losses"][len(expected["losses"]) // 2 :]
    assert_nearly_the_same(results["gone_on_image"], results["gone_on_losses"], expected["image"], later)


def test_this_version_goes_on_with_a_state_that_it_wrote(foreign, tiny_model_dir, inputs, expected):
    _, results = foreign
    content, style, iterations = inputs.values()
    state = [results[name].tobytes() for name in sorted(results) if name.startswith("state_")]
    module = tf.saved_model.load(str(tiny_model_dir / "1"))
    rest = module.stylize_step(content, style, tf.constant(state), iterations // 2)
    later = expected["losses"][iterations // 2 :]
    assert_nearly_the_same(rest["image"].numpy(), rest["losses"], expected["image"], later)


def test_hostile_input_is_refused_in_words_and_the_process_lives(foreign):
    report, _ = foreign
    assert report["alive"]
    assert len(report["refusals"]) == 28
    for hostile, (kind, message) in report["refusals"].items():
        assert kind == "InvalidArgumentError", (hostile, message)
        name, value = hostile.split(" ", 1)
        if name == "state_bytes":
            assert STATE_RULES[value] in message, hostile
        elif name == "iterations":
            assert f"{COUNT_RULE} {value.split()[0]}" in message
        elif value in {"(0, 64, 3)", "(64, 0, 3)"}:
            assert f"{name}: {SIZE_RULE}, got {value[1:-4].replace(', ', ' x ')}" in message
        else:
            assert "is not compatible with expected shape" in message, hostile


def test_the_list_of_ops_is_what_the_oldest_version_prints(environment):
    version, python = environment
    printed = run(python, HERE / "list_ops.py").stdout
    kept = (HERE / f"tensorflow-{VERSIONS[0]}-ops.txt").read_text()
    assert printed.startswith(f"# tensorflow {version}\n")
    assert (printed == kept) == (version == VERSIONS[0])
