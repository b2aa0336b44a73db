"""In which order the pictures of a size are looked at, a tile at a time: the content, each style, the painted one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nst_graph.canvas import CANVAS, Canvas
from nst_graph.look import Look
from nst_graph.objective import Losses, Objective, Pull, Targets, losses_of
from nst_graph.presets import STYLE_LAYERS
from nst_graph.recipe import Recipe
from nst_graph.regions import Regions
from nst_graph.survey import SURVEY, Survey
from nst_graph.tiles import Tiles

# The numbers of the pictures: the content's, the styles' from this on, and behind them that of the painted one.
CONTENT, FIRST_STYLE = 0, 1

_LAYERS = len(STYLE_LAYERS)
_WHOLE_NUMBER, _NUMBER, _PICTURE = tf.TensorSpec([], tf.int32), tf.TensorSpec([]), tf.TensorSpec([None, None, 3])


class Sight(NamedTuple):
    """What was seen so far at one size."""

    canvas: Canvas
    guides: list[tf.Tensor]  # float32[positions, regions] at `STYLE_LAYERS`: the weights of the canvas' positions
    targets: Targets
    number: tf.Tensor  # int32[]: of the picture that is looked at
    looks: tf.Tensor  # int32[]: at this picture so far; at the painted one since its last update
    size: tf.Tensor  # int32[2]: its height and width
    tiles: tf.Tensor  # int32[]: how many it has
    style: tf.Tensor  # float32[height, width, 3]: the picture itself where it is a style
    weights: list[tf.Tensor]  # of its positions, as `guides`
    surveys: list[Survey]  # of `STYLE_LAYERS`: of all styles together, or of the painted picture
    pull: Pull


class Turn(NamedTuple):
    """What a look is for."""

    tile: tf.Tensor  # int32[]
    content: tf.Tensor  # bool[]: at the content
    style: tf.Tensor  # bool[]: at a style
    surveys: tf.Tensor  # bool[]: for the moments of a style or of the painted picture
    pulls: tf.Tensor  # bool[]: for the losses and the gradient of the painted picture


class Sights:
    """Those of one request."""

    def __init__(self, objective: Objective, regions: Regions, styles: tf.Tensor, recipe: Recipe, pixels: int) -> None:
        """Takes how many styles there are, int32[], and the most pixels of a tile."""
        self._objective, self._regions, self._recipe = objective, regions, recipe
        self._styles, self._pixels = styles, pixels

    @property
    def specs(self) -> Sight:
        """The dtypes and shapes of a sight."""
        weights = [tf.TensorSpec([None, None])] * _LAYERS
        pull, size = Pull(_NUMBER, _NUMBER, _PICTURE), tf.TensorSpec([2], tf.int32)
        targets, surveys = self._objective.target_specs, [SURVEY] * _LAYERS
        return Sight(
            CANVAS,
            weights,
            targets,
            _WHOLE_NUMBER,
            _WHOLE_NUMBER,
            size,
            _WHOLE_NUMBER,
            _PICTURE,
            weights,
            surveys,
            pull,
        )

    def begin(self, canvas: Canvas) -> Sight:
        """Before the first look."""
        size = tf.shape(canvas.content)[:2]
        guides = self._regions.of_content(self._objective.sizes(size))
        weights, shares = ([getattr(guide, name) for guide in guides] for name in ("weights", "shares"))
        surveys, zero, none = self._objective.surveys(tf.size(shares[0])), tf.constant(0.0), tf.zeros([0, 0, 3])
        return Sight(
            canvas,
            weights,
            self._objective.targets(shares, surveys),
            number=tf.constant(CONTENT),
            looks=tf.constant(0),
            size=size,
            tiles=Tiles(size, self._pixels).count,
            style=none,
            weights=weights,
            surveys=surveys,
            pull=Pull(zero, zero, none),
        )

    def known(self, sight: Sight) -> tf.Tensor:
        """Whether all of the content or of a style was seen, so that the next picture follows: bool[]."""
        return ~self._painted(sight.number) & (sight.looks == sight.tiles)

    def following(self, sight: Sight, style_of: Callable[[tf.Tensor], tf.Tensor]) -> Sight:
        """Goes on to the next picture.

        Args:
            sight: where `known`.
            style_of: from a style's number, int32[] from 0, to its picture at this size: float32[height, width, 3].
        """
        number = sight.number + 1

        def painted() -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor], Targets]:
            targets = self._objective.with_styles(sight.targets, sight.surveys, self._recipe)
            return sight.style[:0], tf.shape(sight.canvas.content)[:2], sight.guides, targets

        def style() -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor], Targets]:
            picture = style_of(number - FIRST_STYLE)
            size = tf.shape(picture)[:2]
            weights = self._regions.of_style(number - FIRST_STYLE, self._objective.sizes(size))
            return picture, size, weights, sight.targets

        picture, size, weights, targets = tf.cond(self._painted(number), painted, style)
        return sight._replace(
            targets=targets,
            number=number,
            looks=tf.constant(0),
            size=size,
            tiles=Tiles(size, self._pixels).count,
            style=picture,
            weights=weights,
        )

    def look(self, image: tf.Tensor, sight: Sight) -> tuple[Sight, tf.Tensor]:
        """Looks at the next tile.

        Where the painted picture is one tile, a look surveys it and finds its pull. Otherwise all tiles are surveyed;
        then each is looked at again for its pull, behind the same tile of the content.

        Args:
            image: the painted picture, float32[height, width, 3].
            sight: before.

        Returns:
            The sight after that, and whether it has the whole pull of the painted picture: bool[].
        """
        tiles = Tiles(sight.size, self._pixels)
        turn = self._turn(sight)
        tile = tiles.tile(turn.tile)
        pictures = (sight.canvas.content, sight.style, image)
        kind = tf.where(turn.content, 0, tf.where(turn.style, 1, 2))
        pixels = tile.of(tf.switch_case(kind, [lambda picture=picture: picture for picture in pictures]))
        alone = sight.canvas.all_of(pixels, grey=turn.content)
        canvas = tf.cond(turn.content | turn.style, lambda: alone, lambda: sight.canvas.of(tile))
        look = self._objective.look(pixels, canvas, tile, sight.size, self._recipe)
        weights = [look.weights(layer, each) for layer, each in zip(STYLE_LAYERS, sight.weights, strict=True)]
        targets = self._with_content(sight, look, turn)
        surveys = tf.cond(turn.surveys, lambda: self._surveyed(sight, look, weights, turn), lambda: sight.surveys)
        seen = sight._replace(targets=targets, surveys=surveys)
        pull = tf.cond(turn.pulls, lambda: self._pulled(seen, look, weights, tiles, turn), lambda: sight.pull)
        last = turn.pulls & (turn.tile == sight.tiles - 1)
        return seen._replace(pull=pull, looks=tf.where(last, 0, sight.looks + 1)), last

    def losses(self, image: tf.Tensor, sight: Sight) -> tuple[Losses, tf.Tensor]:
        """Of the painted picture, once its whole pull is known: see `losses_of`."""
        return losses_of(image, sight.canvas, sight.pull, self._recipe)

    def _painted(self, number: tf.Tensor) -> tf.Tensor:
        return number >= FIRST_STYLE + self._styles

    def _turn(self, sight: Sight) -> Turn:
        """What the next look is for, where the picture has so many tiles, int32[]."""
        painted, surveying = self._painted(sight.number), sight.looks < sight.tiles
        again = sight.looks - sight.tiles  # since all were surveyed: in turn at the content and at the painted one
        content = (sight.number == CONTENT) | (~surveying & (again % 2 == 0))
        return Turn(
            tile=tf.where(surveying, sight.looks, again // 2),
            content=content,
            style=~painted & ~content,
            surveys=surveying & ~content,
            pulls=painted & ~content & (~surveying | (sight.tiles == 1)),
        )

    def _with_content(self, sight: Sight, look: Look, turn: Turn) -> Targets:
        """The targets, with the features and the energy of a tile of the content where that was looked at."""
        before = sight.targets

        def seen() -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            content, energies = self._objective.content(look)
            first = sight.number == CONTENT
            return content, tf.where(first, before.energies + energies, before.energies)

        content, energies = tf.cond(turn.content, seen, lambda: (before.content, before.energies))
        return before._replace(content=content, energies=energies)

    def _surveyed(self, sight: Sight, look: Look, weights: list[tf.Tensor], turn: Turn) -> list[Survey]:
        shares = sight.targets.shares[0]
        style = tf.clip_by_value(sight.number - FIRST_STYLE, 0, self._styles - 1)
        factors = tf.where(turn.style, self._regions.weights[style], tf.ones_like(shares))
        anew = ~turn.style & (sight.looks == 0)
        return self._objective.surveyed(sight.surveys, look, weights, factors=factors, anew=anew)

    def _pulled(self, sight: Sight, look: Look, weights: list[tf.Tensor], tiles: Tiles, turn: Turn) -> Pull:
        """The pull of all tiles so far."""
        pull = self._objective.pull(look, weights, sight.surveys, sight.targets, self._recipe)

        def together() -> Pull:
            gradient, first = tiles.placed(pull.gradient, tiles.tile(turn.tile)), turn.tile == 0
            added: Pull = tf.cond(
                first,
                lambda: pull._replace(gradient=gradient),
                lambda: Pull(sight.pull.content + pull.content, pull.style, sight.pull.gradient + gradient),
            )
            return added

        pulled: Pull = tf.cond(sight.tiles == 1, lambda: pull, together)
        return pulled
