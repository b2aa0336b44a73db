"""The weights that come with the package: read as they were written, or refused in one sentence."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from nst_export.errors import WeightsError
from nst_export.export import export_version
from nst_export.weights import fill_weights, weights_sha256
from nst_export.weights.trained import SHIPPED, Shipped, read_trained_weights
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import network_for
from nst_graph.vgg19 import CONVOLUTIONS, vgg19
from tests.exports import WIDTH_DIVISOR


def arrays_for(network):
    """What a file for `network` holds: random filters, int8, a scale and a bias for each channel."""
    generator = np.random.default_rng(1)
    arrays = {}
    for layer in network.layers:
        if layer.weights:
            shape = tuple(layer.kernel.shape)
            arrays[f"{layer.name}/kernel"] = generator.integers(-127, 128, shape).astype(np.int8)
            arrays[f"{layer.name}/scale"] = generator.uniform(0.001, 0.01, shape[-1]).astype(np.float32)
            arrays[f"{layer.name}/bias"] = generator.normal(0, 1, shape[-1]).astype(np.float32)
    return arrays


def shipped(file):
    return Shipped(file, hashlib.sha256(file.read_bytes()).hexdigest())


@pytest.fixture
def arrays(tiny_network):
    return arrays_for(tiny_network)


@pytest.fixture
def small_file(tmp_path, arrays):
    file = tmp_path / "trained.npz"
    np.savez_compressed(file, **arrays)
    return file


def test_a_kernel_is_its_integers_times_its_channels_scale(tiny_network, arrays, small_file):
    layers = read_trained_weights(tiny_network, shipped(small_file))
    assert list(layers) == [layer.name for layer in tiny_network.layers if layer.weights]
    for name, (kernel, bias) in layers.items():
        for channel, scale in enumerate(arrays[f"{name}/scale"]):
            np.testing.assert_array_equal(kernel[..., channel], arrays[f"{name}/kernel"][..., channel] * scale)
        assert kernel.dtype == np.float32
        np.testing.assert_array_equal(bias, arrays[f"{name}/bias"])


def test_the_record_names_the_source_and_the_files_digest(tiny_network, small_file):
    record = fill_weights(tiny_network, "trained", shipped=shipped(small_file))
    assert record == ("trained", weights_sha256(tiny_network), shipped(small_file).sha256)


def cut(content: bytes) -> bytes:
    return content[:-1]


def flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


def swollen(content: bytes) -> bytes:
    return content + b"\0"


def empty(_: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [cut, flipped, swollen, empty])
def test_a_damaged_file_is_refused_in_one_sentence(tiny_network, small_file, damage):
    whole = shipped(small_file)
    small_file.write_bytes(damage(small_file.read_bytes()))
    before = weights_sha256(tiny_network)
    what = rf"{small_file} is damaged: its SHA-256 is .* not {whole.sha256}"
    with pytest.raises(WeightsError, match=what) as refusal:
        fill_weights(tiny_network, "trained", shipped=whole)
    assert "Install nst-serving again" in refusal.value.remedy
    assert weights_sha256(tiny_network) == before


def test_a_missing_file_is_refused_in_one_sentence(tiny_network, small_file):
    whole = shipped(small_file)
    small_file.unlink()
    with pytest.raises(WeightsError, match=r"The trained weights cannot be read: .*No such file"):
        fill_weights(tiny_network, "trained", shipped=whole)


def test_a_layer_that_the_file_does_not_hold_is_named(small_file):
    deeper = vgg19(CONVOLUTIONS, width_divisor=WIDTH_DIVISOR)
    with pytest.raises(WeightsError, match="The trained weights have no layer block5_conv2"):
        read_trained_weights(deeper, shipped(small_file))


def test_a_network_of_another_width_is_refused(small_file):
    wider = network_for(PRESETS["nst"], width_divisor=WIDTH_DIVISOR // 2)
    with pytest.raises(WeightsError, match="The trained weights do not fit: block1_conv1 has"):
        read_trained_weights(wider, shipped(small_file))


def test_an_export_with_weights_that_do_not_fit_writes_nothing(tmp_path):
    with pytest.raises(WeightsError):
        export_version(tmp_path / "new" / "model", weights="trained", width_divisor=WIDTH_DIVISOR)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("preset", PRESETS)
def test_the_file_in_the_package_is_whole_and_serves_every_preset(preset):
    network = network_for(PRESETS[preset])
    record = fill_weights(network, "trained")
    assert record.file_sha256 == SHIPPED.sha256
    assert all(np.isfinite(weight).all() for weight in network.get_weights())


def test_the_file_in_the_package_is_at_most_16_megabytes():
    assert SHIPPED.file.stat().st_size <= 16e6
