"""In which order the network visits the pictures of a size, by tiles: the content, each style, the painted one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nst_graph.canvas import CANVAS, Canvas
from nst_graph.forward_pass import ForwardPass
from nst_graph.objective import Contribution, Losses, Objective, Targets, losses_of
from nst_graph.presets import STYLE_LAYERS
from nst_graph.recipe import Recipe
from nst_graph.regions import Regions
from nst_graph.running_moments import RUNNING_MOMENTS, RunningMoments
from nst_graph.tiles import Tiles

# The numbers of the pictures: the content's, the styles' from this on, and behind them that of the painted one.
CONTENT, FIRST_STYLE = 0, 1

_LAYERS = len(STYLE_LAYERS)
_WHOLE_NUMBER, _NUMBER, _PICTURE = tf.TensorSpec([], tf.int32), tf.TensorSpec([]), tf.TensorSpec([None, None, 3])


class TraversalState(NamedTuple):
    """What is known so far at one size."""

    canvas: Canvas
    guides: list[tf.Tensor]  # float32[positions, regions] at `STYLE_LAYERS`: the weights of the canvas' positions
    targets: Targets
    number: tf.Tensor  # int32[]: of the picture that is visited
    visits: tf.Tensor  # int32[]: of this picture so far; of the painted one since its last update
    size: tf.Tensor  # int32[2]: its height and width
    tiles: tf.Tensor  # int32[]: how many it has
    style: tf.Tensor  # float32[height, width, 3]: the picture itself where it is a style
    weights: list[tf.Tensor]  # of its positions, as `guides`
    running: list[RunningMoments]  # of `STYLE_LAYERS`: of all styles together, or of the painted picture
    contributed: Contribution  # by the tiles of the painted picture so far


class Visit(NamedTuple):
    """What one visit of a tile is for."""

    tile: tf.Tensor  # int32[]
    content: tf.Tensor  # bool[]: at the content
    style: tf.Tensor  # bool[]: at a style
    accumulates: tf.Tensor  # bool[]: for the moments of a style or of the painted picture
    contributes: tf.Tensor  # bool[]: for the losses and the gradient of the painted picture


class Traversal:
    """That of one request."""

    def __init__(self, objective: Objective, regions: Regions, styles: tf.Tensor, recipe: Recipe, pixels: int) -> None:
        """Takes how many styles there are, int32[], and the most pixels of a tile."""
        self._objective, self._regions, self._recipe = objective, regions, recipe
        self._styles, self._pixels = styles, pixels

    @property
    def specs(self) -> TraversalState:
        """The dtypes and shapes of a state."""
        weights = [tf.TensorSpec([None, None])] * _LAYERS
        contributed, size = Contribution(_NUMBER, _NUMBER, _PICTURE), tf.TensorSpec([2], tf.int32)
        targets, running = self._objective.target_specs, [RUNNING_MOMENTS] * _LAYERS
        return TraversalState(
            CANVAS,
            weights,
            targets,
            _WHOLE_NUMBER,
            _WHOLE_NUMBER,
            size,
            _WHOLE_NUMBER,
            _PICTURE,
            weights,
            running,
            contributed,
        )

    def begin(self, canvas: Canvas) -> TraversalState:
        """Before the first visit."""
        size = tf.shape(canvas.content)[:2]
        guides = self._regions.of_content(self._objective.sizes(size))
        weights, shares = ([getattr(guide, name) for guide in guides] for name in ("weights", "shares"))
        running, zero, none = self._objective.running_moments(tf.size(shares[0])), tf.constant(0.0), tf.zeros([0, 0, 3])
        return TraversalState(
            canvas,
            weights,
            self._objective.targets(shares, running),
            number=tf.constant(CONTENT),
            visits=tf.constant(0),
            size=size,
            tiles=Tiles(size, self._pixels).count,
            style=none,
            weights=weights,
            running=running,
            contributed=Contribution(zero, zero, none),
        )

    def complete(self, seen: TraversalState) -> tf.Tensor:
        """Whether all of the content or of a style was visited, so that the next picture follows: bool[]."""
        return ~self._painted(seen.number) & (seen.visits == seen.tiles)

    def next_picture(self, seen: TraversalState, style_of: Callable[[tf.Tensor], tf.Tensor]) -> TraversalState:
        """Goes on to the next picture.

        Args:
            seen: where `complete`.
            style_of: from a style's number, int32[] from 0, to its picture at this size: float32[height, width, 3].
        """
        number = seen.number + 1

        def painted() -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor], Targets]:
            targets = self._objective.with_styles(seen.targets, seen.running, self._recipe)
            return seen.style[:0], tf.shape(seen.canvas.content)[:2], seen.guides, targets

        def style() -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor], Targets]:
            picture = style_of(number - FIRST_STYLE)
            size = tf.shape(picture)[:2]
            weights = self._regions.of_style(number - FIRST_STYLE, self._objective.sizes(size))
            return picture, size, weights, seen.targets

        picture, size, weights, targets = tf.cond(self._painted(number), painted, style)
        return seen._replace(
            targets=targets,
            number=number,
            visits=tf.constant(0),
            size=size,
            tiles=Tiles(size, self._pixels).count,
            style=picture,
            weights=weights,
        )

    def visit(self, image: tf.Tensor, seen: TraversalState) -> tuple[TraversalState, tf.Tensor]:
        """Visits the next tile.

        Where the painted picture is one tile, one visit finds its moments and its contribution. Otherwise all tiles are
        visited for the moments; then each again for its contribution, behind the same tile of the content.

        Args:
            image: the painted picture, float32[height, width, 3].
            seen: before.

        Returns:
            The state after that, and whether all of the painted picture has contributed: bool[].
        """
        tiles = Tiles(seen.size, self._pixels)
        visit = self._visit(seen)
        tile = tiles.tile(visit.tile)
        pictures = (seen.canvas.content, seen.style, image)
        kind = tf.where(visit.content, 0, tf.where(visit.style, 1, 2))
        pixels = tile.of(tf.switch_case(kind, [lambda picture=picture: picture for picture in pictures]))
        alone = seen.canvas.all_of(pixels, grey=visit.content)
        canvas = tf.cond(visit.content | visit.style, lambda: alone, lambda: seen.canvas.of(tile))
        forward = self._objective.forward(pixels, canvas, tile, seen.size, self._recipe)
        weights = [forward.weights(layer, each) for layer, each in zip(STYLE_LAYERS, seen.weights, strict=True)]
        targets = self._with_content(seen, forward, visit)
        running = tf.cond(
            visit.accumulates, lambda: self._accumulated(seen, forward, weights, visit), lambda: seen.running
        )
        now = seen._replace(targets=targets, running=running)
        contributed = tf.cond(
            visit.contributes, lambda: self._contributed(now, forward, weights, tiles, visit), lambda: seen.contributed
        )
        last = visit.contributes & (visit.tile == seen.tiles - 1)
        return now._replace(contributed=contributed, visits=tf.where(last, 0, seen.visits + 1)), last

    def losses(self, image: tf.Tensor, seen: TraversalState) -> tuple[Losses, tf.Tensor]:
        """Of the painted picture, once all of it has contributed: see `losses_of`."""
        return losses_of(image, seen.canvas, seen.contributed, self._recipe)

    def _painted(self, number: tf.Tensor) -> tf.Tensor:
        return number >= FIRST_STYLE + self._styles

    def _visit(self, seen: TraversalState) -> Visit:
        """What the next visit is for."""
        painted, accumulating = self._painted(seen.number), seen.visits < seen.tiles
        again = seen.visits - seen.tiles  # since all moments are known: of the content and of the painted one in turn
        content = (seen.number == CONTENT) | (~accumulating & (again % 2 == 0))
        return Visit(
            tile=tf.where(accumulating, seen.visits, again // 2),
            content=content,
            style=~painted & ~content,
            accumulates=accumulating & ~content,
            contributes=painted & ~content & (~accumulating | (seen.tiles == 1)),
        )

    def _with_content(self, seen: TraversalState, forward: ForwardPass, visit: Visit) -> Targets:
        """The targets, with the features and the energy of a tile of the content where that was visited."""
        before = seen.targets

        def visited() -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            content, energies = self._objective.content(forward)
            first = seen.number == CONTENT
            return content, tf.where(first, before.energies + energies, before.energies)

        content, energies = tf.cond(visit.content, visited, lambda: (before.content, before.energies))
        return before._replace(content=content, energies=energies)

    def _accumulated(
        self, seen: TraversalState, forward: ForwardPass, weights: list[tf.Tensor], visit: Visit
    ) -> list[RunningMoments]:
        shares = seen.targets.shares[0]
        style = tf.clip_by_value(seen.number - FIRST_STYLE, 0, self._styles - 1)
        factors = tf.where(visit.style, self._regions.weights[style], tf.ones_like(shares))
        anew = ~visit.style & (seen.visits == 0)
        return self._objective.accumulated(
            seen.running, forward, weights, factors=factors, anew=anew, recipe=self._recipe
        )

    def _contributed(
        self, seen: TraversalState, forward: ForwardPass, weights: list[tf.Tensor], tiles: Tiles, visit: Visit
    ) -> Contribution:
        """By all tiles so far."""
        before = seen.contributed
        own = self._objective.contribution(forward, weights, seen.running, seen.targets, self._recipe)

        def together() -> Contribution:
            gradient, first = tiles.placed(own.gradient, tiles.tile(visit.tile)), visit.tile == 0
            added: Contribution = tf.cond(
                first,
                lambda: own._replace(gradient=gradient),
                lambda: Contribution(before.content + own.content, own.style, before.gradient + gradient),
            )
            return added

        contributed: Contribution = tf.cond(seen.tiles == 1, lambda: own, together)
        return contributed
