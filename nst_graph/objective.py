"""What the loop minimises: one weighted sum of content, style and total-variation loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from nst_graph.moments import Moments, moments
from nst_graph.presets import STYLE_LAYERS
from nst_graph.recipe import CONTENT_LOSSES, Recipe
from nst_graph.regions import GUIDE, Guide, Regions
from nst_graph.style_losses import STYLE_TARGET, StyleTarget, style_loss, style_targets
from nst_graph.variation import variation as total_variation
from nst_graph.vgg19 import features_at, preprocess


class Losses(NamedTuple):
    """The losses of one picture, already weighted, so that total is the sum of the others: float32[] each."""

    total: tf.Tensor
    content: tf.Tensor
    style: tf.Tensor
    total_variation: tf.Tensor


class Targets(NamedTuple):
    """What a size compares every picture with."""

    content: Mapping[str, tf.Tensor]  # features by layer
    content_scales: Sequence[tf.Tensor]  # float32[] for each layer: factors on squared errors
    style: Sequence[StyleTarget]  # of `STYLE_LAYERS`
    guides: Sequence[Guide]  # of `STYLE_LAYERS`: the picture's regions
    learnt: tf.Tensor  # float32[regions]: weights of the styles in `style`


class Objective:
    """The losses on one network."""

    def __init__(self, network: keras.Model, content_layers: Sequence[str], *, xla: bool = False) -> None:
        """Takes the layers of all presets; `xla` has XLA compile a picture's features and their gradient.

        It does so once for each size of picture. What a request chooses stays TensorFlow's, since XLA compiles every
        branch; and so does the loop, since a compiled one would be deaf to deadlines and could not read the clock.
        """
        self._content_layers = list(content_layers)
        self._style_features = features_at(network, STYLE_LAYERS)
        self._target_features = features_at(network, [*content_layers, *STYLE_LAYERS])
        self._features = _compiled(self._target_features) if xla else self._target_features

    @property
    def target_specs(self) -> Targets:
        """The dtypes and shapes of `targets`."""
        maps = self._target_features.output
        content = {name: tf.TensorSpec(maps[name].shape, maps[name].dtype) for name in self._content_layers}
        layers = len(STYLE_LAYERS)
        scales = [tf.TensorSpec([])] * len(self._content_layers)
        return Targets(content, scales, [STYLE_TARGET] * layers, [GUIDE] * layers, tf.TensorSpec([None]))

    def targets(self, content: tf.Tensor, regions: Regions, recipe: Recipe) -> Targets:
        """Targets without a style, of a picture of any size: float32[height, width, 3] in 0..255."""
        features = self._target_features(preprocess(content, recipe.numbers["replicate"]))
        nothing = tf.zeros(tf.shape(regions.weights)[1:])
        return Targets(
            {layer: features[layer] for layer in self._content_layers},
            [_content_scale(features[layer], recipe) for layer in self._content_layers],
            [_no_style(nothing, features[layer].shape[-1]) for layer in STYLE_LAYERS],
            regions.of_content([features[layer] for layer in STYLE_LAYERS]),
            nothing,
        )

    def learnt(
        self, targets: Targets, style: tf.Tensor, number: tf.Tensor, regions: Regions, recipe: Recipe
    ) -> Targets:
        """Targets with style `number`, int32[], too: float32[height, width, 3] of any size in 0..255."""
        features = self._style_features(preprocess(style, recipe.numbers["replicate"]))
        weights = regions.of_style(number, [features[layer] for layer in STYLE_LAYERS])
        learnt = targets.learnt + regions.weights[number]
        share = tf.math.divide_no_nan(regions.weights[number], learnt)
        current = _style_moments(features, weights, recipe)
        mixed = [before.moments.mixed(now, share) for before, now in zip(targets.style, current, strict=True)]
        return targets._replace(style=style_targets(recipe.style_loss, mixed), learnt=learnt)

    def losses(self, image: tf.Tensor, targets: Targets, recipe: Recipe) -> Losses:
        """Losses of a picture of the content's size, float32[height, width, 3] in 0..255."""
        features = self._features(preprocess(image, recipe.numbers["replicate"]))
        options = recipe.options
        errors = [
            scale * _squared_error(features[layer], targets.content[layer])
            for layer, scale in zip(self._content_layers, targets.content_scales, strict=True)
        ]
        weights = recipe.content_layer_weights(self._content_layers)
        content = options["content_weight"] * tf.reduce_sum(weights * tf.stack(errors))
        current = _style_moments(features, [guide.weights for guide in targets.guides], recipe)
        shares = [guide.shares for guide in targets.guides]
        layer_weights = options["style_layer_weights"]
        style = style_loss(recipe.style_loss, current, targets.style, layer_weights, shares)
        style = options["style_weight"] * style
        kind = tf.cast(recipe.numbers["variation"], tf.int32)
        variation = options["tv_weight"] * total_variation(kind, image)
        return Losses(content + style + variation, content, style, variation)


def _compiled(network: keras.Model) -> Callable[[tf.Tensor], Mapping[str, tf.Tensor]]:
    """The network as XLA compiles it, with a gradient for the picture alone.

    Its weights are arguments: to read variables would make the call stateful, and such calls are tied to one another in
    the loop.
    """

    @tf.function(jit_compile=True, autograph=False)
    def features(weights: Sequence[tf.Tensor], picture: tf.Tensor) -> Mapping[str, tf.Tensor]:
        # Without this the gradient's function would have the weights' gradients among its outputs.
        constant = [tf.stop_gradient(weight) for weight in weights]
        outputs: Mapping[str, tf.Tensor] = network.stateless_call([], constant, picture)[0]
        return outputs

    def of(picture: tf.Tensor) -> Mapping[str, tf.Tensor]:
        made: Mapping[str, tf.Tensor] = features(
            [tf.convert_to_tensor(weight) for weight in network.non_trainable_variables], picture
        )
        return made

    return of


def _squared_error(value: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.math.squared_difference(tf.cast(value, tf.float32), tf.cast(target, tf.float32)))


def _style_moments(features: Mapping[str, tf.Tensor], weights: Sequence[tf.Tensor], recipe: Recipe) -> list[Moments]:
    unit = recipe.numbers["feature_unit"]
    return [moments(features[layer], each).in_unit(unit) for layer, each in zip(STYLE_LAYERS, weights, strict=True)]


def _no_style(nothing: tf.Tensor, channels: int) -> StyleTarget:
    """The target before a style is learnt, of as many regions as `nothing` has zeros."""
    mean = tf.tile(nothing[:, tf.newaxis], [1, channels])
    covariance = tf.tile(mean[..., tf.newaxis], [1, 1, channels])
    return StyleTarget(Moments(mean, covariance), tf.zeros([0, 0, 0]), nothing, nothing)


def _content_scale(target: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """What makes a mean, a sum or a relative error of a sum of squares, in the order of `CONTENT_LOSSES`."""
    unit = tf.square(recipe.numbers["feature_unit"])
    mean = 1.0 / (tf.cast(tf.size(target), tf.float32) * unit)
    relative = tf.math.divide_no_nan(1.0, tf.reduce_sum(tf.square(tf.cast(target, tf.float32))))
    scales = {"mean": mean, "sum": 1.0 / unit, "relative": relative}
    kind = tf.cast(recipe.numbers["content_loss"], tf.int32)
    return tf.stack([scales[name] for name in CONTENT_LOSSES])[kind]
