"""Runs an export in another TensorFlow's environment, without this project: pictures and refusals.

    python foreign_run.py VERSION_DIR INPUTS.npz RESULTS.npz

Prints a line of JSON: the version of TensorFlow, how each hostile input was refused, and whether
the model gave the same picture after them.
"""

from __future__ import annotations

import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

HOSTILE_SHAPES = [(), (3,), (48, 64), (1, 48, 64, 3), (48, 64, 4), (0, 64, 3), (64, 0, 3)]


def main(version_dir: str, inputs_file: str, results_file: str) -> None:
    inputs = dict(np.load(inputs_file))
    module = tf.saved_model.load(version_dir)
    loaded = module.stylize(inputs["content"], inputs["style"], inputs["iterations"])
    call = session_callable(version_dir, sorted(inputs))
    image, losses = call(inputs)
    np.savez(
        results_file,
        session_image=image,
        session_losses=losses,
        module_image=loaded["image"].numpy(),
        module_losses=loaded["losses"].numpy(),
    )
    refusals = {}
    for name in ("content", "style"):
        for shape in HOSTILE_SHAPES:
            refusals[f"{name} {shape}"] = refusal(call, inputs | {name: np.zeros(shape, np.uint8)})
    for iterations in (2**31 - 1, 0, -1):
        refusals[f"iterations {iterations}"] = refusal(call, inputs | {"iterations": np.int32(iterations)})
    alive = bool((call(inputs)[0] == image).all())
    sys.stdout.write(json.dumps({"version": tf.__version__, "refusals": refusals, "alive": alive}))


def session_callable(version_dir, names):
    """The default signature as TensorFlow Serving calls it: nothing looks at shapes on the way."""
    session = tf.compat.v1.Session(graph=tf.Graph())
    with session.graph.as_default():
        meta_graph = tf.compat.v1.saved_model.load(session, ["serve"], version_dir)
    signature = meta_graph.signature_def["serving_default"]
    options = config_pb2.CallableOptions(
        feed=[signature.inputs[name].name for name in names],
        fetch=[signature.outputs[name].name for name in ("image", "losses")],
    )
    function = session._make_callable_from_options(options)
    return lambda inputs: function(*(inputs[name] for name in names))


def refusal(call, inputs) -> list[str]:
    """Kind and first line of the error."""
    try:
        call(inputs)
    except tf.errors.OpError as error:
        return [type(error).__name__, str(error.message).splitlines()[0]]
    return ["accepted", ""]


if __name__ == "__main__":
    main(*sys.argv[1:])
