"""VGG19's weights, wherever they come from.

Read `sources` first: what `--weights` may say. Then one module for each: `imagenet` and `keras_file`, `trained` (the
file beside it, whose README says how it was made), `random_weights`.
"""

from nst_export.weights.sources import WeightsRecord as WeightsRecord
from nst_export.weights.sources import fill_weights as fill_weights
from nst_export.weights.sources import weights_sha256 as weights_sha256
