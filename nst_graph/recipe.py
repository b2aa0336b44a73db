"""A request's options beside the presets that a model holds: what the caller left out takes its preset's number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from nst_graph import validation
from nst_graph.colors import COLORS
from nst_graph.decisions import equal
from nst_graph.limits import MIN_SIDE, Limits
from nst_graph.optimiser import Settings
from nst_graph.presets import STYLE_LAYERS, Preset
from nst_graph.regions import checked_masks
from nst_graph.schedule import Schedule, candidates, planned_iterations, planned_sizes, sides
from nst_graph.style_losses import STYLE_LOSSES
from nst_graph.styles import Styles, checked_scale, checked_styles
from nst_graph.variation import VARIATIONS

Tensors = Mapping[str, tf.Tensor]

OPTIMIZERS = ("adam", "lbfgs", "sgd")
KEEPS = ("last", "best")
CHOICES = {"optimizer": OPTIMIZERS, "style_loss": tuple(STYLE_LOSSES), "keep": KEEPS, "color": tuple(COLORS)}
CONTENT_LOSSES = ("mean", "sum", "relative")

# The numbers of a preset that the graph looks up, in one table: a column each.
NUMBERS: Mapping[str, Callable[[Preset], float]] = {
    "content_weight": lambda row: row.content_weight,
    "style_weight": lambda row: row.style_weight,
    "tv_weight": lambda row: row.tv_weight,
    "average": lambda row: row.average,
    "beta_1": lambda row: row.adam.beta_1,
    "beta_2": lambda row: row.adam.beta_2,
    "rest_1": lambda row: 1.0 - row.adam.beta_1,
    "rest_2": lambda row: 1.0 - row.adam.beta_2,
    "epsilon": lambda row: row.adam.epsilon,
    "folded": lambda row: row.adam.folded,
    "adam_rate": lambda row: row.adam.learning_rate,
    "lbfgs_rate": lambda row: row.lbfgs_rate,
    "sgd_rate": lambda row: row.sgd_rate,
    "inverse_decay_iterations": lambda row: 1.0 / row.decay_iterations,
    "decay_rate": lambda row: row.decay_rate,
    "low": lambda row: 0.0 if row.clip else float("-inf"),
    "high": lambda row: 255.0 if row.clip else float("inf"),
    "noise": lambda row: row.noise,
    "style_scale": lambda row: row.style_scale or 0.0,
    "feature_unit": lambda row: row.feature_unit,
    "per_pixel": lambda row: row.per_pixel,
    "replicate": lambda row: row.padding == "replicate",
    "first_iterations": lambda row: row.plan.first,
    "later_iterations": lambda row: row.plan.later,
}

# Its places in lists, likewise.
PLACES: Mapping[str, Callable[[Preset], int]] = {
    "content_loss": lambda row: CONTENT_LOSSES.index(row.content_loss),
    "variation": lambda row: list(VARIATIONS).index(row.variation),
}


class Recipe:
    """The presets of a model as tables, and the row that a request has chosen."""

    def __init__(self, presets: Mapping[str, Preset], options: Tensors) -> None:
        """Takes the options as `resolved` returns them."""
        self._rows = list(presets.values())
        self._index = _index(options["preset"], list(presets))
        self.options = options
        # Here and not where they are used, in the loop: GPUs have no kernels for texts.
        self._places = {name: _index(options[name], words) for name, words in CHOICES.items() if name in options}
        table = self._table([[float(column(row)) for column in NUMBERS.values()] for row in self._rows])
        self.numbers = dict(zip(NUMBERS, tf.unstack(table), strict=True))  # float32[] each
        places = self._table([[place(row) for place in PLACES.values()] for row in self._rows])
        self.places = dict(zip(PLACES, tf.unstack(places), strict=True))  # int32[] each

    @property
    def schedule(self) -> Schedule:
        """The sizes to paint at."""
        return Schedule(self.options["sizes"], self.options["level_iterations"])

    @property
    def optimizer(self) -> tf.Tensor:
        """Place in `OPTIMIZERS`: int32[]."""
        return self._places["optimizer"]

    @property
    def style_loss(self) -> tf.Tensor:
        """Place in `STYLE_LOSSES`: int32[]."""
        return self._places["style_loss"]

    @property
    def color(self) -> tf.Tensor:
        """Place in `COLORS`: int32[]."""
        return self._places["color"]

    @property
    def luminance(self) -> tf.Tensor:
        """Whether luma alone is painted: 1 or 0, int32[]."""
        return equal(self.color, list(COLORS).index("luminance"))

    @property
    def keeps_best(self) -> tf.Tensor:
        """Whether the picture with the smallest loss is wanted: bool[]."""
        return self._places["keep"] == KEEPS.index("best")

    @property
    def style_layer_weights(self) -> tf.Tensor:
        """The preset's own: float32[layers]."""
        return self._table([row.style_layer_weights for row in self._rows])

    def content_layer_weights(self, layers: Sequence[str]) -> tf.Tensor:
        """float32[layers]; 0 where the preset does not use a layer."""
        return self._table([[row.content_layers.get(layer, 0.0) for layer in layers] for row in self._rows])

    def settings(self, iteration: tf.Tensor) -> Settings:
        """The optimiser's numbers in an iteration, int32[].

        They depend on the iterations done alone, not on how many are to come, so that a run can be split anywhere.
        """
        done, numbers = tf.cast(iteration, tf.float32), self.numbers
        decay = tf.math.rsqrt(1.0 + done * numbers["inverse_decay_iterations"]) * tf.pow(numbers["decay_rate"], done)
        rate = self.options["learning_rate"] * decay
        fixed = {field: numbers[field] for field in Settings._fields if field != "learning_rate"}
        return Settings(learning_rate=rate, **fixed)

    def text(self, of: Callable[[Preset], str]) -> tf.Tensor:
        """What `of` says of the chosen preset: string[]."""
        return self._table([of(row) for row in self._rows])

    def _table(self, rows: Sequence[Any]) -> tf.Tensor:
        return tf.constant(rows)[self._index]

    def planned(self, height: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
        """The preset's sizes for a content, int32[] each: int32[levels]."""
        return planned_sizes(self._table([candidates(row.plan) for row in self._rows]), height, width)


def resolved(
    options: Tensors, presets: Mapping[str, Preset], content: tf.Tensor, style: tf.Tensor, limits: Limits
) -> dict[str, tf.Tensor]:
    """The options with the preset's own values where the caller gave none, checked against one another.

    Args:
        options: by name, each as `nst_graph.validation.option` returns it.
        presets: those of the model; the first is the default.
        content: uint8[height, width, 3].
        style: uint8[any height, any width, 3].
        limits: of the model.
    """
    chosen = dict(options)
    chosen["preset"] = tf.where(options["preset"] == "", next(iter(presets)), options["preset"])
    recipe = Recipe(presets, chosen)
    chosen["optimizer"] = _text(options["optimizer"], recipe, lambda row: row.optimizer)
    chosen["style_loss"] = _text(options["style_loss"], recipe, lambda row: row.style_loss)
    chosen["style_layer_weights"] = _layer_weights(options["style_layer_weights"], recipe)
    numbers = recipe.numbers
    rates = tf.stack([numbers[f"{name}_rate"] for name in OPTIMIZERS])
    own = {name: numbers[name] for name in ("content_weight", "style_weight", "tv_weight", "average", "style_scale")}
    own["learning_rate"] = rates[_index(chosen["optimizer"], OPTIMIZERS)]
    chosen |= {name: tf.where(options[name] < 0, value, options[name]) for name, value in own.items()}
    chosen["keep"] = _keep(options["keep"], chosen["average"])
    chosen["init"] = _init(options["init"], options["init_image"], content, recipe)
    height, width = tf.unstack(tf.shape(content)[:2])
    chosen["sizes"] = _sizes(options["sizes"], recipe, height, width)
    chosen["level_iterations"] = _level_iterations(options["level_iterations"], recipe, chosen["sizes"])
    chosen |= checked_styles(style, chosen, limits)
    styles = Styles(style, chosen)
    chosen["style_scale"] = checked_scale(chosen["style_scale"], styles, content, limits)
    return chosen | checked_masks(chosen, content, styles)


def _index(word: tf.Tensor, words: list[str] | tuple[str, ...]) -> tf.Tensor:
    return tf.argmax(tf.cast(tf.constant(words) == word, tf.int32), output_type=tf.int32)


def _text(value: tf.Tensor, recipe: Recipe, own: Callable[[Preset], str]) -> tf.Tensor:
    return tf.where(value == "", recipe.text(own), value)


def _layer_weights(value: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    count = len(STYLE_LAYERS)
    rule = f"style_layer_weights: must have {count} numbers, one each for {', '.join(STYLE_LAYERS)}, got "
    fits = (tf.size(value) == 0) | (tf.size(value) == count)
    value = validation.behind(value, validation.assertion(fits, rule, tf.as_string(tf.size(value))))
    own = recipe.style_layer_weights
    return tf.ensure_shape(tf.cond(tf.size(value) == 0, lambda: own, lambda: value), [count])


def _keep(value: tf.Tensor, average: tf.Tensor) -> tf.Tensor:
    rule = "keep: must be last where average is above 0, since an average is the picture of no iteration, got "
    return validation.behind(value, validation.assertion((value == "last") | (average == 0), rule, value))


def _init(value: tf.Tensor, image: tf.Tensor, content: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    """Where to start from; an `init_image` alone says `image`."""
    given = tf.size(image) > 0
    own = tf.where(given, "image", recipe.text(lambda row: row.init))
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
    rule = "sizes: must be at most the longest side of content, "
    fits = tf.reduce_all(value <= longest)
    value = validation.behind(value, validation.assertion(fits, rule, tf.as_string(longest), ", got ", got))
    rule = f"sizes: must leave both sides of the content at least {MIN_SIDE} pixels, as "
    enough = tf.as_string(-(-MIN_SIDE * longest // tf.minimum(height, width)))
    fits = tf.reduce_all(sides(height, width, value) >= MIN_SIDE)
    value = validation.behind(value, validation.assertion(fits, rule, enough, " does, got ", got))
    return tf.cond(tf.size(value) == 0, lambda: recipe.planned(height, width), lambda: value)


def _level_iterations(value: tf.Tensor, recipe: Recipe, sizes: tf.Tensor) -> tf.Tensor:
    levels = tf.size(sizes)
    rule = "level_iterations: must have as many numbers as sizes, "
    words = [tf.as_string(levels), " (", validation.words(sizes), "), got ", tf.as_string(tf.size(value))]
    fits = (tf.size(value) == 0) | (tf.size(value) == levels)
    value = validation.behind(value, validation.assertion(fits, rule, *words))
    first, later = (tf.cast(recipe.numbers[f"{which}_iterations"], tf.int32) for which in ("first", "later"))
    return tf.cond(tf.size(value) == 0, lambda: planned_iterations(first, later, levels), lambda: value)
