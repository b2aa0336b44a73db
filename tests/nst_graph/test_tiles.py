"""A picture in tiles has the losses and the gradient of the picture as a whole."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from nst_graph.limits import LEAST_TILE_PIXELS, TILE_MARGIN, TILE_STEP, Limits
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import StyleTransfer
from nst_graph.tiles import Tiles, counting
from nst_graph.vgg19 import CONVOLUTIONS, preprocess, scale_of, vgg19
from tests.conftest import picture
from tests.nst_graph.conftest import tiny_network

CONTENT, STYLE = picture(330, 303, seed=1), picture(260, 344, seed=2)
TILE_PIXELS = 300 * 300
SIZES = pytest.mark.parametrize("size", [(330, 303), (512, 512), (33, 4001), (1023, 700)])


def all_tiles(size: tuple[int, int], pixels: int):
    tiles = Tiles(tf.constant(size), pixels)
    return [tiles.tile(tf.constant(number)) for number in range(int(tiles.count))]


@SIZES
@pytest.mark.parametrize("pixels", [LEAST_TILE_PIXELS, TILE_PIXELS, 512 * 512])
def test_each_pixel_counts_in_one_tile_and_no_tile_is_too_large(size, pixels):
    counted = np.zeros(size, int)
    for first, end, start, stop in all_tiles(size, pixels):
        counted[first[0] : end[0], first[1] : end[1]] += 1
        assert not (np.array(first) % TILE_STEP).any()
        assert not (np.array(start) % TILE_STEP).any()
        assert np.prod(stop - start) <= pixels
    assert (counted == 1).all()


@SIZES
@pytest.mark.parametrize("scale", [1, 2, 4, 8, 16])
def test_each_position_of_the_features_counts_in_one_tile(size, scale):
    counted = np.zeros([side // scale for side in size])
    for tile in all_tiles(size, TILE_PIXELS):
        top, left = tile.start.numpy() // scale
        computed = (tile.stop - tile.start) // scale
        counted[top : top + int(computed[0]), left : left + int(computed[1])] += counting(
            tile, tf.constant(scale), computed
        )[..., 0]
    assert (counted == 1).all()


def test_a_picture_that_fits_is_one_tile():
    [tile] = all_tiles((400, 640), 400 * 640)
    np.testing.assert_array_equal(tile, [[0, 0], [400, 640], [0, 0], [400, 640]])


@pytest.mark.parametrize("replicate", [False, True])
def test_all_features_that_count_are_those_of_the_whole_picture(replicate):
    network = vgg19(CONVOLUTIONS[:-2], width_divisor=16)  # as deep as block5_conv2
    image = tf.constant(CONTENT, tf.float32)
    whole = network(preprocess(image, replicate))
    for tile in all_tiles(CONTENT.shape[:2], TILE_PIXELS):
        maps = network(preprocess(tile.of(image), replicate))
        for layer, features in maps.items():
            (top, left), (height, width) = tile.start // scale_of(layer), features.shape[1:3]
            counts = counting(tile, tf.constant(scale_of(layer)), tf.constant([height, width]))
            wanted = whole[layer][:, top : top + height, left : left + width]
            largest = float(tf.reduce_max(tf.abs(wanted)))
            np.testing.assert_allclose(counts * features, counts * wanted, atol=1e-5 * largest)


def test_the_margin_is_as_wide_as_the_deepest_layer_sees():
    """The gradient of one position of block5_conv2 reaches 86 pixels beyond its own sixteen."""
    network = vgg19(["block5_conv2"], pooling="average", width_divisor=16)
    image = tf.random.stateless_uniform([1, 322, 322, 3], [1, 2], maxval=255.0)
    with tf.GradientTape() as tape:
        tape.watch(image)
        position = tf.reduce_sum(network(image)["block5_conv2"][:, 10, 10])
    rows = np.flatnonzero(np.abs(tape.gradient(position, image)[0, 1:-1]).sum(axis=(1, 2)))
    assert 160 - TILE_MARGIN <= rows.min() <= 160 - TILE_MARGIN + TILE_STEP
    assert 176 + TILE_MARGIN - TILE_STEP <= rows.max() + 1 <= 176 + TILE_MARGIN


def module_of(network: keras.Model, pixels: int) -> StyleTransfer:
    return StyleTransfer(network, PRESETS, limits=Limits(512 * 512, 100, pixels))


@pytest.fixture(scope="module")
def modules() -> list[StyleTransfer]:
    """One that computes all at once, and one in tiles. Average pooling has no kinks."""
    network = tiny_network(pooling="average")
    return [module_of(network, 512 * 512), module_of(network, TILE_PIXELS)]


def mask() -> np.ndarray:
    """Two regions that overlap, and some places of neither."""
    marked = np.zeros((*CONTENT.shape[:2], 2), np.uint8)
    marked[:200, :, 0], marked[150:320, :, 1] = 255, 170
    return marked


SECOND = {"more_styles": picture(150, 160, seed=3)[None], "more_style_sizes": [[150, 160]]}
CONTROLS = {
    "two styles": SECOND | {"blend": [0.7, 0.3]},
    "regions": SECOND | {"content_mask": mask()},
    "luminance": {"color": "luminance"},
    "strength": {"strength": mask()[..., 0]},
    "matched colours": {"color": "match-pca"},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*PRESETS, *CONTROLS])
def test_losses_and_pictures_in_tiles_are_those_of_the_whole(modules, name):
    options = CONTROLS.get(name) or {"preset": name}
    whole, tiled = (
        module.stylize(CONTENT, STYLE, 2, sizes=[330], init="content", optimizer="adam", **options)
        for module in modules
    )
    before, after = zip(tiled["losses"].numpy(), whole["losses"].numpy(), strict=True)
    np.testing.assert_allclose(*before, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(*after, rtol=1e-4, atol=1e-7)  # behind a step, which crowson's roots are only near
    differing = np.mean(np.abs(tiled["image"].numpy().astype(int) - whole["image"]) > 1)
    assert differing < 5e-3  # where a gradient is nearly 0, Adam's step is the sign of a rounding


@pytest.mark.slow
def test_a_run_in_tiles_may_be_split_anywhere(modules):
    _, module = modules
    options = {"sizes": [200, 330], "level_iterations": [2, 2], **CONTROLS["regions"]}
    once = module.stylize(CONTENT, STYLE, 4, **options)
    state, losses = module.stylize_start(CONTENT, STYLE, **options)["state_bytes"], []
    for iterations in (1, 2, 1):
        outputs = module.stylize_step(CONTENT, STYLE, state, iterations, **options)
        state, losses = outputs["state_bytes"], [*losses, outputs["losses"]]
    np.testing.assert_array_equal(np.concatenate(losses), once["losses"])
    np.testing.assert_array_equal(outputs["image"], once["image"])
