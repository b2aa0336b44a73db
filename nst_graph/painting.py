"""The picture of a run at every size: where it starts, how it goes from one size to the next, what it shows."""

from __future__ import annotations

import tensorflow as tf

from nst_graph.canvas import Canvas
from nst_graph.colors import recolored
from nst_graph.kept import Kept, kept_from, kept_rows
from nst_graph.limits import MIN_SIDE
from nst_graph.loop import Levels, LoopState
from nst_graph.objective import Objective
from nst_graph.optimiser import SCALAR, empty_memory, memory_shapes
from nst_graph.pixels import MAX_LEVEL, clip, floats
from nst_graph.recipe import Recipe
from nst_graph.regions import Regions
from nst_graph.resampling import resize, triangle
from nst_graph.schedule import level_of, sides
from nst_graph.stepping import carried, memory_sizes
from nst_graph.styles import Styles
from nst_graph.traversal import Traversal, TraversalState
from nst_graph.vgg19 import IMAGENET_MEAN_BGR


class Painting:
    """Of one request."""

    def __init__(self, content: tf.Tensor, style: tf.Tensor, recipe: Recipe) -> None:
        """Takes uint8[height, width, 3] each, of any sizes."""
        self._content, self._recipe = floats(content), recipe
        self._styles = Styles(style, recipe.options)
        self._regions = Regions(recipe.options, self._styles)
        self._height, self._width = tf.unstack(tf.shape(content)[:2])
        self._starts = recipe.schedule.starts  # here and not in the loop, which would add them up each time

    def start(self) -> LoopState:
        """The state before the first iteration."""
        height, width = self._sides(tf.constant(0))
        image = clip(self._first_picture(height, width))
        memory = empty_memory(memory_sizes(self._recipe), height, width)
        return LoopState(image, tf.constant(0), kept_from(image, self._recipe), memory)

    def shapes(self, iteration: tf.Tensor) -> LoopState:
        """The shape of each tensor of a state after so many iterations, int32[]: int32[rank] each."""
        height, width = self._sides(self._last_level(iteration))
        kept = Kept(tf.stack([kept_rows(height, self._recipe), width, 3]), SCALAR)
        memory = memory_shapes(memory_sizes(self._recipe), height, width)
        return LoopState(tf.stack([height, width, 3]), SCALAR, kept, memory)

    def levels(self, objective: Objective, tile_pixels: int) -> Levels:
        """The sizes, for the loop, with at most so many pixels in a tile."""
        canvas = self._canvas()
        traversal = Traversal(objective, self._regions, self._styles.count, self._recipe, tile_pixels)

        def begin(level: tf.Tensor, state: LoopState) -> tuple[TraversalState, LoopState]:
            height, width = self._sides(level)
            strength = tf.cond(
                tf.size(canvas.strength) > 1,
                lambda: resize(canvas.strength, height, width, triangle),
                lambda: canvas.strength,
            )
            scaled = canvas._replace(content=resize(canvas.content, height, width), strength=strength)
            same = level == self._last_level(state.iteration)
            return traversal.begin(scaled), tf.cond(same, lambda: state, lambda: self._carried(state, height, width))

        def next_picture(level: tf.Tensor, seen: TraversalState) -> TraversalState:
            return traversal.next_picture(seen, lambda number: self._style_at(level, number))

        return Levels(
            self._level, begin, traversal.complete, next_picture, traversal.visit, traversal.losses, traversal.specs
        )

    def result(self, state: LoopState) -> tf.Tensor:
        """The picture that a state has come to, of the content's size: float32[height, width, 3] in 0..255."""
        return clip(self._canvas().result(clip(resize(self._reached(state), self._height, self._width))))

    def _canvas(self) -> Canvas:
        """Of the content's own size."""
        given = self._recipe.options["strength"]
        strength = tf.cond(
            tf.size(given) > 0,
            lambda: tf.cast(given, tf.float32)[..., tf.newaxis] / MAX_LEVEL,
            lambda: tf.ones([1, 1, 1]),
        )
        strength = tf.ensure_shape(strength, [None, None, 1]) * self._regions.coverage()
        return Canvas(self._content, strength, self._recipe.luminance)

    def _reached(self, state: LoopState) -> tf.Tensor:
        """What the optimiser has come to, of the state's size."""
        done = state.iteration - self._starts[self._last_level(state.iteration)]
        return clip(state.kept.result(state.image, done, self._recipe))

    def _carried(self, state: LoopState, height: tf.Tensor, width: tf.Tensor) -> LoopState:
        image = clip(resize(self._reached(state), height, width))
        memory = carried(self._recipe, state.memory, height, width)
        return LoopState(image, state.iteration, kept_from(image, self._recipe), memory)

    def _first_picture(self, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
        options = self._recipe.options
        pictures = {
            "content": lambda: self._content,
            "style": lambda: self._style(tf.constant(0)),
            "image": lambda: floats(options["init_image"]),
            "noise": lambda: self._noise(height, width),
        }
        index = tf.argmax(tf.cast(tf.constant(list(pictures)) == options["init"], tf.int32), output_type=tf.int32)
        picture = tf.ensure_shape(tf.switch_case(index, list(pictures.values())), [None, None, 3])
        return _filling(picture, height, width)

    def _noise(self, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
        """Normal, round the mean colour: the same on every machine, since the generator is named."""
        seed = tf.stack([self._recipe.options["seed"], 0])
        normal = tf.random.stateless_normal(tf.stack([height, width, 3]), seed, alg="philox")
        return tf.constant(IMAGENET_MEAN_BGR[::-1]) + self._recipe.numbers["noise"] * normal

    def _style(self, number: tf.Tensor) -> tf.Tensor:
        """Style `number`, int32[], in the colours that it is painted with: float32[height, width, 3]."""
        return recolored(self._recipe.color, floats(self._styles.picture(number)), self._content)

    def _style_at(self, level: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        """A style at the scale of a level, as far as both of its sides stay large enough."""
        style, size = self._style(number), self._recipe.schedule.sizes[level]
        height, width = tf.unstack(tf.shape(style)[:2])
        longest = tf.cast(tf.maximum(height, width), tf.float64)
        scale = tf.cast(self._recipe.options["style_scale"], tf.float64)
        wanted = tf.where(
            scale > 0, scale * tf.cast(size, tf.float64) / longest, size / tf.maximum(self._height, self._width)
        )
        least = MIN_SIDE / tf.minimum(height, width)
        wanted = tf.cast(tf.round(longest * tf.maximum(wanted, least)), tf.int32)
        return resize(style, *tf.unstack(sides(height, width, wanted)))

    def _sides(self, level: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Height and width of the picture at a level: int32[] each."""
        height, width = tf.unstack(sides(self._height, self._width, self._recipe.schedule.sizes[level]), num=2)
        return height, width

    def _last_level(self, iteration: tf.Tensor) -> tf.Tensor:
        """The level that a state is in after so many iterations: that of the last one."""
        return self._level(tf.maximum(iteration - 1, 0))

    def _level(self, iteration: tf.Tensor) -> tf.Tensor:
        return level_of(iteration, self._starts)


def _filling(picture: tf.Tensor, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """The middle of a picture, scaled without distortion until it fills a size."""
    both = tf.cast(tf.shape(picture)[:2], tf.float64)
    wanted = tf.cast(tf.stack([height, width]), tf.float64)
    scaled = tf.cast(tf.math.ceil(both * tf.reduce_max(wanted / both) - 1e-6), tf.int32)
    resized = resize(picture, scaled[0], scaled[1])
    top, left = (scaled[0] - height) // 2, (scaled[1] - width) // 2
    return resized[top : top + height, left : left + width]
