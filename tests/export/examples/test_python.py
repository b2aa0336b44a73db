"""The examples in Python make the pictures of `nst stylize`."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image

from nst_client import StyleClient
from tests.export.examples.conftest import ITERATIONS, pixels_of, run_python

pytestmark = pytest.mark.slow

SAME_RUN = ("--iterations", ITERATIONS, "--size", 0)


@pytest.fixture
def model(tiny_model_dir):
    return tiny_model_dir / "1"


@pytest.mark.parametrize("example", ["plain_python.py", "keras_layer.py"])
def test_an_example_of_one_picture_makes_that_of_nst_stylize(example, model, pictures, tmp_path):
    output = tmp_path / "out.png"
    run_python(example, model, pictures.contents[0], pictures.style, output, *SAME_RUN)
    np.testing.assert_array_equal(pixels_of(output), pictures.expected[0])


@pytest.mark.parametrize("example", ["plain_python.py", "keras_layer.py"])
def test_a_picture_may_be_scaled(example, model, pictures, tmp_path):
    output = tmp_path / "out.png"
    run_python(example, model, pictures.contents[0], pictures.style, output, "--iterations", 1, "--size", 96)
    assert max(pixels_of(output).shape) == 96


def test_a_pipeline_of_a_folder_makes_the_pictures_of_nst_stylize(model, pictures, tmp_path):
    folder = pictures.contents[0].parent
    printed = run_python("folder_with_tf_data.py", model, folder, pictures.style, tmp_path / "out", *SAME_RUN)
    assert len(printed.split()) == 3
    for content, expected in zip(pictures.contents, pictures.expected, strict=True):
        np.testing.assert_array_equal(pixels_of(tmp_path / "out" / content.name), expected)


def test_replicas_make_the_pictures_of_nst_stylize(model, pictures, tmp_path):
    """Three pictures on two replicas, the last of which leaves one of them without a picture of its own."""
    printed = run_python("replicas.py", model, pictures.style, tmp_path / "out", *pictures.contents, *SAME_RUN)
    assert len(printed.split()) == 3
    for content, expected in zip(pictures.contents, pictures.expected, strict=True):
        np.testing.assert_array_equal(pixels_of(tmp_path / "out" / content.name), expected)


def test_a_network_learns_by_the_errors_of_evaluate(model, pictures, tmp_path, server):
    """Its loss falls, and a server says of its picture what the example says."""
    output = tmp_path / "out.png"
    arguments = (model, pictures.contents[0], pictures.style, output, "--updates", 41, "--size", 0)
    printed = run_python("perceptual_loss.py", *arguments)
    losses = [float(line.split(": ")[1]) for line in printed.splitlines()[:-1]]
    assert losses[-1] < losses[0] / 2
    said = [float(number) for number in re.findall(r"content ([\d.]+), style ([\d.]+)", printed)[0]]
    with StyleClient(server.address) as client:
        content, style = (np.asarray(Image.open(file)) for file in (pictures.contents[0], pictures.style))
        errors = client.evaluate(content, style, pixels_of(output))
    np.testing.assert_allclose(said, [errors.content_error, np.mean(errors.style_errors)], atol=1e-4)
