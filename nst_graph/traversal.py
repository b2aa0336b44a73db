"""In which order the network visits the pictures of a size, by tiles: the content, each style, the painted one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

from nst_graph import decisions
from nst_graph.canvas import CANVAS, Canvas
from nst_graph.decisions import at_least, either, equal, holds, no
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
    plain: tf.Tensor  # int32[]: its `is_plain`
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
    """What one visit of a tile is for; all but its number are 1 or 0: see `nst_graph.decisions`."""

    tile: tf.Tensor  # int32[]
    content: tf.Tensor  # at the content
    style: tf.Tensor  # at a style
    accumulates: tf.Tensor  # for the moments of a style or of the painted picture
    contributes: tf.Tensor  # for the losses and the gradient of the painted picture


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
            _WHOLE_NUMBER,
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
            canvas.is_plain,
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
        """Whether all of the content or of a style was visited, so that the next picture follows: 1 or 0, int32[]."""
        return no(self._painted(seen.number)) * equal(seen.visits, seen.tiles)

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

        picture, size, weights, targets = decisions.cond(self._painted(number), painted, style)
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
            The state after that, and whether all of the painted picture has contributed: 1 or 0.
        """
        tiles = Tiles(seen.size, self._pixels)
        visit = self._visit(seen)
        tile = tiles.tile(visit.tile)
        pictures = (seen.canvas.content, seen.style, image)
        kind = 2 - visit.style - 2 * visit.content
        pixels = tile.of(tf.switch_case(kind, [lambda picture=picture: picture for picture in pictures]))
        given = seen.canvas.all_of(pixels, grey=visit.content)
        canvas = decisions.cond(either(visit.content, visit.style), lambda: given, lambda: seen.canvas.of(tile))
        alone = equal(seen.tiles, 1)
        forward = self._objective.forward(pixels, canvas, tile, seen.size, self._recipe, alone=alone)
        weights = forward.weights(dict(zip(STYLE_LAYERS, seen.weights, strict=True)))
        targets = self._with_content(seen, forward, visit)
        running = decisions.cond(
            visit.accumulates, lambda: self._accumulated(seen, forward, weights, visit), lambda: seen.running
        )
        now = seen._replace(targets=targets, running=running)
        contributed = decisions.cond(
            visit.contributes,
            lambda: self._contributed(now, forward, weights, tiles, visit),
            lambda: seen.contributed,
        )
        last = visit.contributes * equal(visit.tile, seen.tiles - 1)
        return now._replace(contributed=contributed, visits=no(last) * (seen.visits + 1)), last

    def losses(self, image: tf.Tensor, seen: TraversalState) -> tuple[Losses, tf.Tensor]:
        """Of the painted picture, once all of it has contributed: see `losses_of`."""
        return losses_of(image, seen.canvas, seen.plain, seen.contributed, self._recipe)

    def _painted(self, number: tf.Tensor) -> tf.Tensor:
        return at_least(number, FIRST_STYLE + self._styles)

    def _visit(self, seen: TraversalState) -> Visit:
        """What the next visit is for."""
        painted, known = self._painted(seen.number), at_least(seen.visits, seen.tiles)  # all moments
        again = seen.visits - seen.tiles  # since then: of the content and of the painted one in turn
        content = either(equal(seen.number, CONTENT), known * no(again % 2))
        return Visit(
            tile=decisions.where(known, again // 2, seen.visits),
            content=content,
            style=no(painted) * no(content),
            accumulates=no(known) * no(content),
            contributes=painted * no(content) * either(known, equal(seen.tiles, 1)),
        )

    def _with_content(self, seen: TraversalState, forward: ForwardPass, visit: Visit) -> Targets:
        """The targets, with the features and the energy of a tile of the content where that was visited."""
        before = seen.targets

        def visited() -> tuple[dict[str, tf.Tensor], tf.Tensor]:
            content, energies = self._objective.content(forward)
            first = equal(seen.number, CONTENT)
            return content, tf.where(holds(first), before.energies + energies, before.energies)

        content, energies = decisions.cond(visit.content, visited, lambda: (before.content, before.energies))
        return before._replace(content=content, energies=energies)

    def _accumulated(
        self, seen: TraversalState, forward: ForwardPass, weights: list[tf.Tensor], visit: Visit
    ) -> list[RunningMoments]:
        shares = seen.targets.shares[0]
        style = tf.clip_by_value(seen.number - FIRST_STYLE, 0, self._styles - 1)
        factors = tf.where(holds(visit.style), self._regions.weights[style], tf.ones_like(shares))
        anew = no(visit.style) * equal(seen.visits, 0)
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
            gradient = tiles.placed(own.gradient, tiles.tile(visit.tile))
            added: Contribution = decisions.cond(
                equal(visit.tile, 0),
                lambda: own._replace(gradient=gradient),
                lambda: Contribution(before.content + own.content, own.style, before.gradient + gradient),
            )
            return added

        contributed: Contribution = decisions.cond(equal(seen.tiles, 1), lambda: own, together)
        return contributed
