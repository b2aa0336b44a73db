"""Options that cannot be meant are refused in plain words; odd pictures give finite losses in every preset."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import picture

CONTENT, STYLE = picture(48, 64, seed=1), picture(56, 40, seed=2)

REFUSED = [
    ({"sizes": [30, 64]}, "sizes: must leave both sides of the content at least 32 pixels, as 43 does, got 30 64"),
    ({"sizes": [40, 64]}, "sizes: must leave both sides of the content at least 32 pixels, as 43 does, got 40 64"),
    ({"sizes": [64, 65]}, "sizes: must be at most the longest side of content, 64, got 64 65"),
    ({"sizes": [64, 48]}, "sizes: must ascend, got 64 48"),
    ({"sizes": [48, 48]}, "sizes: must ascend, got 48 48"),
    ({"sizes": [0, 64]}, "sizes: must be a number from 1 to 32768, got 0 64"),
    ({"sizes": [48, 64], "level_iterations": [5]}, "level_iterations: must have as many numbers as sizes, 2 "),
    ({"level_iterations": [5, 5, 5, 5, 5]}, "level_iterations: must have as many numbers as sizes, "),
    ({"sizes": [48, 64], "level_iterations": [0, 5]}, "level_iterations: must be a number from 1 to "),
    ({"preset": "nts"}, "preset: must be one of nst, eager, gatys, jcjohnson, keras, tensorflow, crowson, got nts"),
    ({"optimizer": "Adam"}, "optimizer: must be one of adam, lbfgs, sgd, got Adam"),
    ({"style_loss": "grams"}, "style_loss: must be one of gram, gram-relative, moments, "),
    ({"keep": "all"}, "keep: must be one of last, best, got all"),
    ({"init": "black"}, "init: must be one of content, noise, style, image, got black"),
    ({"keep": "best", "average": 0.5}, "keep: must be last where average is above 0"),
    ({"keep": "best", "preset": "crowson"}, "keep: must be last where average is above 0"),
    ({"init": "image"}, "init: must be image where there is an init_image, and only there, got image"),
    ({"init": "noise", "init_image": CONTENT}, "init: must be image where there is an init_image, and only there"),
    ({"init_image": STYLE}, "init_image: must have the height and width of content, 48 x 64, got 56 x 40"),
    ({"seed": -1}, "seed: must be a number from 0 to 2147483647, got -1"),
    ({"history": 0}, "history: must be a number from 1 to 100, got 0"),
    ({"history": 101}, "history: must be a number from 1 to 100, got 101"),
    ({"style_layer_weights": [1.0]}, "style_layer_weights: must have 5 numbers, one each for block1_conv1, "),
    ({"average": 1.0}, "average: must be a number from 0 to 0.9999, got 1"),
    *(
        ({name: np.float32(np.nan)}, f"{name}: must be a number ")
        for name in ("content_weight", "style_weight", "tv_weight", "learning_rate", "average")
    ),
    ({"style_layer_weights": [1.0, 1.0, float("nan"), 1.0, 1.0]}, "style_layer_weights: must be a number from 0 to "),
]

TWO = {"more_styles": STYLE[None], "more_style_sizes": [[56, 40]]}
MASK = np.full((48, 64, 1), 255, np.uint8)
STYLE_MASK = np.full((1, 56, 40, 1), 255, np.uint8)


def masks(*shape: int) -> np.ndarray:
    return np.full(shape, 255, np.uint8)


REFUSED += [
    ({"more_styles": masks(16, 32, 32, 3), "more_style_sizes": [[32, 32]] * 16}, "must be at most 15 pictures, got 16"),
    ({"more_styles": STYLE[None]}, "more_style_sizes: must have a row for each of more_styles, 1, got 0"),
    (
        {**TWO, "more_style_sizes": [[57, 40]]},
        "more_style_sizes: must be at most the size of more_styles, 56 x 40, got",
    ),
    ({**TWO, "more_style_sizes": [[31, 40]]}, "more_style_sizes: must be a number from 32 to 32768, got 31 40"),
    (
        {"more_styles": masks(4, 64, 64, 3), "more_style_sizes": [[64, 64]] * 4},
        "more_styles: all styles together must have at most 16384 pixels, got 18624",
    ),
    ({**TWO, "blend": [1.0]}, "blend: must have a weight for each of the styles, 2, got 1"),
    ({**TWO, "blend": [1.0, 1.0, 1.0]}, "blend: must have a weight for each of the styles, 2, got 3"),
    ({**TWO, "blend": [0.0, 0.0]}, "blend: must have a weight above 0, got 0 0"),
    ({**TWO, "blend": [1.0, -1.0]}, "blend: must be a number from 0 to 1e+12, got 1 -1"),
    ({**TWO, "blend": [1.0, float("nan")]}, "blend: must be a number from 0 to 1e+12, got 1 nan"),
    ({"style_scale": 0.0}, "style_scale: must be a number above 0 and up to 8, got 0"),
    ({"style_scale": 8.0}, "style_scale: must leave every style at most 16384 pixels, got 8, which makes 187245"),
    ({"color": "grey"}, "color: must be one of style, luminance, match-cholesky, match-pca, match-symmetric, got grey"),
    (
        {"content_mask": masks(64, 48, 1)},
        "content_mask: must have the height and width of content, 48 x 64, got 64 x 48",
    ),
    ({"content_mask": 0 * MASK}, "content_mask: must mark some place, got none"),
    ({"content_mask": masks(48, 64, 17)}, "content_mask: must have at most 16 regions, got 17"),
    ({"content_mask": masks(48, 64, 2)}, "content_mask: must have one region, or without style_masks one for each"),
    ({**TWO, "content_mask": masks(48, 64, 3)}, "one for each of the styles, 2, got 3"),
    (
        {**TWO, "content_mask": masks(48, 64, 2), "blend": [1.0, 2.0]},
        "blend: must be left out where each region has a style of its own, got 1 2",
    ),
    ({"style_masks": STYLE_MASK}, "style_masks: must be left out without a content_mask, got some"),
    ({"content_mask": MASK, "style_masks": 0 * STYLE_MASK}, "style_masks: must mark some place of a style, got none"),
    ({"content_mask": MASK, "style_masks": masks(1, 55, 40, 1)}, "regions, 1 56 40 1, got 1 55 40 1"),
    ({"content_mask": MASK, "style_masks": masks(2, 56, 40, 1)}, "regions, 1 56 40 1, got 2 56 40 1"),
    ({"content_mask": MASK, "style_masks": masks(1, 56, 40, 2)}, "regions, 1 56 40 1, got 1 56 40 2"),
    ({"strength": masks(64, 48)}, "strength: must have the height and width of content, 48 x 64, got 64 x 48"),
]


@pytest.mark.parametrize(("options", "words"), REFUSED, ids=[words[:40] for _, words in REFUSED])
def test_an_option_that_cannot_be_meant_is_refused(module, options, words):
    with pytest.raises(tf.errors.InvalidArgumentError) as error:
        module.stylize(CONTENT, STYLE, 1, **options)
    assert words in error.value.message


ODD = {
    "flat style": (CONTENT, np.full((40, 40, 3), 200, np.uint8)),
    "flat content": (np.full((40, 40, 3), 90, np.uint8), STYLE),
    "both black": (np.zeros((32, 32, 3), np.uint8), np.zeros((32, 32, 3), np.uint8)),
    "panorama": (picture(32, 500, seed=3), picture(500, 32, seed=4)),
}


@pytest.mark.parametrize("case", ODD)
def test_an_odd_picture_gives_a_picture_and_finite_losses(module, preset, case):
    content, style = ODD[case]
    result = module.stylize(content, style, 8, preset=preset)
    assert result["image"].shape == content.shape
    assert np.isfinite(result["losses"]).all()
