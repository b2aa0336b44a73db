"""The names of the SavedModel's contract, and the client's own defaults.

The weights and the learning rate have no default here: an input that is not sent takes the model's.
"""

from __future__ import annotations

STYLIZE = "serving_default"
START = "stylize_start"
STEP = "stylize_step"
EVALUATE = "evaluate"
DESCRIBE = "describe"

LOSS_COLUMNS = ("total", "content", "style", "total_variation")

DEFAULT_SERVER = "localhost:8500"  # TensorFlow Serving's own gRPC port
DEFAULT_MODEL = "nst"  # what `nst serve` serves a model as
DEFAULT_ITERATIONS = 200  # the total loss of the default recipe has flattened by then
DEFAULT_SIZE = 512  # longest side in pixels: the published recipes' own, where VGG19's layers see brush strokes

# What a message of protobuf can hold, which counts its bytes in 32 bits.
MAX_MESSAGE_BYTES = 2**31 - 1

# Deadlines are for servers that hang, not for slow ones: two cores need 8 s per megapixel and iteration.
DEADLINE_START_SECONDS = 120.0
DEADLINE_SECONDS_PER_MEGAPIXEL_ITERATION = 100.0
STATUS_DEADLINE_SECONDS = 10.0


def stylize_deadline(height: int, width: int, iterations: int) -> float:
    """Seconds after which a run of this size counts as hanging."""
    work = max(iterations, 0) * height * width / 1e6  # the server refuses a negative number, and says so in time
    return DEADLINE_START_SECONDS + DEADLINE_SECONDS_PER_MEGAPIXEL_ITERATION * work
