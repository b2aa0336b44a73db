"""An output as a file that other programs read."""

from __future__ import annotations

import io

import ml_dtypes
import numpy as np
import pytest
from PIL import Image

from nst_export.saved_model.messages import tensor_pb2
from nst_export.saved_model.tensor_arrays import TEXTS, array_of
from nst_export.toolkit.output_files import content_of, write_output

PIXELS = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


@pytest.mark.parametrize("array", [PIXELS, PIXELS[np.newaxis]])
def test_a_picture_is_png(array):
    suffix, data = content_of(array)
    assert suffix == ".png"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), PIXELS)


@pytest.mark.parametrize(
    "array", [PIXELS.astype(np.float32), PIXELS[..., :2], PIXELS[:0], np.array(3), np.stack([PIXELS, PIXELS])]
)
def test_numbers_are_numpys(array):
    suffix, data = content_of(array)
    assert suffix == ".npy"
    np.testing.assert_array_equal(np.load(io.BytesIO(data)), array)


@pytest.mark.parametrize("array", [np.array([b"a\0", b""], TEXTS), np.array([1, 2]).astype(ml_dtypes.bfloat16)])
def test_what_numpy_cannot_keep_is_a_message(array):
    suffix, data = content_of(array)
    assert suffix == ".tensor"
    assert array_of(tensor_pb2.TensorProto.FromString(data)).tolist() == array.tolist()


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (b"\x89PNG\r\n\x1a\n...", ".png"),
        (b"\xff\xd8\xff\xe0", ".jpg"),
        (b'{"contract": 2}', ".json"),
        (b"words", ".txt"),
        (b"\xff\xfe", ".bin"),
    ],
)
def test_a_single_text_is_the_file_that_it_is(text, suffix):
    assert content_of(np.array(text, TEXTS)) == (suffix, text)


@pytest.mark.parametrize(
    ("name", "file"),
    [("image", "image.npy"), ("../../x", "_._.._x.npy"), (".hidden", "_hidden.npy"), ("a/b", "a_b.npy"), ("", "_.npy")],
)
def test_no_name_leads_out_of_the_folder(tmp_path, name, file):
    written = write_output(tmp_path, name, np.array(1), [], lambda path, data: path.write_bytes(data))
    assert written == tmp_path / file
    assert np.load(tmp_path / file) == 1


def test_two_names_that_look_alike_have_two_files(tmp_path):
    first = write_output(tmp_path, "a/b", np.array(1), [], lambda *_: None)
    assert write_output(tmp_path, "a:b", np.array(1), [str(first)], lambda *_: None) == tmp_path / "a_b_2.npy"
