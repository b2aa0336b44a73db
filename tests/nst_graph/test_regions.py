"""Masks and strength: which place takes which style, and how much of it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.moments import moments
from nst_graph.style_losses import STYLE_LOSSES, style_loss, style_targets
from tests.conftest import picture
from tests.nst_graph.test_styles import FIRST, SECOND, THIRD, further

CONTENT = picture(64, 96, seed=5)
LEFT, RIGHT = np.s_[:, :48], np.s_[:, 48:]


def marked(*places, size=(64, 96), level=255) -> np.ndarray:
    """A mask, uint8[height, width, regions], with a region for each of `places`."""
    mask = np.zeros((*size, len(places)), np.uint8)
    for region, place in enumerate(places):
        mask[(*place, region)] = level
    return mask


def painted(module, style=FIRST, iterations=20, **options) -> np.ndarray:
    return module.stylize(CONTENT, style, iterations, **options)["image"].numpy()


def style_error(module, style: np.ndarray, image: np.ndarray) -> float:
    return float(np.mean(module.evaluate(image, style, image)["style_errors"]))


def test_moments_of_regions_are_those_of_each_regions_own_positions():
    features = tf.random.stateless_normal([1, 6, 8, 5], [1, 2])
    left = np.zeros((6, 8), np.float32)
    left[:, :3] = 1
    weights = np.stack([(part / part.sum()).ravel() for part in (left, 1 - left)], axis=1)
    found = moments(features, tf.constant(weights))
    for region, columns in enumerate((np.s_[:3], np.s_[3:])):
        alone = moments(features[:, :, columns])
        np.testing.assert_allclose(found.mean[region], alone.mean[0], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(found.covariance[region], alone.covariance[0], rtol=1e-4, atol=1e-6)


def test_the_gradient_of_moments_of_regions_is_that_of_plain_formulas():
    features = tf.random.stateless_normal([1, 4, 5, 3], [3, 4])
    parts = tf.random.stateless_uniform([20, 2], [5, 6])
    weights = parts / tf.reduce_sum(parts, axis=0)
    upstream = [tf.random.stateless_normal(shape, [7, 8]) for shape in ([2, 3], [2, 3, 3])]

    def plain(maps: tf.Tensor) -> list[tf.Tensor]:
        rows = tf.reshape(maps, [-1, 3])
        mean = tf.einsum("pr,pc->rc", weights, rows)
        raw = tf.einsum("pr,pc,pd->rcd", weights, rows, rows)
        return [mean, raw - mean[:, :, None] * mean[:, None]]

    gradients = []
    for function in (lambda maps: list(moments(maps, weights)), plain):
        with tf.GradientTape() as tape:
            tape.watch(features)
            total = tf.add_n([tf.reduce_sum(a * b) for a, b in zip(function(features), upstream, strict=True)])
        gradients.append(tape.gradient(total, features))
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-6)


def test_a_mask_of_everything_gives_the_picture_without_a_mask(module, preset):
    whole = painted(module, preset=preset, iterations=8, content_mask=marked(np.s_[:, :]))
    np.testing.assert_array_equal(whole, painted(module, preset=preset, iterations=8))


def test_masks_of_everything_give_the_losses_without_masks(module, preset):
    """By other sums, those of regions: in the first iterations, before rounding has grown."""
    masks = {"content_mask": marked(np.s_[:, :]), "style_masks": marked(np.s_[:, :], size=FIRST.shape[:2])[None]}
    options = {"preset": preset, "init": "style"}
    plain, guided = (module.stylize(CONTENT, FIRST, 2, **options, **more)["losses"] for more in ({}, masks))
    np.testing.assert_allclose(guided, plain, rtol=1e-3)


def test_each_half_tends_to_the_style_that_it_is_given(module):
    mask = marked(LEFT, RIGHT)
    image = painted(module, iterations=60, **further(SECOND), content_mask=mask)
    for half, own, other in ((LEFT, FIRST, SECOND), (RIGHT, SECOND, FIRST)):
        error = style_error(module, own, image[half])
        assert error < 0.7 * style_error(module, own, CONTENT[half])
        assert error < 0.5 * style_error(module, other, image[half])


def test_a_style_pulls_as_hard_in_a_small_region_as_in_a_large_one():
    """The loss's gradient for a position, which is what an optimiser sees, does not depend on the region's size."""
    features = tf.tile(tf.random.stateless_normal([1, 8, 8, 4], [1, 2]), [1, 1, 2, 1])
    style = tf.random.stateless_normal([1, 9, 9, 4], [3, 4])
    gradients = []
    for columns in (16, 8):
        part = np.zeros((8, 16, 1), np.float32)
        part[:, :columns] = 1
        weights = tf.constant(part.reshape(-1, 1) / part.sum())
        kind = tf.constant(list(STYLE_LOSSES).index("moments-relative"))
        one, share = tf.constant(1.0), tf.constant([columns / 16])
        targets = style_targets(kind, one, [moments(style)])
        with tf.GradientTape() as tape:
            tape.watch(features)
            current = moments(features, weights)
        _, [of_moments] = style_loss(kind, one, [current], targets, tf.constant([1.0]), [share])
        gradients.append(tape.gradient(current, features, output_gradients=of_moments)[:, :, :8])
    np.testing.assert_allclose(*gradients, rtol=1e-3, atol=1e-6)


def test_places_without_a_region_keep_the_contents_pixels(module, preset):
    mask = marked(LEFT)
    image = painted(module, preset=preset, content_mask=mask, iterations=6)
    np.testing.assert_array_equal(image[RIGHT], CONTENT[RIGHT])
    assert (image[LEFT] != CONTENT[LEFT]).any()


def test_a_region_that_no_style_mask_marks_keeps_the_contents_pixels(module):
    masks = marked(np.s_[:, :20], size=FIRST.shape[:2])[None]
    masks = np.concatenate([masks, np.zeros_like(masks)], axis=-1)
    image = painted(module, content_mask=marked(LEFT, RIGHT), style_masks=masks)
    np.testing.assert_array_equal(image[RIGHT], CONTENT[RIGHT])
    assert np.abs(image[LEFT].astype(int) - CONTENT[LEFT]).mean() > 2


def test_a_region_takes_the_style_of_the_marked_part_of_a_style_alone(module):
    both = np.concatenate([FIRST, picture(56, 40, seed=8)], axis=1)
    left = marked(np.s_[:, :40], size=both.shape[:2])[None]
    whole = marked(np.s_[:, :])
    image = painted(module, style=both, content_mask=whole, style_masks=left, iterations=60)
    assert style_error(module, both[:, :40], image) < style_error(module, both[:, 40:], image)


def test_padding_of_style_masks_is_no_mark(module):
    several = further(THIRD)
    masks = np.zeros((2, 56, 40, 2), np.uint8)
    masks[0, ..., 0] = 255
    masks[1, 36:, :, 1] = 255  # beyond the third style's 36 rows
    image = painted(module, **several, content_mask=marked(LEFT, RIGHT), style_masks=masks)
    np.testing.assert_array_equal(image[RIGHT], CONTENT[RIGHT])


def test_soft_edges_lie_between(module):
    soft = marked(np.s_[:, :])
    soft[..., 0] = np.linspace(0, 255, 96).astype(np.uint8)
    change = np.abs(painted(module, content_mask=soft).astype(int) - CONTENT).mean(axis=(0, 2))
    assert change[0] == 0
    assert change[:32].mean() < change[32:64].mean() < change[64:].mean()


@pytest.mark.parametrize("init", ["content", "noise"])
def test_strength_zero_keeps_pixels_exactly(module, preset, init):
    strength = np.zeros((64, 96), np.uint8)
    strength[RIGHT] = 255
    image = painted(module, preset=preset, strength=strength, init=init, iterations=6)
    np.testing.assert_array_equal(image[LEFT], CONTENT[LEFT])
    assert (image[RIGHT] != CONTENT[RIGHT]).any()


def test_a_fifth_of_the_strength_changes_a_fifth_as_much(module):
    fifth = np.full((64, 96), 51, np.uint8)
    images = [painted(module, init="noise", iterations=1, **options) for options in ({}, {"strength": fifth})]
    far, near = (np.abs(image.astype(int) - CONTENT).mean() for image in images)
    assert near == pytest.approx(far / 5, rel=0.1)


def test_full_strength_everywhere_changes_no_bit(module, preset):
    plain = module.stylize(CONTENT, FIRST, 6, preset=preset)
    full = module.stylize(CONTENT, FIRST, 6, preset=preset, strength=np.full((64, 96), 255, np.uint8))
    np.testing.assert_array_equal(full["image"], plain["image"])
    np.testing.assert_array_equal(full["losses"], plain["losses"])


@pytest.mark.parametrize(
    "options",
    [
        {"preset": "nst"},
        {"preset": "crowson", "color": "match-pca"},
        {"optimizer": "lbfgs", "color": "luminance"},
        {"preset": "keras", "keep": "best"},
    ],
    ids=str,
)
def test_a_guided_run_may_be_split_anywhere(module, options):
    options = {
        **options,
        **further(SECOND),
        "content_mask": marked(LEFT, np.s_[10:40, 60:90]),
        "strength": picture(64, 96, seed=9)[..., 0],
        "sizes": [64, 96],
        "level_iterations": [4, 4],
    }
    whole = module.stylize(CONTENT, FIRST, 8, **options)
    assert np.isfinite(whole["losses"]).all()
    state = module.stylize_start(CONTENT, FIRST, **options)["state_bytes"]
    losses = []
    for count in (3, 1, 2, 2):
        result = module.stylize_step(CONTENT, FIRST, state, count, **options)
        state = result["state_bytes"]
        losses.append(result["losses"])
    np.testing.assert_array_equal(result["image"], whole["image"])
    np.testing.assert_array_equal(np.concatenate(losses), whole["losses"])
