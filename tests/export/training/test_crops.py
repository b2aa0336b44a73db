"""Training pictures: always the same for a number, from all sources, whole where a picture has holes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.conftest import picture
from training.crops import Crops, cut
from training.picture_cache import Pictures, Source, write_pictures


@pytest.fixture
def pictures(tmp_path):
    """A grey source, a white one drawn three times as often, and a black stamp that is nowhere opaque."""
    for name, image in {
        "grey": np.full((100, 130, 3), 128, np.uint8),
        "white": np.full((130, 100, 3), 250, np.uint8),
        "stamp": np.zeros((100, 100, 4), np.uint8),
    }.items():
        image[::10, ..., :3] = 60  # a flat picture is not kept
        (tmp_path / name).mkdir()
        Image.fromarray(image).save(tmp_path / name / "picture.png")
    sources = [Source(tmp_path / "grey", 1.0), Source(tmp_path / "white", 3.0), Source(tmp_path / "stamp", 1.0)]
    write_pictures(tmp_path / "cache", sources, most=10)
    return Pictures(tmp_path / "cache")


def test_a_batch_depends_on_its_number_alone(pictures):
    one = Crops(pictures).batch(7, size=3, side=32)
    assert one.shape == (3, 32, 32, 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, Crops(pictures).batch(7, size=3, side=32))
    assert not np.array_equal(one, Crops(pictures).batch(8, size=3, side=32))


def test_sources_are_drawn_by_their_shares_and_stamps_lie_on_them(pictures):
    crops = Crops(pictures)
    rng = np.random.default_rng(0)
    means = np.array([crops._crop(rng, 32).mean() for _ in range(400)])
    assert means.min() > 100  # the stamp is transparent: what lies below shows
    assert (means > 190).mean() == pytest.approx(0.75, abs=0.07)


@pytest.mark.parametrize("size", [(96, 96), (96, 640), (300, 200)], ids=str)
def test_a_cut_is_a_square_of_the_side_asked_for(size):
    rng = np.random.default_rng(0)
    for _ in range(50):
        crop = cut(picture(*size), rng, 64)
        assert crop.shape == (64, 64, 3)
        assert np.isfinite(crop).all()
