"""The words among which an export or a request chooses, as types: loading this module loads nothing else."""

from __future__ import annotations

from typing import Literal

Pooling = Literal["average", "max", "l2"]
Precision = Literal["float32", "bfloat16", "float16"]
PrecisionOrAuto = Literal["auto", "float32", "bfloat16", "float16"]
PresetName = Literal["nst", "eager", "gatys", "jcjohnson", "keras", "tensorflow", "crowson"]
OptimizerName = Literal["adam", "lbfgs", "sgd"]
StyleLoss = Literal["gram", "gram-relative", "moments", "moments-relative", "wasserstein", "wasserstein-relative"]
ContentLoss = Literal["mean", "sum", "relative"]
Variation = Literal["squares", "absolute", "power", "stencil"]
Padding = Literal["zeros", "replicate"]
Init = Literal["content", "noise", "style", "image"]
Keep = Literal["last", "best"]
Color = Literal["style", "luminance", "match-cholesky", "match-pca", "match-symmetric"]
