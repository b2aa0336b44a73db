"""What a run has come to between two of its calls, and the sizes that it paints at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Plan(NamedTuple):
    """Coarse to fine: at which sizes a run paints one after the other. An empty plan is the content's size alone."""

    sizes: tuple[int, ...] = ()  # longest sides in pixels, small to large
    level_iterations: tuple[int, ...] = ()  # at each of them; the last takes what is left

    def level(self, iteration: int) -> int:
        """The place in `sizes` at which iteration number `iteration`, from 0, is made."""
        level = 0
        while level < len(self.sizes) - 1 and iteration >= self.end(level):
            level += 1
        return level

    def end(self, level: int) -> int:
        """Number of the first iteration behind a level that is not the last."""
        return sum(self.level_iterations[: level + 1])

    def left_at_size(self, iteration: int, iterations: int) -> int:
        """How many iterations of a run are still made at the size of iteration number `iteration`."""
        level = self.level(iteration)
        end = iterations if level >= len(self.sizes) - 1 else min(iterations, self.end(level))
        return end - iteration

    def sides(self, iteration: int, height: int, width: int) -> tuple[int, int]:
        """Height and width at which an iteration is made, for a content of such a size."""
        if not self.sizes:
            return height, width
        factor = self.sizes[self.level(iteration)] / max(height, width)
        return round(height * factor), round(width * factor)


class Progress(NamedTuple):
    """A run after one of its calls. With it the run can go on, here or on another server."""

    iteration: int  # updates of the picture so far, in the whole run
    iterations: int  # wanted in the whole run
    image: np.ndarray  # uint8[height, width, 3]: the picture after `iteration` updates, of the content's size
    losses: np.ndarray  # float32[updates of this call, 4]: of the pictures before them; contract.LOSS_COLUMNS
    seconds: float  # that this call took, the way to the server and back included
    version: int  # of the model that made it
    state: tuple[bytes, ...]  # what the model needs to go on; opaque
    plan: Plan = Plan()  # of the whole run

    @property
    def size(self) -> tuple[int, int]:
        """Width and height at which the last update was made; before the first one, at which it will be."""
        height, width = self._sides(max(self.iteration - 1, 0))
        return width, height

    @property
    def pixels(self) -> int:
        """Of the size at which the last update was made."""
        width, height = self.size
        return width * height

    @property
    def pixels_left(self) -> int:
        """Of all updates that are still to be made together: what is left to compute."""
        left, iteration = 0, self.iteration
        while iteration < self.iterations:
            height, width = self._sides(iteration)
            updates = self.plan.left_at_size(iteration, self.iterations)
            left, iteration = left + updates * height * width, iteration + updates
        return left

    def _sides(self, iteration: int) -> tuple[int, int]:
        height, width = self.image.shape[:2]
        return self.plan.sides(iteration, height, width)
