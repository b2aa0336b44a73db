"""Several styles: their blend, their sizes, their scale."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from nst_graph.moments import moments
from tests.conftest import picture

CONTENT, FIRST, SECOND, THIRD = (
    picture(height, width, seed) for seed, (height, width) in enumerate([(48, 64), (56, 40), (40, 72), (36, 36)])
)


def further(*styles: np.ndarray, filling: int = 0) -> dict[str, np.ndarray]:
    """The inputs of styles beside the first one, padded with a grey level."""
    height, width = (max(style.shape[side] for style in styles) for side in (0, 1))
    padded = np.full((len(styles), height, width, 3), filling, np.uint8)
    for number, style in enumerate(styles):
        padded[number, : style.shape[0], : style.shape[1]] = style
    return {"more_styles": padded, "more_style_sizes": np.array([style.shape[:2] for style in styles], np.int32)}


def painted(module, style=FIRST, iterations=10, content=CONTENT, **options) -> np.ndarray:
    return module.stylize(content, style, iterations, **options)["image"].numpy()


def test_a_blend_of_one_and_none_is_the_single_style_bit_for_bit(module, preset):
    single = module.stylize(CONTENT, FIRST, 8, preset=preset)
    blended = module.stylize(CONTENT, FIRST, 8, preset=preset, blend=[3.0, 0.0], **further(SECOND))
    np.testing.assert_array_equal(blended["image"], single["image"])
    np.testing.assert_array_equal(blended["losses"], single["losses"])
    other = module.stylize(CONTENT, SECOND, 8, preset=preset)
    swapped = module.stylize(CONTENT, FIRST, 8, preset=preset, blend=[0.0, 1.0], **further(SECOND))
    np.testing.assert_array_equal(swapped["losses"], other["losses"])


def test_the_errors_to_both_styles_change_monotonically_with_the_blend(module):
    errors = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        image = painted(module, iterations=40, blend=[1 - share, share], **further(SECOND), content_weight=0.0)
        errors.append([np.mean(module.evaluate(CONTENT, style, image)["style_errors"]) for style in (FIRST, SECOND)])
    to_first, to_second = np.diff(errors, axis=0).T
    assert (to_first > 0).all()
    assert (to_second < 0).all()


def test_without_a_blend_all_styles_weigh_the_same_and_only_proportions_matter(module):
    several = further(SECOND, THIRD)
    alike = painted(module, **several)
    np.testing.assert_array_equal(painted(module, **several, blend=[2.0, 2.0, 2.0]), alike)
    assert (painted(module, **several, blend=[2.0, 2.0, 1.0]) != alike).any()


def test_what_lies_beyond_a_styles_size_does_not_matter(module):
    images = [painted(module, **further(SECOND, THIRD, filling=filling)) for filling in (0, 255)]
    np.testing.assert_array_equal(*images)


def test_the_moments_of_a_mixture_are_those_of_all_its_pixels():
    one, other = (tf.constant(picture(8, 8, seed)[None], tf.float32) for seed in (1, 2))
    mixed = moments(one).mixed(moments(other), tf.constant([0.5]))
    together = moments(tf.concat([one, other], axis=1))
    for found, wanted in zip(mixed, together, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_a_style_may_be_scaled_and_its_own_scale_changes_nothing(module):
    own = max(FIRST.shape) / max(CONTENT.shape)
    as_sent = painted(module)
    np.testing.assert_array_equal(painted(module, style_scale=own), as_sent)
    assert (painted(module, style_scale=2 * own) != as_sent).any()


def test_a_style_that_is_scaled_below_the_smallest_side_stays_there(module):
    np.testing.assert_array_equal(painted(module, style_scale=0.01), painted(module, style_scale=0.02))


def test_crowson_and_jcjohnson_scale_the_style_to_the_picture(module):
    for name in ("crowson", "jcjohnson"):
        explicit = painted(module, preset=name, style_scale=1.0)
        np.testing.assert_array_equal(painted(module, preset=name), explicit)


@pytest.mark.parametrize("count", [2, 14])
def test_a_run_of_several_styles_may_be_split(module, count):
    first, *others = [picture(32, 32 + number % 3, seed=number) for number in range(count)]
    options = {**further(*others), "sizes": [48, 64], "level_iterations": [3, 3]}
    whole = module.stylize(CONTENT, first, 6, **options)
    state = module.stylize_start(CONTENT, first, **options)["state_bytes"]
    for iterations in (2, 1, 3):  # the second ends where the next size begins
        result = module.stylize_step(CONTENT, first, state, iterations, **options)
        state = result["state_bytes"]
    np.testing.assert_array_equal(result["image"], whole["image"])


def test_a_state_is_refused_with_another_further_style_or_blend(module):
    state = module.stylize_start(CONTENT, FIRST, **further(SECOND))["state_bytes"]
    for change in ({**further(SECOND), "blend": [1.0, 2.0]}, further(THIRD), {}):
        with pytest.raises(tf.errors.InvalidArgumentError, match="must come from a run with the same "):
            module.stylize_step(CONTENT, FIRST, state, 1, **change)
