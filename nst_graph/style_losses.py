"""How far the moments of a picture's features are from those of a style's.

Each loss comes in two sizes: as published, a mean over the entries of what is compared; or relative to the same
quantity of the style, without a unit, so that the same weight serves every layer, network and size of picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import tensorflow as tf

from nst_graph import decisions
from nst_graph.choices import StyleLoss
from nst_graph.chosen import chosen, shared
from nst_graph.matrix_root import square_root, trace_of_root
from nst_graph.moments import Moments

# Added to covariances before their roots: crowsonkb/style-transfer-pytorch, StyleLossW2.
VARIANCE_FLOOR = 1e-4


# The least that a covariance counts as, of the Gram matrix, both squared: that of a flat style is rounding errors
# alone, and relative to them nothing else would count. Paintings have 0.03 and more in every layer.
LEAST_COVARIANCE = 1e-2


class StyleTarget(NamedTuple):
    """What a layer is compared with."""

    moments: Moments
    root: tf.Tensor  # float32[regions, channels, channels], of the covariance; [0, 0, 0] where the loss does not use it
    mean_scale: tf.Tensor  # float32[regions]: factor on squared errors of means
    scale: tf.Tensor  # float32[regions]: factor on squared errors of matrices, and on Wasserstein's trace


_NUMBERS, _VECTORS, _MATRICES = (tf.TensorSpec([None] * rank) for rank in (1, 2, 3))  # regions, any number of channels
_KIND, _UNIT = tf.TensorSpec([], tf.int32), tf.TensorSpec([])
_MOMENTS = Moments(_VECTORS, _MATRICES)
STYLE_TARGET = StyleTarget(_MOMENTS, _MATRICES, _NUMBERS, _NUMBERS)

Scales = Callable[[Moments], tuple[tf.Tensor, tf.Tensor]]  # to `mean_scale` and `scale`
Error = Callable[[Moments, StyleTarget], tf.Tensor]  # to float32[regions]


def _gram(current: Moments, target: StyleTarget) -> tf.Tensor:
    """Gatys et al. (2016), eq. 4, without its constants, which are weights here."""
    return target.scale * _squares(current.gram - target.moments.gram)


def _mean_and_covariance(current: Moments, target: StyleTarget) -> tf.Tensor:
    """Squared errors of both: the Gram matrix cannot tell a mean from a variance (Risser et al. 2017, section 3)."""
    covariance = target.scale * _squares(current.covariance - target.moments.covariance)
    return target.mean_scale * _squares(current.mean - target.moments.mean) + covariance


def _wasserstein(current: Moments, target: StyleTarget) -> tf.Tensor:
    """The squared 2-Wasserstein distance of two normal distributions: crowsonkb/style-transfer-pytorch, StyleLossW2."""
    covariance, wanted = _floored(current.covariance), _floored(target.moments.covariance)
    root = trace_of_root(target.root @ covariance @ target.root)
    trace = tf.linalg.trace(covariance) + tf.linalg.trace(wanted) - 2.0 * root
    return target.mean_scale * _squares(current.mean - target.moments.mean) + target.scale * trace


def _squares(value: tf.Tensor) -> tf.Tensor:
    """Sum of squares in each region."""
    # Sides are kept, and dropped afterwards: the gradient of a sum that drops them makes its shape on a GPU.
    return tf.reshape(tf.reduce_sum(tf.square(value), axis=list(range(1, value.shape.rank)), keepdims=True), [-1])


def _floored(covariance: tf.Tensor) -> tf.Tensor:
    return covariance + VARIANCE_FLOOR * tf.eye(tf.shape(covariance)[-1])


def _inverse(value: tf.Tensor) -> tf.Tensor:
    """1 / value; 0 of 0, where nothing can be relative."""
    return tf.math.divide_no_nan(1.0, value)


def _alike(style: Moments, number: float | tf.Tensor) -> tf.Tensor:
    """The same number for all regions."""
    return tf.fill(tf.shape(style.mean)[:1], number)


def _channels(style: Moments) -> tf.Tensor:
    return tf.cast(tf.shape(style.mean)[-1], tf.float32)


def _means(style: Moments) -> tuple[tf.Tensor, tf.Tensor]:
    channels = _channels(style)
    return _alike(style, 1.0 / channels), _alike(style, 1.0 / channels**2)


def _relative_gram(style: Moments) -> tuple[tf.Tensor, tf.Tensor]:
    return _alike(style, 0.0), _inverse(_squares(style.gram))


def _relative_moments(style: Moments) -> tuple[tf.Tensor, tf.Tensor]:
    covariance = tf.maximum(_squares(style.covariance), LEAST_COVARIANCE * _squares(style.gram))
    return _inverse(_squares(style.mean)), _inverse(covariance)


def _mean_distance(style: Moments) -> tuple[tf.Tensor, tf.Tensor]:
    scale = _alike(style, 1.0 / _channels(style))
    return scale, scale


def _relative_distance(style: Moments) -> tuple[tf.Tensor, tf.Tensor]:
    """Relative to the squared distance from the style to a map of zeros: the trace of its Gram matrix."""
    scale = _inverse(tf.linalg.trace(style.gram))
    return scale, scale


# The factors that a layer's style sets, and how far a layer of a picture is from it: a row for each
# `choices.StyleLoss`.
STYLE_LOSSES: Mapping[StyleLoss, tuple[Scales, Error]] = {
    "gram": (_means, _gram),
    "gram-relative": (_relative_gram, _gram),
    "moments": (_means, _mean_and_covariance),
    "moments-relative": (_relative_moments, _mean_and_covariance),
    "wasserstein": (_mean_distance, _wasserstein),
    "wasserstein-relative": (_relative_distance, _wasserstein),
}
_ERRORS = (_gram, _mean_and_covariance, _wasserstein)


def compares_means(kind: tf.Tensor) -> tf.Tensor:
    """Whether a row number, int32[], of `STYLE_LOSSES` needs mean and covariance, or the Gram matrix alone: 1 or 0."""
    return tf.constant([int(error is not _gram) for _, error in STYLE_LOSSES.values()])[kind]


def style_targets(kind: tf.Tensor, unit: tf.Tensor, styles: Sequence[Moments]) -> list[StyleTarget]:
    """Of each layer, for the row number `kind`, int32[], of `STYLE_LOSSES`, with features in `unit`, float32[]."""
    made = [_target(kind, unit, style) for style in styles]
    return [StyleTarget(Moments(*moments), *rest) for moments, *rest in made]


def style_loss(
    kind: tf.Tensor,
    unit: tf.Tensor,
    current: Sequence[Moments],
    targets: Sequence[StyleTarget],
    weights: tf.Tensor,
    shares: Sequence[tf.Tensor],
) -> tuple[tf.Tensor, list[Moments]]:
    """The layers' errors times `weights`, float32[layers], added up: float32[]; and its gradient for `current`.

    A layer's error is the sum of its regions', each times its share of the layer's positions, float32[regions]: at a
    single position the style pulls as hard in a small region as in a large one.
    """
    layers = zip(current, targets, shares, tf.unstack(weights, num=len(targets)), strict=True)
    errors = [_error_and_gradients(kind, unit, *layer) for layer in layers]
    return tf.add_n([error for error, *_ in errors]), [Moments(*gradients) for _, *gradients in errors]


@shared(_KIND, _UNIT, _MOMENTS)
def _target(kind: tf.Tensor, unit: tf.Tensor, style: Moments) -> tuple[Moments, tf.Tensor, tf.Tensor, tf.Tensor]:
    """The fields of a layer's `StyleTarget`."""
    style = style.in_unit(unit)
    mean_scales, scales = zip(*(scales(style) for scales, _ in STYLE_LOSSES.values()), strict=True)
    rooted = tf.constant([int(error is _wasserstein) for _, error in STYLE_LOSSES.values()])[kind]
    root = decisions.cond(rooted, lambda: square_root(_floored(style.covariance)), lambda: tf.zeros([0, 0, 0]))
    return style, tf.ensure_shape(root, [None, None, None]), tf.stack(mean_scales)[kind], tf.stack(scales)[kind]


@shared(_KIND, _UNIT, _MOMENTS, STYLE_TARGET, _NUMBERS, _UNIT)
def _error_and_gradients(
    kind: tf.Tensor, unit: tf.Tensor, current: Moments, target: StyleTarget, shares: tf.Tensor, weight: tf.Tensor
) -> list[tf.Tensor]:
    place = tf.constant([_ERRORS.index(error) for _, error in STYLE_LOSSES.values()])[kind]

    def from_target(error: Error) -> Callable[..., tf.Tensor]:
        return lambda *moments: weight * tf.reduce_sum(shares * error(Moments(*moments).in_unit(unit), target))

    return chosen(place, [from_target(error) for error in _ERRORS], list(current))
