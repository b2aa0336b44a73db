"""Our whole loop in one call: the SavedModel in a session of its own, as a server runs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from nst_export.bench import gpu
from nst_export.bench.task import model_dir, pictures_of
from nst_export.saved_model.session import ONE_RUN_THREADS, Model
from nst_export.toolkit.inspection import version_folder_of

gpu_memory = gpu.gpu_memory  # see `worker`


def prepare(folder: str, size: int, precision: str, *, channels_last: bool, signature: str) -> Callable[[int], float]:
    """Loads the model; see `worker` and `task`."""
    del channels_last  # TensorFlow has no other
    model = Model(version_folder_of(model_dir(Path(folder), precision)), inter_op_threads=ONE_RUN_THREADS)
    called = model.signatures[signature]
    values = {name: tf.make_ndarray(proto) for name, proto in called.defaults.items()}
    values |= pictures_of(Path(folder), size)
    feeds = {called.inputs[name].name: value for name, value in values.items()}
    fetches = [called.outputs[name].name for name in ("losses", "image")]

    def run(iterations: int) -> float:
        losses, _ = model.run(feeds | {called.inputs["iterations"].name: np.int32(iterations)}, fetches)
        return float(losses[-1, 0])

    return run
