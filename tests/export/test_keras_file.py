"""Weights files: everything that Keras writes is read back, everything else is refused in words."""

from __future__ import annotations

import functools
import zipfile

import h5py
import keras
import numpy as np
import pytest

from nst_export.errors import WeightsError
from nst_export.weights.keras_file import read_keras_file
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import network_for
from tests.exports import WIDTH_DIVISOR

# Keras' own writers do not know yet what NumPy 2 expects of `__array__`.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def narrow(model: keras.Model, divisor: int = WIDTH_DIVISOR) -> keras.Model:
    """The same layers with fewer units, and weights that tell every array from every other."""

    def variant(layer):
        config = layer.get_config()
        for width in {"filters", "units"} & set(config):
            config[width] = max(1, config[width] // divisor)
        return type(layer).from_config(config)

    return with_weights(keras.models.clone_model(model, clone_function=variant))


def with_weights(model: keras.Model) -> keras.Model:
    generator = np.random.default_rng(0)
    model.set_weights([generator.standard_normal(weight.shape).astype(np.float32) for weight in model.weights])
    return model


@functools.cache
def narrow_json(architecture, classifier: bool) -> str:
    """The layers of the narrow network: the wide one, half a gigabyte with its classifier, is made once."""
    wide = architecture(include_top=classifier, weights=None, input_shape=(32, 32, 3), classes=10)
    return narrow(wide).to_json()


def source(architecture=keras.applications.VGG19, *, classifier=False) -> keras.Model:
    return with_weights(keras.models.model_from_json(narrow_json(architecture, classifier)))


def write_published(path, model, names="{0}_W_1:0 {0}_b_1:0", encoding="utf8") -> None:
    """A file as Keras 1 and 2 wrote weights, and as those of keras.applications are."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in model.layers]
        for layer in model.layers:
            group = file.create_group(layer.name)
            weight_names = names.format(layer.name).split() if layer.weights else []
            group.attrs["weight_names"] = [name.encode() for name in weight_names] if encoding else weight_names
            for name, array in zip(weight_names, layer.get_weights(), strict=True):
                group.create_dataset(name, data=array)


WRITERS = {
    "published.h5": write_published,
    "keras_2.h5": lambda path, model: write_published(path, model, "{0}/kernel:0 {0}/bias:0"),
    "text_names.h5": lambda path, model: write_published(path, model, "{0}/kernel {0}/bias", encoding=None),
    "whole_model.h5": lambda path, model: model.save(path),
    "tiny.weights.h5": lambda path, model: model.save_weights(path),
    "whole_model.keras": lambda path, model: model.save(path),
}


@pytest.fixture(scope="module")
def vgg19_files(tmp_path_factory):
    """One file of each kind, all with the same weights; and these weights, by layer name."""
    folder, model = tmp_path_factory.mktemp("weights"), source()
    for name, write in WRITERS.items():
        write(folder / name, model)
    return folder, {layer.name: layer.get_weights() for layer in model.layers}


def assert_has_weights_of(network, arrays, expected):
    names = {layer.name for layer in network.layers if layer.weights}
    assert len(names) >= 13
    assert set(arrays) == names
    for name in names:
        for array, wanted in zip(arrays[name], expected[name], strict=True):
            np.testing.assert_array_equal(array, wanted, err_msg=name)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_keras_wrote_is_read_back(vgg19_files, tiny_network, name):
    folder, expected = vgg19_files
    assert_has_weights_of(tiny_network, read_keras_file(folder / name, tiny_network), expected)


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_with_the_classifier_serves_too(tmp_path, tiny_network, name):
    model = source(classifier=True)
    assert "predictions" in [layer.name for layer in model.layers]
    WRITERS[name](tmp_path / name, model)
    expected = {layer.name: layer.get_weights() for layer in model.layers}
    assert_has_weights_of(tiny_network, read_keras_file(tmp_path / name, tiny_network), expected)


def test_a_file_of_full_width_in_the_published_layout_is_read_back(tmp_path):
    model = keras.applications.VGG19(include_top=False, weights=None)
    write_published(tmp_path / "vgg19_notop.h5", model)
    network = network_for(PRESETS["eager"])
    arrays = read_keras_file(tmp_path / "vgg19_notop.h5", network)
    assert_has_weights_of(network, arrays, {layer.name: layer.get_weights() for layer in model.layers})


def test_the_form_of_a_file_is_told_from_its_content_not_from_its_name(vgg19_files, tmp_path, tiny_network):
    folder, expected = vgg19_files
    for name in WRITERS:
        renamed = tmp_path / f"{name}.download"
        renamed.write_bytes((folder / name).read_bytes())
        assert_has_weights_of(tiny_network, read_keras_file(renamed, tiny_network), expected)


def test_code_inside_a_file_is_not_run(tmp_path, tiny_network):
    model = source()
    mischief = keras.layers.Lambda(lambda x: 1 / 0, output_shape=lambda shape: shape)
    keras.Model(model.inputs, mischief(model.output)).save(tmp_path / "model.keras")
    expected = {layer.name: layer.get_weights() for layer in model.layers}
    assert_has_weights_of(tiny_network, read_keras_file(tmp_path / "model.keras", tiny_network), expected)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("published.h5", "it has no layer block3_conv4"),
        ("whole_model.h5", "it has no layer block3_conv4"),
        ("tiny.weights.h5", "block3_conv4 has shapes"),
        ("whole_model.keras", "block3_conv4 has shapes"),
    ],
)
def test_vgg16_is_refused_by_the_first_layer_that_differs(tmp_path, tiny_network, name, reason):
    WRITERS[name](tmp_path / name, source(keras.applications.VGG16))
    with pytest.raises(WeightsError, match=f"{name} is not VGG19: {reason}") as refusal:
        read_keras_file(tmp_path / name, tiny_network)
    assert "--weights trained" in refusal.value.remedy


@pytest.mark.parametrize("name", WRITERS)
def test_wrong_shapes_are_refused_with_both_shapes(vgg19_files, name):
    folder, _ = vgg19_files
    wider = network_for(PRESETS["nst"], width_divisor=8)
    expected = r"is not VGG19: block1_conv1 has shapes \[\(3, 3, 3, 4\), \(4,\)\], not \[\(3, 3, 3, 8\), \(8,\)\]"
    with pytest.raises(WeightsError, match=expected):
        read_keras_file(folder / name, wider)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_refused_by_its_layer(tmp_path, tiny_network, value):
    model = source()
    kernel, bias = model.get_layer("block4_conv2").get_weights()
    bias[3] = value
    model.get_layer("block4_conv2").set_weights([kernel, bias])
    write_published(tmp_path / "damaged.h5", model)
    with pytest.raises(WeightsError, match="not finite in block4_conv2"):
        read_keras_file(tmp_path / "damaged.h5", tiny_network)


@pytest.mark.parametrize("name", ["absent.h5", "absent.keras", "", "no/such/folder/vgg19.h5"])
def test_a_path_without_a_file_is_named(tmp_path, tiny_network, name):
    with pytest.raises(WeightsError, match="There is no weights file at") as refusal:
        read_keras_file(tmp_path / name, tiny_network)
    assert str(tmp_path / name) in str(refusal.value)


@pytest.mark.parametrize("name", ["notes.h5", "notes.weights.h5", "notes.keras"])
@pytest.mark.parametrize("content", [b"", b"These are not weights.\n" * 1000], ids=["empty", "text"])
def test_a_file_of_another_kind_is_refused(tmp_path, tiny_network, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match="cannot be read as a Keras weights file"):
        read_keras_file(tmp_path / name, tiny_network)


def test_hdf5_without_layers_is_refused(tmp_path, tiny_network):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["temperatures"] = np.zeros(10)
    with pytest.raises(WeightsError, match="it has no layer block1_conv1"):
        read_keras_file(tmp_path / "other.h5", tiny_network)


def test_arrays_that_hold_no_numbers_are_refused(tmp_path, tiny_network):
    with h5py.File(tmp_path / "words.h5", "w") as file:
        layer = file.create_group("block1_conv1")
        layer.attrs["weight_names"] = [b"kernel", b"bias"]
        layer.create_dataset("kernel", data=np.full((3, 3, 3, 4), b"word"))
        layer.create_dataset("bias", data=np.zeros(4))
    with pytest.raises(WeightsError, match="cannot be read"):
        read_keras_file(tmp_path / "words.h5", tiny_network)


def test_a_zip_archive_without_weights_is_refused(tmp_path, tiny_network):
    with zipfile.ZipFile(tmp_path / "photos.keras", "w") as archive:
        archive.writestr("photo.txt", "a photo")
    with pytest.raises(WeightsError, match=r"model\.weights\.h5"):
        read_keras_file(tmp_path / "photos.keras", tiny_network)


@pytest.mark.parametrize("name", WRITERS)
def test_a_truncated_file_is_refused_at_any_length(vgg19_files, tmp_path, tiny_network, name):
    whole = (vgg19_files[0] / name).read_bytes()
    lengths = {1, 8, 100, 2048, *np.linspace(0, len(whole) - 1, 20, dtype=int).tolist()}
    for length in sorted(lengths):
        (tmp_path / name).write_bytes(whole[:length])
        with pytest.raises(WeightsError, match="cannot be read as a Keras weights file"):
            read_keras_file(tmp_path / name, tiny_network)


@pytest.mark.parametrize("name", ["published.h5", "tiny.weights.h5", "whole_model.keras"])
def test_a_damaged_file_gives_weights_or_a_weights_error_and_nothing_else(vgg19_files, tmp_path, tiny_network, name):
    whole = np.frombuffer((vgg19_files[0] / name).read_bytes(), np.uint8)
    generator, refused = np.random.default_rng(0), 0
    for _ in range(60):
        damaged = whole.copy()
        start = generator.integers(len(whole) if generator.random() < 0.3 else 4096)
        damaged[start : start + 64] = generator.integers(0, 256, len(damaged[start : start + 64]))
        (tmp_path / name).write_bytes(damaged.tobytes())
        try:
            read_keras_file(tmp_path / name, tiny_network)
        except WeightsError:
            refused += 1
    assert refused > 0
