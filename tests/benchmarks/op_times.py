"""Where an iteration's time goes: seconds by kind of op, as TensorFlow's executor has recorded them.

    python -m tests.benchmarks.op_times [--side 512] [--precision float32] [--preset eager] [--iterations 5]

The full VGG19 in a session as the embedded server has it, with one thread that starts ops: they run one after the
other, each on all cores, so their times add up to the iteration's. Times are the difference of a call of several
iterations and a call of one, over their number: targets and other work of a call are left out.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import tensorflow as tf

from nst_export.export import export_version
from nst_export.saved_model.session import ONE_RUN_THREADS, PASSES
from nst_graph.choices import Precision
from tests.conftest import picture

Feeds = dict[str, np.ndarray]
LABEL = re.compile(r" = (\w+)\(")  # "name = Op(inputs)"
SHOWN = 14


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--side", type=int, default=512)
    options.add_argument("--precision", choices=["float32", "bfloat16", "float16"], default="float32")
    options.add_argument("--preset", default="eager")
    options.add_argument("--iterations", type=int, default=5)
    show(options.parse_args())


def show(arguments: argparse.Namespace) -> None:
    side, iterations = arguments.side, arguments.iterations
    with tempfile.TemporaryDirectory() as folder:
        session, signature = load(Path(folder) / "nst", arguments.precision)

        def run(number: int) -> tuple[float, Counter[str]]:
            return traced(session, signature, feeds(side, number, arguments.preset))

        run(1)
        (one_seconds, one), (seconds, several) = run(1), run(1 + iterations)
    each = (seconds - one_seconds) / iterations
    several.subtract(one)
    print(f"{each:.3f} s an iteration, {several.total() / iterations / each:.0%} of it in these ops")
    for op, spent in several.most_common(SHOWN):
        print(f"{spent / iterations * 1e3:8.1f} ms {spent / iterations / each:6.1%}  {op}")


def load(model_dir: Path, precision: Precision) -> tuple[tf.compat.v1.Session, object]:
    version_dir = export_version(model_dir, weights="random:0", precision=precision)
    config = tf.compat.v1.ConfigProto(inter_op_parallelism_threads=ONE_RUN_THREADS, use_per_session_threads=True)
    config.graph_options.rewrite_options.optimizers.extend(PASSES)
    with tf.Graph().as_default():
        session = tf.compat.v1.Session(config=config)
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], str(version_dir))
    return session, loaded.signature_def["serving_default"]


def feeds(side: int, iterations: int, preset: str) -> Feeds:
    return {
        "content": picture(side, side, 1),
        "style": picture(side, side, 2),
        "iterations": np.int32(iterations),
        "preset": np.array(preset),
    }


def traced(session: tf.compat.v1.Session, signature, inputs: Feeds) -> tuple[float, Counter[str]]:
    """How long a call takes, and the seconds of each kind of op."""
    options = tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)
    record = tf.compat.v1.RunMetadata()
    named = {signature.inputs[name].name: value for name, value in inputs.items()}
    start = time.perf_counter()
    session.run(signature.outputs["image"].name, named, options=options, run_metadata=record)
    seconds = time.perf_counter() - start
    spent: Counter[str] = Counter()
    for device in record.step_stats.dev_stats:
        for node in device.node_stats:
            found = LABEL.search(node.timeline_label)
            spent[found[1] if found else node.timeline_label] += (node.op_end_rel_nanos - node.op_start_rel_nanos) / 1e9
    return seconds, spent


if __name__ == "__main__":
    main()
