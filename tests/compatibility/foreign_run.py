"""Runs an export in another TensorFlow's environment, without this project: pictures, states and refusals.

    python foreign_run.py VERSION_DIR INPUTS.npz RESULTS.npz

INPUTS holds the inputs of one call, and the strings of a state after half of its iterations, written elsewhere.
RESULTS gets the pictures and losses of every way to run it, and such a state written here. Prints a line of JSON:
the version of TensorFlow, how each hostile input was refused, and whether the model gave the same picture after them.
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
    stored = dict(np.load(inputs_file))
    theirs = vector(stored.pop(name).tobytes() for name in sorted(stored) if name.startswith("state_"))
    module = tf.saved_model.load(version_dir)
    loaded = module.stylize(stored["content"], stored["style"], stored["iterations"])
    model = Model(version_dir)
    whole = model.run("serving_default", stored)
    split, half = split_run(model, stored)
    rest = model.run("stylize_step", stored | {"state_bytes": theirs, "iterations": stored["iterations"] // 2})
    results = {"session": whole, "module": loaded, "split": split, "gone_on": rest}
    arrays = {
        f"{way}_{name}": np.asarray(found[name]) for way, found in results.items() for name in ("image", "losses")
    }
    states = {f"state_{index}": np.frombuffer(part, np.uint8) for index, part in enumerate(half)}
    np.savez(results_file, **arrays, **states)
    refusals = refusals_of_inputs(model, stored) | refusals_of_states(model, stored, half)
    alive = bool((model.run("serving_default", stored)["image"] == whole["image"]).all())
    sys.stdout.write(json.dumps({"version": tf.__version__, "refusals": refusals, "alive": alive}))


class Model:
    """An export called as TensorFlow Serving calls it: nothing looks at shapes on the way."""

    def __init__(self, version_dir):
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(self.session, ["serve"], version_dir)
        self.signatures = meta_graph.signature_def
        self.callables = {}

    def run(self, name, inputs):
        """All outputs of a signature by name."""
        signature, key = self.signatures[name], (name, *inputs)
        outputs = sorted(signature.outputs)
        if key not in self.callables:
            feed = [signature.inputs[alias].name for alias in inputs]
            fetch = [signature.outputs[alias].name for alias in outputs]
            options = config_pb2.CallableOptions(feed=feed, fetch=fetch)
            self.callables[key] = self.session._make_callable_from_options(options)
        return dict(zip(outputs, self.callables[key](*inputs.values()), strict=True))


def split_run(model, inputs):
    """One call's work as a start and a step for each iteration, and the state half way."""
    total, losses = int(inputs["iterations"]), []
    result = model.run("stylize_start", {name: inputs[name] for name in ("content", "style")})
    for done in range(total):
        if done == total // 2:
            half = result["state_bytes"]
        step = {"state_bytes": result["state_bytes"], "iterations": np.int32(1)}
        result = model.run("stylize_step", inputs | step)
        losses.append(result["losses"])
    return result | {"losses": np.concatenate(losses)}, half


def vector(strings):
    """Strings as a session takes them: numpy's own cut zeros off their ends."""
    return np.array([*strings], dtype=object)


def refusals_of_inputs(model, inputs):
    hostile = {
        f"{name} {shape}": {name: np.zeros(shape, np.uint8)}
        for name in ("content", "style")
        for shape in HOSTILE_SHAPES
    }
    hostile |= {f"iterations {value}": {"iterations": np.int32(value)} for value in (2**31 - 1, 0, -1)}
    return {case: refusal(model, "serving_default", inputs | change) for case, change in hostile.items()}


def refusals_of_states(model, inputs, state):
    header, *parts = state
    flipped = bytes([parts[0][0] ^ 1]) + parts[0][1:]
    hostile = {
        "none": vector([]),
        "foreign": vector([b"\xff\xd8\xff"]),
        "damaged": vector([header, flipped, *parts[1:]]),
        "cut": vector([header, parts[0][:-1], *parts[1:]]),
        "short": state[:-1],
        "long": vector([header, *[b""] * 100_000]),
        "rank 0": np.array(header, dtype=object),
        "rank 2": state[np.newaxis],
    }
    cases = {f"state_bytes {case}": {"state_bytes": value} for case, value in hostile.items()}
    cases["state_bytes other"] = {"state_bytes": state, "style": 255 - inputs["style"]}
    cases |= {f"iterations {n} and a state": {"state_bytes": state, "iterations": np.int32(n)} for n in (2**31 - 1, 0)}
    return {case: refusal(model, "stylize_step", inputs | change) for case, change in cases.items()}


def refusal(model, signature, inputs) -> list[str]:
    """Kind and first line of the error."""
    try:
        model.run(signature, inputs)
    except tf.errors.OpError as error:
        return [type(error).__name__, str(error.message).splitlines()[0]]
    return ["accepted", ""]


if __name__ == "__main__":
    main(*sys.argv[1:])
