"""One pass of the network over a tile of a picture: the features there, and their gradient for the pixels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import tensorflow as tf

from nst_graph.canvas import Canvas
from nst_graph.running_moments import weights_in
from nst_graph.tiles import Tile, counting
from nst_graph.vgg19 import preprocess, scale_of

Features = Callable[[tf.Tensor], Mapping[str, tf.Tensor]]  # of what `preprocess` returns


class ForwardPass:
    """One, with what its gradient needs."""

    def __init__(
        self, features: Features, pixels: tf.Tensor, canvas: Canvas, tile: Tile, size: tf.Tensor, replicate: tf.Tensor
    ) -> None:
        """Passes forward.

        Args:
            features: of the network.
            pixels: what is computed of the tile: float32[height, width, 3] in 0..255.
            canvas: of the same height and width.
            tile: where they are in the picture.
            size: of the whole picture, int32[2].
            replicate: see `preprocess`.
        """
        self._tile, self._pixels = tile, pixels
        self.size = size
        with tf.GradientTape() as self._tape:
            self._tape.watch(pixels)
            self.maps = features(preprocess(canvas.seen(pixels), replicate))

    def rows(self, layer: str, dtype: tf.DType = tf.float32) -> tf.Tensor:
        """The features of a layer: [positions, channels]."""
        features = self.maps[layer]
        return tf.reshape(tf.cast(features, dtype), [-1, features.shape[-1]])

    def weights(self, layer: str, weights: tf.Tensor) -> tf.Tensor:
        """Of the weights of the whole picture's positions, those of `rows`: see `weights_in`."""
        scale, shape = scale_of(layer), tf.shape(self.maps[layer])
        return weights_in(weights, self._tile, tf.constant(scale), self.size // scale, shape[1:3])

    def counting(self, layer: str) -> tf.Tensor:
        """1 where a layer's features count: see `nst_graph.tiles.counting`."""
        ones = counting(self._tile, tf.constant(scale_of(layer)), tf.shape(self.maps[layer])[1:3])
        return tf.ensure_shape(ones, [None, None, 1])

    def count(self, layer: str) -> tf.Tensor:
        """How many features of a layer the whole picture has: float32[]."""
        positions = tf.reduce_prod(self.size // scale_of(layer))
        return tf.cast(positions, tf.float32) * float(self.maps[layer].shape[-1])

    def gradient(self, of_maps: Mapping[str, tf.Tensor]) -> tf.Tensor:
        """For the pixels, from the gradient for each feature map, of any float dtype: float32[height, width, 3]."""
        given = [tf.cast(tf.reshape(of_maps[layer], tf.shape(maps)), maps.dtype) for layer, maps in self.maps.items()]
        return self._tape.gradient(list(self.maps.values()), self._pixels, output_gradients=given)
