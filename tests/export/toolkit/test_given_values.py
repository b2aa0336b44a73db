"""What people write behind `name=` as arrays, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nst_export.errors import InputError
from nst_export.saved_model.tensor_arrays import TEXTS, numpy_dtype, proto_of
from nst_export.toolkit.given_values import given_value
from nst_export.toolkit.report import Input

PICTURE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)


def of(dtype, shape) -> Input:
    return Input("x", dtype, shape, required=True, default=None, meaning="", tensor="x:0")


def read_picture(file, height, width):
    assert file.read_bytes() == b"picture"
    return PICTURE if (height, width) in ((None, None), (2, 4)) else np.zeros((height, width, 3), np.uint8)


def value(dtype, shape, text):
    return given_value(of(dtype, shape), text, read_picture)


@pytest.mark.parametrize(
    ("dtype", "shape", "text", "expected"),
    [
        ("int32", (), "3", 3),
        ("float32", (), "3", 3.0),
        ("float32", (None,), "[0.7,0.3]", [0.7, 0.3]),
        ("bfloat16", (2,), "[1, 0.5]", [1, 0.5]),
        ("float64", (), "NaN", np.nan),
        ("bool", (None,), "[true, false]", [True, False]),
        ("uint8", None, "[[1],[255]]", [[1], [255]]),
        ("int64", (), str(2**63 - 1), 2**63 - 1),
        ("float32", (None,), "[]", []),
        ("int32", (0,), "[]", []),
        ("complex64", (), "2", 2),
        ("string", (), "[not JSON", b"[not JSON"),
        ("string", (), "3", b"3"),
        ("string", (), "\u00e9", "\u00e9".encode()),
        ("string", (2,), '["a", ""]', [b"a", b""]),
        ("string", None, "a", b"a"),
        ("string", None, '["a"]', [b"a"]),
    ],
)
def test_a_value_has_the_inputs_type(dtype, shape, text, expected):
    found = value(dtype, shape, text)
    assert found.dtype == numpy_dtype(dtype)
    wanted = np.array(expected, TEXTS) if dtype == "string" else np.array(expected).astype(numpy_dtype(dtype))
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("dtype", "shape", "text", "reason"),
    [
        ("int32", (), "2.5", "it must hold whole numbers"),
        ("int32", (), "true", "it must hold whole numbers"),
        ("int32", (), "null", "it must hold whole numbers"),
        ("int32", (), "{}", "it must hold whole numbers"),
        ("int32", (), "three", "it is not JSON"),
        ("int32", (), "", "it is not JSON"),
        ("int32", (), str(2**31), "int32 goes from -2147483648 to 2147483647"),
        ("uint8", (), "-1", "uint8 goes from 0 to 255"),
        ("uint64", (), str(2**80), "it must hold whole numbers"),
        ("float32", (), "1e39", "it is more than float32 holds"),
        ("float16", (), "1e5", "it is more than float16 holds"),
        ("bool", (), "1", "it must hold true or false"),
        ("float32", (2,), "[1, 2, 3]", r"it has the shape \[3\]"),
        ("float32", (), "[1]", r"it has the shape \[1\]"),
        ("float32", (None, None), "[[1], [1, 2]]", "its lists have several lengths"),
        ("float32", None, "[" * 100_000, "recursion"),
        ("string", (None,), "a", "it is not JSON"),
        ("string", (None,), "[1]", "it must hold texts"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_rule_and_value(dtype, shape, text, reason):
    with pytest.raises(InputError, match=f"^x: must be {dtype}.*, got '.*{reason}"):
        value(dtype, shape, text)


def test_no_value_is_a_resource():
    with pytest.raises(InputError, match="x: no value of resource can be given"):
        value("resource", (), "1")


@pytest.fixture
def file(tmp_path):
    def write(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        return f"@{tmp_path / name}"

    return write


@pytest.fixture
def npy(tmp_path):
    def write(array) -> str:
        np.save(tmp_path / "x.npy", array, allow_pickle=True)
        return f"@{tmp_path / 'x.npy'}"

    return write


def test_a_picture_is_levels_in_whole_numbers_and_shares_in_others(file):
    picture = file("a.jpg", b"picture")
    np.testing.assert_array_equal(value("uint8", (None, None, 3), picture), PICTURE)
    np.testing.assert_array_equal(value("int32", (1, None, None, 3), picture), PICTURE[np.newaxis])
    np.testing.assert_allclose(value("float32", (None, 2, 4, 3), picture)[0], PICTURE / 255, rtol=1e-6)
    assert value("uint8", (5, 6, 3), picture).shape == (5, 6, 3)
    assert value("uint8", None, picture).shape == (2, 4, 3)


@pytest.mark.parametrize("shape", [(), (3,), (None, None, 4), (2, None, None, 3)], ids=str)
def test_there_is_no_place_for_a_picture_elsewhere(file, shape):
    with pytest.raises(InputError, match="which is no place for the picture"):
        value("uint8", shape, file("a.jpg", b"picture"))


def test_texts_take_the_bytes_of_a_file(file):
    assert value("string", (), file("a.jpg", b"\0\xff")).item() == b"\0\xff"
    assert value("string", (None,), file("a.json", b"[1]")).tolist() == [b"[1]"]


def test_an_array_of_numpy_is_converted_where_its_values_survive(npy):
    np.testing.assert_array_equal(value("int32", (None,), npy(np.arange(3))), [0, 1, 2])
    assert value("float32", (), npy(np.float64(0.1))) == np.float32(0.1)
    assert value("string", (None,), npy(np.array(["a", "b"]))).tolist() == [b"a", b"b"]
    with pytest.raises(InputError, match="int32 goes from"):
        value("int32", (), npy(np.int64(2**31)))
    with pytest.raises(InputError, match="it must hold whole numbers"):
        value("int32", (), npy(np.float32(1)))


def test_a_tensor_in_a_message_and_json_in_a_file_are_read(file):
    texts = np.array([b"a\0", b""], TEXTS)
    tensor = proto_of(texts).SerializeToString()
    assert value("string", (None,), file("state.tensor", tensor)).tolist() == texts.tolist()
    assert value("float32", (2,), file("x.json", json.dumps([1, 2]).encode())).tolist() == [1, 2]
    with pytest.raises(InputError, match="it holds no tensor"):
        value("string", (None,), file("state.tensor", b"\xff" * 9))


def test_code_in_an_array_of_numpy_is_not_run(npy):
    with pytest.raises(InputError, match="it holds no array that can be read"):
        value("float32", (), npy(np.array([{}], TEXTS)))


def test_an_array_that_claims_more_than_its_file_holds_takes_no_memory(npy, tmp_path):
    text = npy(np.zeros(10, np.uint8))
    data = (tmp_path / "x.npy").read_bytes()
    (tmp_path / "x.npy").write_bytes(data.replace(b"(10,), }" + b" " * 12, b"(10000000000000,), }"))
    with pytest.raises(InputError, match="it holds no array that can be read"):
        value("uint8", (None,), text)


@pytest.mark.parametrize("name", ["x.npy", "x.tensor", "x.json", "x.jpg"])
def test_a_file_that_no_message_holds_is_not_read(tmp_path, name):
    with (tmp_path / name).open("wb") as stream:
        stream.truncate(3 * 10**9)
    with pytest.raises(InputError, match="has 3,000,000,000 bytes, and a message at most 2,147,483,647"):
        value("uint8", (None, None, 3), f"@{tmp_path / name}")


@pytest.mark.parametrize("name", ["none.npy", "folder", "none.jpg"])
def test_what_is_no_file_is_refused(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"x: .* (cannot be read: No such file or directory|is not a file)"):
        value("uint8", (None, None, 3), f"@{tmp_path / name}")
