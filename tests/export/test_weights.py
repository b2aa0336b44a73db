"""What `--weights` may say, and the record that a model card keeps of it."""

from __future__ import annotations

import hashlib
import logging
import socket
from functools import partial

import numpy as np
import pytest

from nst_export.errors import WeightsError
from nst_export.weights import fill_weights, weights_sha256
from nst_export.weights.imagenet import fetch_imagenet_weights
from nst_export.weights.random_weights import fill_with_random_weights
from nst_export.weights.trained import Shipped
from nst_graph.vgg19 import CONVOLUTIONS, vgg19
from tests.exports import WIDTH_DIVISOR

# Keras' own writer does not know yet what NumPy 2 expects of `__array__`.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def other_network():
    """A deeper network than the one to be filled, with the weights of seed 4."""
    network = vgg19(CONVOLUTIONS, pooling="average", width_divisor=WIDTH_DIVISOR)
    fill_with_random_weights(network, 4)
    return network


@pytest.fixture
def file(tmp_path, other_network):
    path = tmp_path / "random_vgg19.weights.h5"
    other_network.save_weights(path)
    return path


@pytest.fixture
def unreachable(tmp_path):
    """The download of the published file, from an address at which nothing listens or can: it is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/vgg19.h5"
        yield partial(fetch_imagenet_weights, url=url, cache=tmp_path)


def never() -> None:
    pytest.fail("the ImageNet weights must not be fetched")


def assert_same_weights(network, other):
    for layer in network.layers:
        if layer.weights:
            for one, two in zip(layer.get_weights(), other.get_layer(layer.name).get_weights(), strict=True):
                np.testing.assert_array_equal(one, two, err_msg=layer.name)


def test_random_weights_are_those_of_the_seed(tiny_network, other_network):
    record = fill_weights(tiny_network, "random:4", fetch=never)
    assert record == ("random:4", weights_sha256(tiny_network), None)
    assert_same_weights(tiny_network, other_network)


@pytest.mark.parametrize("source", ["random:x", "random:", "random", "random:-1", "random:1.5", "random:1234567890"])
def test_a_seed_that_is_no_number_of_up_to_nine_digits_is_refused(tiny_network, source):
    before = weights_sha256(tiny_network)
    with pytest.raises(WeightsError, match=f"'{source}' is not a seed") as refusal:
        fill_weights(tiny_network, source, fetch=never)
    assert "random:0" in refusal.value.remedy
    assert weights_sha256(tiny_network) == before


def test_a_file_gives_its_weights_and_its_digest(tiny_network, other_network, file):
    record = fill_weights(tiny_network, str(file), fetch=never)
    assert_same_weights(tiny_network, other_network)
    assert record.source == "file:random_vgg19.weights.h5"
    assert record.sha256 == weights_sha256(tiny_network)
    assert record.file_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_relative_path_that_begins_like_a_seed_is_a_path(tiny_network, file, monkeypatch):
    monkeypatch.chdir(file.parent)
    assert fill_weights(tiny_network, file.name, fetch=never).source == f"file:{file.name}"


def test_a_path_without_a_file_is_refused(tiny_network, tmp_path):
    with pytest.raises(WeightsError, match="There is no weights file at"):
        fill_weights(tiny_network, str(tmp_path / "absent.h5"), fetch=never)


@pytest.mark.parametrize("source", ["imagenet", "auto"])
def test_imagenet_is_the_published_file(tiny_network, other_network, file, caplog, source):
    record = fill_weights(tiny_network, source, fetch=lambda: file)
    assert_same_weights(tiny_network, other_network)
    assert record.source == "imagenet"
    assert record.file_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert caplog.records == []


def test_imagenet_fails_where_it_cannot_be_had(tiny_network, unreachable):
    before = weights_sha256(tiny_network)
    with pytest.raises(WeightsError, match="cannot be downloaded"):
        fill_weights(tiny_network, "imagenet", fetch=unreachable)
    assert weights_sha256(tiny_network) == before


def test_auto_falls_back_to_the_trained_weights_in_one_plain_line(tiny_network, unreachable, tmp_path, caplog):
    shipped = Shipped(tmp_path / "absent.npz", "0" * 64)
    with pytest.raises(WeightsError, match=r"The trained weights cannot be read: .*absent\.npz"):
        fill_weights(tiny_network, "auto", fetch=unreachable, shipped=shipped)
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    assert warning.getMessage().startswith("Using the trained weights that come with nst-serving. The ImageNet weights")
    assert "\n" not in warning.getMessage()


def test_the_digest_is_that_of_all_kernels_and_biases_front_to_back(tiny_network):
    expected = hashlib.sha256()
    for name in CONVOLUTIONS[:13]:
        for array in tiny_network.get_layer(name).get_weights():
            expected.update(np.ascontiguousarray(array, "<f4"))
    assert weights_sha256(tiny_network) == expected.hexdigest()


@pytest.mark.parametrize("layer", ["block1_conv1", "block5_conv1"])
@pytest.mark.parametrize("part", [0, 1], ids=["kernel", "bias"])
def test_the_digest_changes_with_the_last_bit_of_a_single_weight(tiny_network, layer, part):
    before = weights_sha256(tiny_network)
    arrays = tiny_network.get_layer(layer).get_weights()
    weight = arrays[part].flat[-1]
    arrays[part].flat[-1] = np.nextafter(weight, np.float32(np.inf))
    tiny_network.get_layer(layer).set_weights(arrays)
    assert weights_sha256(tiny_network) != before
    arrays[part].flat[-1] = weight
    tiny_network.get_layer(layer).set_weights(arrays)
    assert weights_sha256(tiny_network) == before
