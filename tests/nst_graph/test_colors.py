"""Whose colours a picture has: the moments of what is matched, and the chroma of what is painted on luminance."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.colors import COLORS, colors, recolored, with_chroma
from tests.conftest import picture

CONTENT, STYLE = picture(48, 64, seed=1), picture(56, 40, seed=2)
MATCHED = [name for name in COLORS if name.startswith("match-")]

# Known answers of nobody here: Rec. 601 as Pillow's and JPEG's converters have it.
YCBCR = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])


def moved(name: str, style: np.ndarray, content: np.ndarray) -> np.ndarray:
    pictures = (tf.constant(each, tf.float32) for each in (style, content))
    return recolored(tf.constant(list(COLORS).index(name)), *pictures).numpy()


def moments(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pixels = picture.reshape(-1, 3).astype(np.float64)
    return pixels.mean(axis=0), np.cov(pixels, rowvar=False, bias=True)


@pytest.mark.parametrize("name", MATCHED)
def test_matching_moves_mean_and_covariance_onto_the_contents(name):
    for found, wanted in zip(moments(moved(name, STYLE, CONTENT)), moments(CONTENT), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_the_ways_of_matching_differ_and_symmetric_moves_pixels_least():
    distances = {name: np.square(moved(name, STYLE, CONTENT) - STYLE).mean() for name in MATCHED}
    assert min(distances, key=distances.get) == "match-symmetric"
    assert len({round(float(distance), 3) for distance in distances.values()}) == len(MATCHED)


def test_a_style_that_has_the_contents_colours_stays_as_it_is():
    for name in MATCHED:
        np.testing.assert_allclose(moved(name, CONTENT, CONTENT), CONTENT, atol=1e-2)
    np.testing.assert_array_equal(moved("style", STYLE, CONTENT), STYLE)


def test_on_luminance_the_style_is_grey_with_the_mean_and_deviation_of_the_contents_luma():
    grey = moved("luminance", STYLE, CONTENT)
    np.testing.assert_allclose(grey, grey[..., :1].repeat(3, axis=-1), atol=1e-3)
    wanted = CONTENT @ YCBCR[0]
    np.testing.assert_allclose([grey[..., 0].mean(), grey[..., 0].std()], [wanted.mean(), wanted.std()], rtol=1e-4)


@pytest.mark.parametrize("name", COLORS)
@pytest.mark.parametrize("shade", [(90, 90, 90), (200, 30, 60)])
def test_a_style_or_a_content_of_one_colour_gives_finite_pixels(name, shade):
    flat = np.full((32, 32, 3), shade, np.uint8)
    assert np.isfinite(moved(name, flat, CONTENT)).all()
    assert np.abs(moved(name, STYLE, flat)).max() < 1e4


def test_the_chroma_of_the_content_stays_whatever_the_luma_is():
    grey = tf.random.stateless_uniform([48, 64, 1], [1, 2], -100, 400)
    painted = with_chroma(grey, tf.constant(CONTENT, tf.float32)).numpy()
    assert painted.min() >= -1e-4
    assert painted.max() <= 255 + 1e-4
    chroma = YCBCR[1:]
    np.testing.assert_allclose(painted @ chroma.T, CONTENT @ chroma.T, atol=1e-3)


def test_a_run_on_luminance_keeps_the_chroma_and_changes_the_luma(module, preset):
    image = module.stylize(CONTENT, STYLE, 5, preset=preset, color="luminance", init="content")["image"].numpy()
    # Each channel is rounded to a whole level: half a level of it, weighed by at most 1 altogether.
    np.testing.assert_allclose(image @ YCBCR[1:].T, CONTENT @ YCBCR[1:].T, atol=0.6)
    assert np.abs(image @ YCBCR[0] - CONTENT @ YCBCR[0]).max() > 0.5


@pytest.mark.parametrize("name", COLORS)
def test_every_way_gives_another_picture(module, name):
    images = [module.stylize(CONTENT, STYLE, 5, color=color)["image"].numpy() for color in ("style", name)]
    assert (name == "style") == bool((images[0] == images[1]).all())


def test_flat_colours_have_a_floor_of_variance():
    assert tf.linalg.cholesky(colors(tf.zeros([4, 4, 3])).covariance).numpy().min() >= 0
