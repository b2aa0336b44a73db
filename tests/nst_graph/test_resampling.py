from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from nst_graph.resampling import cubic, resize, triangle
from tests.conftest import picture

SIZES = pytest.mark.parametrize("size", [(24, 32), (34, 45), (48, 64), (68, 91), (96, 128), (31, 100)], ids=str)
KERNELS = pytest.mark.parametrize("kernel", [cubic, triangle])


def resized(image: np.ndarray, size: tuple[int, int], kernel=cubic) -> np.ndarray:
    return resize(tf.constant(image, tf.float32), *map(tf.constant, size), kernel).numpy()


@SIZES
@pytest.mark.parametrize(
    ("kernel", "filter_"), [(cubic, Image.Resampling.BICUBIC), (triangle, Image.Resampling.BILINEAR)]
)
def test_it_is_pillows(size, kernel, filter_):
    image = picture(48, 64).astype(np.float32)
    planes = [Image.fromarray(image[..., plane]).resize(size[::-1], filter_) for plane in range(3)]
    np.testing.assert_allclose(resized(image, size, kernel), np.stack(planes, axis=-1), atol=0.01)


@SIZES
@KERNELS
def test_a_constant_picture_stays_as_it_is(size, kernel):
    np.testing.assert_allclose(resized(np.full((48, 64, 3), 77.0), size, kernel), 77.0, rtol=1e-6)


@KERNELS
def test_the_same_size_is_the_same_picture(kernel):
    image = picture(48, 64)
    np.testing.assert_array_equal(resized(image, (48, 64), kernel), image)
