"""A request's options beside the presets that a model holds: what the caller left out takes its preset's number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from nst_graph import validation
from nst_graph.limits import MIN_SIDE
from nst_graph.optimiser import Settings
from nst_graph.presets import STYLE_LAYERS, Preset
from nst_graph.schedule import Schedule, planned_iterations, planned_sizes, sides
from nst_graph.style_losses import STYLE_LOSSES
from nst_graph.variation import VARIATIONS

Tensors = Mapping[str, tf.Tensor]

OPTIMIZERS = ("adam", "lbfgs", "sgd")
CONTENT_LOSSES = ("mean", "sum", "relative")


class Recipe:
    """The presets of a model as tables, and the row that a request has chosen."""

    def __init__(self, presets: Mapping[str, Preset], options: Tensors) -> None:
        """Takes the options as `resolved` returns them."""
        self._rows = list(presets.values())
        self._index = _index(options["preset"], list(presets))
        self.options = options

    @property
    def schedule(self) -> Schedule:
        """The sizes to paint at."""
        return Schedule(self.options["sizes"], self.options["level_iterations"])

    @property
    def optimizer(self) -> tf.Tensor:
        """Place in `OPTIMIZERS`: int32[]."""
        return _index(self.options["optimizer"], OPTIMIZERS)

    @property
    def style_loss(self) -> tf.Tensor:
        """Place in `STYLE_LOSSES`: int32[]."""
        return _index(self.options["style_loss"], list(STYLE_LOSSES))

    @property
    def content_loss(self) -> tf.Tensor:
        """Place in `CONTENT_LOSSES`: int32[]."""
        return self.number(lambda row: CONTENT_LOSSES.index(row.content_loss), tf.int32)

    @property
    def variation(self) -> tf.Tensor:
        """Place in `VARIATIONS`: int32[]."""
        return self.number(lambda row: list(VARIATIONS).index(row.variation), tf.int32)

    @property
    def replicate(self) -> tf.Tensor:
        """Whether edges are repeated before the first convolution, or zeros: bool[]."""
        return self.number(lambda row: row.padding == "replicate", tf.bool)

    def content_layer_weights(self, layers: list[str]) -> tf.Tensor:
        """float32[layers]; 0 where the preset does not use a layer."""
        return self.number(lambda row: [row.content_layers.get(layer, 0.0) for layer in layers])

    def settings(self, iteration: tf.Tensor) -> Settings:
        """The optimiser's numbers in an iteration, int32[].

        They depend on the iterations done alone, not on how many are to come, so that a run can be split anywhere.
        """
        done = tf.cast(iteration, tf.float32)
        slower = tf.math.rsqrt(1.0 + done * self.number(lambda row: 1.0 / row.decay_iterations))
        decay = slower * tf.pow(self.number(lambda row: row.decay_rate), done)
        return Settings(
            learning_rate=self.options["learning_rate"] * decay,
            beta_1=self.number(lambda row: row.adam.beta_1),
            beta_2=self.number(lambda row: row.adam.beta_2),
            rest_1=self.number(lambda row: 1.0 - row.adam.beta_1),
            rest_2=self.number(lambda row: 1.0 - row.adam.beta_2),
            epsilon=self.number(lambda row: row.adam.epsilon),
            folded=self.number(lambda row: row.adam.folded, tf.bool),
            low=self.number(lambda row: 0.0 if row.clip else float("-inf")),
            high=self.number(lambda row: 255.0 if row.clip else float("inf")),
        )

    def number(self, of: Callable[[Preset], Any], dtype: tf.DType = tf.float32) -> tf.Tensor:
        """What `of` says of the chosen preset."""
        return tf.constant([of(row) for row in self._rows], dtype)[self._index]

    def planned(self, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
        """The preset's sizes for a content, int32[] each: int32[levels]."""
        branches = [lambda plan=row.plan: planned_sizes(plan, height, width) for row in self._rows]
        return tf.ensure_shape(tf.switch_case(self._index, branches), [None])


def resolved(options: Tensors, presets: Mapping[str, Preset], content: tf.Tensor) -> dict[str, tf.Tensor]:
    """The options with the preset's own values where the caller gave none, checked against one another.

    Args:
        options: by name, each as `nst_graph.validation.option` returns it.
        presets: those of the model; the first is the default.
        content: uint8[height, width, 3].
    """
    chosen = dict(options)
    chosen["preset"] = tf.where(options["preset"] == "", next(iter(presets)), options["preset"])
    recipe = Recipe(presets, chosen)
    chosen["optimizer"] = _text(options["optimizer"], recipe, lambda row: row.optimizer)
    chosen["style_loss"] = _text(options["style_loss"], recipe, lambda row: row.style_loss)
    chosen["style_layer_weights"] = _layer_weights(options["style_layer_weights"], recipe)
    own = {
        "content_weight": recipe.number(lambda row: row.content_weight),
        "style_weight": recipe.number(lambda row: row.style_weight),
        "tv_weight": recipe.number(lambda row: row.tv_weight),
        "average": recipe.number(lambda row: row.average),
        "learning_rate": recipe.number(_learning_rates)[_index(chosen["optimizer"], OPTIMIZERS)],
    }
    chosen |= {name: tf.where(options[name] < 0, value, options[name]) for name, value in own.items()}
    chosen["keep"] = _keep(options["keep"], chosen["average"])
    chosen["init"] = _init(options["init"], options["init_image"], content, recipe)
    height, width = tf.unstack(tf.shape(content)[:2])
    chosen["sizes"] = _sizes(options["sizes"], recipe, height, width)
    chosen["level_iterations"] = _level_iterations(options["level_iterations"], recipe, chosen["sizes"])
    return chosen


def _index(word: tf.Tensor, words: list[str] | tuple[str, ...]) -> tf.Tensor:
    return tf.argmax(tf.cast(tf.constant(words) == word, tf.int32), output_type=tf.int32)


def _text(value: tf.Tensor, recipe: Recipe, own: Callable[[Preset], str]) -> tf.Tensor:
    return tf.where(value == "", recipe.number(own, tf.string), value)


def _learning_rates(row: Preset) -> list[float]:
    return [row.adam.learning_rate, 1.0, row.sgd_rate]  # in the order of OPTIMIZERS


def _layer_weights(value: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    count = len(STYLE_LAYERS)
    rule = f"style_layer_weights: must have {count} numbers, one each for {', '.join(STYLE_LAYERS)}, got "
    fits = (tf.size(value) == 0) | (tf.size(value) == count)
    value = validation.behind(value, validation.assertion(fits, rule, tf.as_string(tf.size(value))))
    own = recipe.number(lambda row: row.style_layer_weights)
    return tf.ensure_shape(tf.cond(tf.size(value) == 0, lambda: own, lambda: value), [count])


def _keep(value: tf.Tensor, average: tf.Tensor) -> tf.Tensor:
    rule = "keep: must be last where average is above 0, since an average is no iteration's picture, got "
    return validation.behind(value, validation.assertion((value == "last") | (average == 0), rule, value))


def _init(value: tf.Tensor, image: tf.Tensor, content: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """Where to start from; an `init_image` alone says `image`."""
    given = tf.size(image) > 0
    own = tf.where(given, "image", recipe.number(lambda row: row.init, tf.string))
    rule = "init: must be image where there is an init_image, and only there, got "
    consistent = (value == "") | ((value == "image") == given)
    value = validation.behind(value, validation.assertion(consistent, rule, value))
    fits = ~given | tf.reduce_all(tf.shape(image) == tf.shape(content))
    rule = "init_image: must have the height and width of content, "
    sizes = [validation.size_words(content), ", got ", validation.size_words(image)]
    value = validation.behind(value, validation.assertion(fits, rule, *sizes))
    return tf.where(value == "", own, value)


def _sizes(value: tf.Tensor, recipe: Recipe, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    longest = tf.maximum(height, width)
    got = validation.words(value)
    rule = "sizes: must ascend, got "
    value = validation.behind(value, validation.assertion(tf.reduce_all(value[1:] > value[:-1]), rule, got))
    rule = ["sizes: must be at most the content's longest side, ", tf.as_string(longest), ", got ", got]
    value = validation.behind(value, validation.assertion(tf.reduce_all(value <= longest), *rule))
    rule = f"sizes: must leave both sides of the content at least {MIN_SIDE} pixels, got "
    fits = tf.reduce_all(sides(height, width, value) >= MIN_SIDE)
    value = validation.behind(value, validation.assertion(fits, rule, got))
    return tf.cond(tf.size(value) == 0, lambda: recipe.planned(height, width), lambda: value)


def _level_iterations(value: tf.Tensor, recipe: Recipe, sizes: tf.Tensor) -> tf.Tensor:
    levels = tf.size(sizes)
    rule = "level_iterations: must have as many numbers as sizes, "
    words = [tf.as_string(levels), " (", validation.words(sizes), "), got ", tf.as_string(tf.size(value))]
    fits = (tf.size(value) == 0) | (tf.size(value) == levels)
    value = validation.behind(value, validation.assertion(fits, rule, *words))
    first = recipe.number(lambda row: row.plan.first, tf.int32)
    later = recipe.number(lambda row: row.plan.later, tf.int32)
    return tf.cond(tf.size(value) == 0, lambda: planned_iterations(first, later, levels), lambda: value)
