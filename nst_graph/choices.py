"""What an export chooses among, as types: loading this module loads nothing else, TensorFlow least of all."""

from __future__ import annotations

from typing import Literal

Pooling = Literal["average", "max"]
Precision = Literal["float32", "bfloat16", "float16"]
PresetName = Literal["nst", "eager"]
