"""What the loop minimises: one weighted sum of content, style and total-variation loss."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import keras
import tensorflow as tf

from nst_graph import decisions
from nst_graph.canvas import Canvas
from nst_graph.convolution import convolved
from nst_graph.forward_pass import ForwardPass
from nst_graph.moments import Moments, gradient_of_rows
from nst_graph.presets import STYLE_LAYERS
from nst_graph.recipe import CONTENT_LOSSES, Recipe
from nst_graph.running_moments import RunningMoments, accumulated, no_moments
from nst_graph.style_losses import STYLE_TARGET, StyleTarget, compares_means, style_loss, style_targets
from nst_graph.tiles import Tile
from nst_graph.variation import variation as total_variation
from nst_graph.vgg19 import features_at, scale_of


class Losses(NamedTuple):
    """The losses of one picture, already weighted, so that total is the sum of the others: float32[] each."""

    total: tf.Tensor
    content: tf.Tensor
    style: tf.Tensor
    total_variation: tf.Tensor


class Targets(NamedTuple):
    """What a size compares every picture with."""

    content: Mapping[str, tf.Tensor]  # features by layer, of the tile of the content that was visited last
    energies: tf.Tensor  # float32[content layers]: sums of squares of all of the content's features
    style: Sequence[StyleTarget]  # of `STYLE_LAYERS`
    shares: Sequence[tf.Tensor]  # of `STYLE_LAYERS`, float32[regions]: see `nst_graph.regions.Guide`


class Contribution(NamedTuple):
    """What a tile adds to the losses and to the gradient of their sum."""

    content: tf.Tensor  # float32[], weighted
    style: tf.Tensor  # float32[], weighted: of the whole picture
    gradient: tf.Tensor  # float32[height, width, 3]: for what is computed of the tile


class Objective:
    """The losses on one network."""

    def __init__(self, network: keras.Model, content_layers: Sequence[str], *, xla: bool = False) -> None:
        """Takes the layers of all presets; `xla` has XLA compile a picture's features and their gradient.

        It does so once for each size of picture. What a request chooses stays TensorFlow's, since XLA compiles every
        branch; and so does the loop, since a compiled one would be deaf to deadlines and could not read the clock.
        """
        self._content_layers = list(content_layers)
        self._network = features_at(network, [*content_layers, *STYLE_LAYERS])
        self._features = (_compiled if xla else _features)(self._network)

    @property
    def target_specs(self) -> Targets:
        """The dtypes and shapes of targets."""
        maps = self._network.output
        content = {name: tf.TensorSpec(maps[name].shape, maps[name].dtype) for name in self._content_layers}
        layers = len(STYLE_LAYERS)
        energies = tf.TensorSpec([len(self._content_layers)])
        return Targets(content, energies, [STYLE_TARGET] * layers, [tf.TensorSpec([None])] * layers)

    def targets(self, shares: Sequence[tf.Tensor], running: Sequence[RunningMoments]) -> Targets:
        """Before content and style were visited, with these `Targets.shares`, and `running` of as many regions."""
        maps = self._network.output
        none = {name: tf.zeros([1, 0, 0, maps[name].shape[-1]], maps[name].dtype) for name in self._content_layers}
        style = [StyleTarget(one.moments, tf.zeros([0, 0, 0]), one.weight, one.weight) for one in running]
        return Targets(none, tf.zeros([len(self._content_layers)]), style, shares)

    def running_moments(self, regions: tf.Tensor) -> list[RunningMoments]:
        """Of `STYLE_LAYERS`, before anything was visited, for int32[] regions."""
        return [no_moments(regions, self._network.output[layer].shape[-1]) for layer in STYLE_LAYERS]

    def sizes(self, size: tf.Tensor) -> list[tf.Tensor]:
        """Of the features at `STYLE_LAYERS` of a picture of a height and width: int32[2] each."""
        return [size // scale_of(layer) for layer in STYLE_LAYERS]

    def forward(
        self, pixels: tf.Tensor, canvas: Canvas, tile: Tile, size: tf.Tensor, recipe: Recipe, *, alone: tf.Tensor
    ) -> ForwardPass:
        """Sends what is computed of a tile through the network: see `ForwardPass`."""
        return ForwardPass(self._features, pixels, canvas, tile, size, recipe.numbers["replicate"], alone=alone)

    def accumulated(
        self,
        running: Sequence[RunningMoments],
        forward: ForwardPass,
        weights: Sequence[tf.Tensor],
        *,
        factors: tf.Tensor,
        anew: tf.Tensor,
        recipe: Recipe,
    ) -> list[RunningMoments]:
        """With the positions of a pass, at `STYLE_LAYERS`: see `nst_graph.running_moments.accumulated`."""
        centred = compares_means(recipe.style_loss)
        return [
            RunningMoments(*accumulated(one, anew, forward.rows(layer), each, factors, centred))
            for layer, one, each in zip(STYLE_LAYERS, running, weights, strict=True)
        ]

    def content(self, forward: ForwardPass) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
        """What a pass over a tile of the content adds to `Targets.content` and `Targets.energies`."""
        maps = {layer: forward.maps[layer] for layer in self._content_layers}
        squares = [tf.square(forward.counting(layer) * tf.cast(each, tf.float32)) for layer, each in maps.items()]
        return maps, tf.stack([tf.reduce_sum(each) for each in squares])

    def with_styles(self, targets: Targets, running: Sequence[RunningMoments], recipe: Recipe) -> Targets:
        """With the styles, whose moments are all known."""
        return targets._replace(
            style=style_targets(recipe.style_loss, recipe.numbers["feature_unit"], [each.moments for each in running])
        )

    def contribution(
        self,
        forward: ForwardPass,
        weights: Sequence[tf.Tensor],
        running: Sequence[RunningMoments],
        targets: Targets,
        recipe: Recipe,
    ) -> Contribution:
        """What a tile of the optimiser's picture adds, once the moments of all of that are known.

        Args:
            forward: over the tile.
            weights: of its positions, at `STYLE_LAYERS`.
            running: of the picture.
            targets: with the same tile of the content.
            recipe: the numbers.
        """
        scale = gradient_scale(forward.size, recipe)
        content, of_maps = self._content(forward, targets, scale, recipe)
        weights_of_layers = recipe.options["style_weight"] * recipe.options["style_layer_weights"]
        moments, unit = [one.moments for one in running], recipe.numbers["feature_unit"]
        style, of_moments = style_loss(
            recipe.style_loss, unit, moments, targets.style, weights_of_layers, targets.shares
        )
        centred = compares_means(recipe.style_loss)
        for layer, each, of_all, upstream in zip(STYLE_LAYERS, weights, moments, of_moments, strict=True):
            maps = forward.maps[layer]
            rows = forward.rows(layer, tf.float32 if maps.dtype == tf.float16 else maps.dtype)  # float16 underflows
            of_rows = gradient_of_rows(rows, each, of_all, Moments(*(scale * one for one in upstream)), centred)
            of_map = tf.reshape(of_rows, tf.shape(maps))
            of_maps[layer] = of_maps[layer] + tf.cast(of_map, tf.float32) if layer in of_maps else of_map
        return Contribution(content, style, forward.gradient(of_maps))

    def _content(
        self, forward: ForwardPass, targets: Targets, scale: tf.Tensor, recipe: Recipe
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """The content loss of a tile; and the gradient, times `scale`, for its feature maps."""
        weights = recipe.options["content_weight"] * recipe.content_layer_weights(self._content_layers)
        counts = tf.stack([forward.count(layer) for layer in self._content_layers])
        factors = weights * _content_scales(counts, targets.energies, recipe)
        squares, of_maps = [], {}
        for layer, factor in zip(self._content_layers, tf.unstack(2.0 * scale * factors), strict=True):
            wanted = tf.cast(targets.content[layer], tf.float32)
            error = forward.counting(layer) * (tf.cast(forward.maps[layer], tf.float32) - wanted)
            squares.append(tf.reduce_sum(tf.square(error)))
            of_maps[layer] = factor * error
        return tf.reduce_sum(factors * tf.stack(squares)), of_maps


def losses_of(
    image: tf.Tensor, canvas: Canvas, plain: tf.Tensor, painted: Contribution, recipe: Recipe
) -> tuple[Losses, tf.Tensor]:
    """The losses of a picture, float32[height, width, 3]; and the gradient of their sum times `gradient_scale`.

    Args:
        image: the picture.
        canvas: on which it is painted.
        plain: its `is_plain`, which takes a pass over it.
        painted: of all of its tiles together, with a gradient for the picture.
        recipe: the numbers.
    """
    kind, weight = recipe.places["variation"], recipe.options["tv_weight"]

    def through_canvas() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(image)
            seen = canvas.seen(image)
        variation, of_seen = total_variation(kind, seen)
        return [variation, tape.gradient(seen, image, output_gradients=of_seen)]

    variation, of_image = decisions.cond(plain, lambda: total_variation(kind, image), through_canvas)
    variation *= weight
    gradient = painted.gradient + weight * gradient_scale(tf.shape(image)[:2], recipe) * of_image
    return Losses(painted.content + painted.style + variation, painted.content, painted.style, variation), gradient


def gradient_scale(size: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """Factor on the gradient of the total loss of a picture of a height and width, int32[2]: float32[].

    A relative loss is a mean, so its gradient shrinks as the picture grows. Taken times the number of pixel
    values, one epsilon serves every size.
    """
    return tf.where(recipe.numbers["per_pixel"] > 0, 3.0 * tf.cast(size[0] * size[1], tf.float32), 1.0)


def _features(network: keras.Model) -> Callable[[tf.Tensor], Mapping[str, tf.Tensor]]:
    """The network as a processor runs it fastest, with a gradient for the picture alone: see `convolved`."""

    def of(picture: tf.Tensor) -> Mapping[str, tf.Tensor]:
        maps, value, pooled = {}, picture, False
        for layer, following in itertools.pairwise([*network.layers[1:], None]):
            if isinstance(layer, keras.layers.Conv2D):
                pooled = isinstance(following, keras.layers.MaxPooling2D) and layer.name not in network.output
                kernel, bias = (tf.convert_to_tensor(weights.value) for weights in (layer.kernel, layer.bias))
                value = convolved(tf.cast(value, kernel.dtype), kernel, bias, layer.padding.upper(), pooled=pooled)
            elif not pooled:
                value = layer(value)
            maps[layer.name] = value
        return {name: maps[name] for name in network.output}

    return of


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


def _content_scales(counts: tf.Tensor, energies: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """What makes means, sums or relative errors of sums of squares, in the order of `CONTENT_LOSSES`.

    Takes how many features each layer has, and the sums of the squares of the content's: float32[layers] each.
    """
    unit = tf.square(recipe.numbers["feature_unit"])
    scales = {
        "mean": 1.0 / (counts * unit),
        "sum": tf.ones_like(counts) / unit,
        "relative": tf.math.divide_no_nan(1.0, energies),
    }
    return tf.stack([scales[name] for name in CONTENT_LOSSES])[recipe.places["content_loss"]]
