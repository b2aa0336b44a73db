"""Values that the graph refuses: the server carries its words through and serves on."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.conformance.calls import Case, Limits, check_it_serves, check_refusal


def zeros(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.zeros(shape, dtype)


def too_many_pixels(limits: Limits) -> np.ndarray:
    return zeros(limits.min_side, limits.max_pixels // limits.min_side + 1, 3)


SEEN_SHAPE = "seen on 2.20.0: tf.ensure_shape is what keeps a wrong rank from ending the process"
SHAPE = "tensorflow/core/kernels/shape_ops.h, EnsureShapeOp"
SHAPES = [
    *(
        Case(
            f"{name} of shape {list(shape)}",
            re.compile(rf"\[{','.join(map(str, shape))}\] is not compatible with expected shape \[\?,\?,3\]\."),
            SEEN_SHAPE if name == "content" and shape != (64,) else SHAPE,
            change={name: zeros(*shape)},
        )
        for name in ("content", "style", "init_image")
        for shape in ((), (64,), (64, 64), (1, 64, 64, 3), (64, 64, 4))
    ),
    Case(
        "evaluate's image of shape [64, 64]",
        re.compile(r"\[64,64\] is not compatible with expected shape \[\?,\?,3\]\."),
        SHAPE,
        signature="evaluate",
        change={"image": zeros(64, 64)},
    ),
    *(
        Case(
            f"{name} of shape [1]",
            re.compile(r"\[1\] is not compatible with expected shape \[\]\."),
            SHAPE,
            change={name: np.array([1], dtype)},
        )
        for name, dtype in (
            ("iterations", np.int32),
            ("style_weight", np.float32),
            ("learning_rate", np.float32),
            ("preset", bytes),
        )
    ),
    *(
        Case(
            f"{name} of shape {list(shape)}",
            re.compile(rf"\[{','.join(map(str, shape))}\] is not compatible with expected shape \[\?\]\."),
            SHAPE,
            change={name: zeros(*shape, dtype=dtype)},
        )
        for name, dtype in (("sizes", np.int32), ("style_layer_weights", np.float32))
        for shape in ((), (1, 2))
    ),
]

SEEN_DTYPE = "seen on 2.20.0: the number is the order of feeding"
DTYPES = [
    Case(
        f"{name} as {given}",
        re.compile(rf"^Expects arg\[\d+\] to be {wanted} but {given} is provided"),
        fact,
        change={name: value},
    )
    for name, value, wanted, given, fact in (
        ("content", zeros(64, 64, 3, dtype=np.float32), "uint8", "float", SEEN_DTYPE),
        ("iterations", np.int64(2), "int32", "int64", SEEN_DTYPE),
        ("style", "a picture", "uint8", "string", "tensorflow/core/common_runtime/direct_session.cc"),
        ("style_weight", np.float64(1), "float", "double", "tensorflow/core/common_runtime/direct_session.cc"),
        ("tv_weight", np.int32(1), "float", "int32", "tensorflow/core/common_runtime/direct_session.cc"),
    )
]

ASSERTED = "grpc_status_util.cc:24, the graph's own words"
NUMBERS = [
    Case(
        f"{name} {label or value}",
        re.compile(rf"^assertion failed: \[{name}: [^\]]*, got {got}\s*\]"),
        "seen on 2.20.0" if got == "2147483647" else ASSERTED,
        change={name: value},
    )
    for name, value, got, label in (
        ("iterations", np.int32(0), "0", ""),
        ("iterations", np.int32(-1), "-1", ""),
        ("iterations", lambda limits: np.int32(limits.max_iterations + 1), r"\d+", "over the limit"),
        ("iterations", np.int32(2**31 - 1), "2147483647", ""),
        ("iterations", np.int32(-(2**31)), "-2147483648", ""),
        ("content_weight", np.float32("nan"), "nan", ""),
        ("style_weight", np.float32("inf"), "inf", ""),
        ("tv_weight", np.float32("-inf"), "-inf", ""),
        ("tv_weight", np.float32(-2), "-2", ""),
        ("learning_rate", np.float32("nan"), "nan", ""),
        ("learning_rate", np.float32(0), "0", ""),
        ("content", zeros(1, 1, 3), "1 x 1", "of 1 x 1"),
        ("content", zeros(0, 64, 3), "0 x 64", "of 0 x 64"),
        ("style", zeros(64, 0, 3), "64 x 0", "of 64 x 0"),
        ("content", too_many_pixels, r"\d+ x \d+", "of too many pixels"),
        ("style", too_many_pixels, r"\d+ x \d+", "of too many pixels"),
    )
]

FILES = [
    Case(
        f"{name} {label}",
        re.compile(rf"^assertion failed: \[{name}: "),
        ASSERTED,
        signature="stylize_encoded",
        change={name: value},
    )
    for name, value, label in (
        ("content_bytes", b"", "empty"),
        ("content_bytes", b"GIF89a" + bytes(100), "of another kind"),
        ("style_bytes", b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\xff" * 8, "that announces a picture too large"),
        ("size", np.int32(-1), "-1"),
    )
] + [
    Case(
        "content_bytes cut off",
        re.compile(r"(?i)(png|jpeg|image)"),
        "tensorflow/core/kernels/image/decode_image_op.cc",
        signature="stylize_encoded",
        change={"content_bytes": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40"},
    )
]


@pytest.mark.parametrize("case", [*SHAPES, *DTYPES, *NUMBERS, *FILES], ids=str)
def test_the_graphs_refusal_arrives_and_the_server_serves_on(stubs, target, case):
    check_refusal(stubs, target, case)
    check_it_serves(stubs, target)
