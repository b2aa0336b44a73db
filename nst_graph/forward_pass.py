"""One pass of the network over a tile of a picture: the features there, and their gradient for the pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from nst_graph import decisions
from nst_graph.canvas import Canvas
from nst_graph.running_moments import weights_in
from nst_graph.tiles import Tile, counting
from nst_graph.vgg19 import preprocess, scale_of

# Of the gradient that a network in float16 is given, the largest number. float16 ends at 65,504, so on the way to the
# pixels it may grow two thousand times; at the other end a hundred-millionth of it is not yet 0.
LARGEST_IN_FLOAT16 = 32.0

SMALLEST = 1e-30  # no gradient at all has a scale too

Features = Callable[[tf.Tensor], Mapping[str, tf.Tensor]]  # of what `preprocess` returns


class ForwardPass:
    """One, with what its gradient needs."""

    def __init__(
        self,
        features: Features,
        pixels: tf.Tensor,
        canvas: Canvas,
        tile: Tile,
        size: tf.Tensor,
        replicate: tf.Tensor,
        *,
        alone: tf.Tensor,
    ) -> None:
        """Passes forward.

        Args:
            features: of the network.
            pixels: what is computed of the tile: float32[height, width, 3] in 0..255.
            canvas: of the same height and width.
            tile: where they are in the picture.
            size: of the whole picture, int32[2].
            replicate: see `preprocess`.
            alone: whether the tile is the whole picture, all of which counts: 1 or 0, int32[].
        """
        self._tile, self._pixels, self._alone = tile, pixels, alone
        self.size = size
        with tf.GradientTape() as self._tape:
            self._tape.watch(pixels)
            self.maps = features(preprocess(canvas.seen(pixels), replicate))

    def rows(self, layer: str, dtype: tf.DType = tf.float32) -> tf.Tensor:
        """The features of a layer: [positions, channels]."""
        features = self.maps[layer]
        return tf.reshape(tf.cast(features, dtype), [-1, features.shape[-1]])

    def weights(self, weights: Mapping[str, tf.Tensor]) -> list[tf.Tensor]:
        """Of the weights of the whole picture's positions, by layer, those of its `rows`: see `weights_in`."""

        def of_tile() -> list[tf.Tensor]:
            return [
                weights_in(each, self._tile, tf.constant(scale_of(layer)), self.size // scale_of(layer), shape)
                for (layer, each), shape in zip(weights.items(), shapes, strict=True)
            ]

        shapes = [tf.shape(self.maps[layer])[1:3] for layer in weights]
        of_all = list(weights.values())
        found: list[tf.Tensor] = decisions.cond(self._alone, lambda: of_all, of_tile)
        return found

    def counting(self, layer: str) -> tf.Tensor:
        """1 where a layer's features count: see `nst_graph.tiles.counting`; [1, 1, 1] where all do."""

        def of_tile() -> tf.Tensor:
            return counting(self._tile, tf.constant(scale_of(layer)), tf.shape(self.maps[layer])[1:3])

        ones = decisions.cond(self._alone, lambda: tf.ones([1, 1, 1]), of_tile)
        return tf.ensure_shape(ones, [None, None, 1])

    def count(self, layer: str) -> tf.Tensor:
        """How many features of a layer the whole picture has: float32[]."""
        height, width = tf.unstack(self.size // scale_of(layer))
        return tf.cast(height * width, tf.float32) * float(self.maps[layer].shape[-1])

    def gradient(self, of_maps: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """For the pixels, from the gradient for each feature map, of any float dtype: float32[height, width, 3].

        In float16 with a loss scale of its own (Micikevicius et al. 2018, Mixed Precision Training, section 3.2).
        """
        maps = list(self.maps.values())
        given = [tf.reshape(of_maps[layer], tf.shape(features)) for layer, features in self.maps.items()]
        if maps[0].dtype != tf.float16:
            return self._from(maps, given)
        scale = loss_scale(given)
        return self._from(maps, [scale * each for each in given]) / scale

    def _from(self, maps: Sequence[tf.Tensor], of_maps: Sequence[tf.Tensor]) -> tf.Tensor:
        given = [tf.cast(each, features.dtype) for each, features in zip(of_maps, maps, strict=True)]
        return self._tape.gradient(maps, self._pixels, output_gradients=given)


def loss_scale(gradients: Sequence[tf.Tensor]) -> tf.Tensor:
    """With which the largest number in gradients, float32 of any shape, is `LARGEST_IN_FLOAT16`: float32[]."""
    largest = tf.reduce_max([tf.reduce_max(tf.abs(each)) for each in gradients])
    return LARGEST_IN_FLOAT16 / tf.maximum(largest, SMALLEST)
