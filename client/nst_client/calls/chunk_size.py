"""How many iterations one call of a watched run makes."""

from __future__ import annotations

# What a person takes for alive; and the time that is lost when a call has to be repeated.
SECONDS_PER_CALL = 1.0

# A call computes the targets anew, two forward passes, and carries the state: about as much as one iteration.
CALL_COST_ITERATIONS = 1.0

# On a slow server calls are longer than a second, so that this cost stays near a tenth; but not ten times as long.
LEAST_ITERATIONS = 8
MOST_SECONDS_FOR_THEM = 10.0


# A state travels both ways, and is written, read and checked at each end: as fast as a network of 2 Gbit/s carries
# it. That of L-BFGS holds twenty pictures; the way of it, too, is to stay near a tenth of a call.
BYTES_PER_SECOND = 2e8
CALL_PER_TRANSPORT = 10.0


class ChunkSize:
    """Learns from every call how long an iteration takes. It may be shared by runs on the same servers."""

    def __init__(self, seconds_per_call: float = SECONDS_PER_CALL) -> None:
        """Knows nothing yet: the first call makes one iteration."""
        self._seconds_per_call = seconds_per_call
        self._seconds_per_pixel: float | None = None  # of one iteration; its cost is proportional to the pixels

    def iterations(self, pixels: int, state_bytes: int = 0) -> int:
        """How many to ask for, at least 1, at a size of so many pixels, with a state of so many bytes."""
        if self._seconds_per_pixel is None:
            return 1
        seconds = self._seconds_per_pixel * pixels
        least = min(LEAST_ITERATIONS, MOST_SECONDS_FOR_THEM / seconds)
        call = max(self._seconds_per_call, CALL_PER_TRANSPORT * _transport_seconds(state_bytes))
        return max(1, int(least), int(call / seconds - CALL_COST_ITERATIONS))

    def learn(self, pixels: int, iterations: int, seconds: float, state_bytes: int = 0) -> None:
        """Takes in that a call took so long."""
        # At least half of it is taken for computing: a network may be faster than it is taken for.
        computing = max(seconds - _transport_seconds(state_bytes), seconds / 2, 1e-6)
        self._seconds_per_pixel = computing / (iterations + CALL_COST_ITERATIONS) / pixels


def _transport_seconds(state_bytes: int) -> float:
    return 2 * state_bytes / BYTES_PER_SECOND
