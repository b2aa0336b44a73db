"""The file of VGG19's weights that Keras publishes: where it comes from, and where Keras keeps it. Loads nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

# keras.applications.vgg19.WEIGHTS_PATH_NO_TOP and the digest beside it.
URL = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
MD5 = "253f8cb515780f3b799900260a226db6"
FOLDER = "models"  # in Keras' own


def cached_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Where Keras has the file, or would put it."""
    home = Path(environment["KERAS_HOME"]) if "KERAS_HOME" in environment else Path.home() / ".keras"
    return home / FOLDER / URL.rsplit("/", 1)[-1]
