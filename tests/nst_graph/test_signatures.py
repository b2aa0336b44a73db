"""The table of functions that stylise, and what the builder makes of it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from nst_graph.execution import Execution
from nst_graph.options import OPTIONS, Option, options_for
from nst_graph.presets import PRESETS
from nst_graph.signatures import SIGNATURES, signatures
from nst_graph.style_transfer import StyleTransfer
from tests.exports import LIMITS

ROWS = pytest.mark.parametrize("row", SIGNATURES, ids=lambda row: row.name)
NEVER_CHANGES = ["content_bytes", "style_bytes", "iterations", "size"]


def inputs_of(module, row) -> list[str]:
    """As TensorFlow sees them."""
    return [spec.name for spec in getattr(module, row.name).input_signature]


def png(pixels: np.ndarray) -> bytes:
    return tf.io.encode_png(pixels).numpy()


def pixels(result) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(result["image_bytes"].numpy())))


@ROWS
def test_a_function_has_the_inputs_of_its_row_and_then_the_options(module, row):
    options = [option.name for option in options_for(row.reads)] if row.takes_options else []
    assert inputs_of(module, row) == [*row.inputs, *options]


def test_stylize_encoded_has_the_inputs_that_rest_callers_send_and_never_another(network):
    dummy = Option("dummy_weight", "For this test.", 0, 10, default=1.5)
    module = StyleTransfer(network, PRESETS, limits=LIMITS, options=(*OPTIONS, dummy))
    inputs = {row.name: inputs_of(module, row) for row in SIGNATURES}
    assert inputs.pop("stylize_encoded") == NEVER_CHANGES
    assert all("dummy_weight" in names for names in inputs.values())


def test_an_option_left_out_is_the_presets_own(module, preset, content, style):
    row = PRESETS[preset]
    names = ("content_weight", "style_weight", "tv_weight", "style_layer_weights", "style_loss", "optimizer", "average")
    given = module.stylize(content, style, 3, preset=preset, **{name: getattr(row, name) for name in names})
    np.testing.assert_array_equal(module.stylize(content, style, 3, preset=preset)["image"], given["image"])


def test_files_with_options_give_what_their_pixels_give(module, content, style):
    options = {"style_weight": 3.0, "learning_rate": 2.0}
    result = module.stylize_encoded_options(png(content), png(style), 3, 0, **options)
    np.testing.assert_array_equal(pixels(result), module.stylize(content, style, 3, **options)["image"])


def test_a_run_of_files_may_be_split_without_changing_a_bit(module, content, style):
    files = png(content), png(style)
    whole = module.stylize_encoded(*files, 5, 48)
    state, losses = module.stylize_encoded_start(*files, 48)["state_bytes"], []
    for iterations in (2, 3):
        result = module.stylize_encoded_step(*files, state, iterations, 48)
        state = result["state_bytes"]
        losses.append(result["losses"])
    assert result["image_bytes"] == whole["image_bytes"]
    np.testing.assert_array_equal(tf.concat(losses, axis=0), whole["losses"])


def test_a_run_of_files_goes_on_at_its_own_size_alone(module, content, style):
    files = png(content), png(style)
    state = module.stylize_encoded_start(*files, 48)["state_bytes"]
    with pytest.raises(tf.errors.InvalidArgumentError, match="the same size, 48x64, got 36x48"):
        module.stylize_encoded_step(*files, state, 1, 0)


def test_a_run_of_pixels_goes_on_from_files_with_the_same_pixels(module, content, style):
    state = module.stylize_start(content, style)["state_bytes"]
    by_files = module.stylize_encoded_step(png(content), png(style), state, 2, 0)
    np.testing.assert_array_equal(pixels(by_files), module.stylize(content, style, 2)["image"])


def test_xla_doubles_what_iterates_and_nothing_else(network):
    plain, doubled = ({row.name for row in signatures(xla=xla)} for xla in (False, True))
    assert doubled - plain == {f"{row.name}_xla" for row in SIGNATURES if "iterations" in row.inputs}
    module = StyleTransfer(network, PRESETS, limits=LIMITS, execution=Execution(xla=True))
    assert set(module.signatures) == {"serving_default", *doubled - {"stylize"}, "evaluate", "describe"}
