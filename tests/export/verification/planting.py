"""Ways to change a version as a careless or hostile maker would: what was changed fits together again afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2
from tensorflow.python.saved_model.pywrap_saved_model import fingerprinting

from nst_export.saved_model.model_card import CARD_FILE
from nst_export.saved_model.ops import LOOPS, all_nodes, functions_of
from nst_export.saved_model.warmup_records import read_warmup_requests, write_warmup_requests
from nst_export.verification.stored import VARIABLES


@contextmanager
def graph_of(folder: Path, *, fingerprint: bool = True) -> Iterator[meta_graph_pb2.MetaGraphDef]:
    """The graph, for changes, which are written at the end, with a fingerprint that fits unless told otherwise."""
    file = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    yield model.meta_graphs[0]
    file.write_bytes(model.SerializeToString())
    if fingerprint:
        write_fingerprint(folder)


def keep_one_signature(folder: Path, name: str) -> None:
    """Drops the others, with their warm-up requests: the first run of each takes seconds."""
    with graph_of(folder) as graph:
        for other_name in set(graph.signature_def) - {name, "__saved_model_init_op"}:
            del graph.signature_def[other_name]
    change_warmup(folder, lambda rows: [row for row in rows if row.model_spec.signature_name == name])


def write_fingerprint(folder: Path) -> None:
    (folder / "fingerprint.pb").write_bytes(fingerprinting.CreateFingerprintDef(str(folder)))


def change_card(folder: Path, **changes) -> None:
    """Changes parts of the card beside the graph and of that in it; a part that is a function gets the old value."""
    file = folder / CARD_FILE
    old = json.loads(file.read_text())
    new = old | {name: value(old[name]) if callable(value) else value for name, value in changes.items()}
    text = json.dumps(new, indent=2)
    with graph_of(folder) as graph:
        for node in all_nodes(graph.graph_def):
            texts = node.attr["value"].tensor.string_val if node.op == "Const" else []
            if len(texts) == 1 and texts[0].startswith(b'{\n  "contract"'):
                texts[0] = text.encode()
    file.write_text(text + "\n")


def change_variables(folder: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Changes the first weight, and writes all variables with checksums that fit."""
    reader = tf.train.load_checkpoint(str(folder / VARIABLES))
    values = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    first = min(name for name in values if name.startswith("network_weights"))
    values[first] = change(values[first])
    for file in (folder / "variables").iterdir():
        file.unlink()
    tf.raw_ops.SaveV2(
        prefix=str(folder / VARIABLES),
        tensor_names=list(values),
        shape_and_slices=[""] * len(values),
        tensors=list(values.values()),
    )
    write_fingerprint(folder)


def change_warmup(folder: Path, change: Callable) -> None:
    """Writes the requests that `change` makes of the list of them."""
    requests = list(read_warmup_requests(folder))
    write_warmup_requests(folder, change(requests) or requests)


def body_of_the_loop(graph: meta_graph_pb2.MetaGraphDef):
    """The function that runs the network again and again."""
    functions = {function.signature.name: function for function in graph.graph_def.library.function}
    loops = (node for node in all_nodes(graph.graph_def) if node.op in LOOPS)
    bodies = (functions[node.attr["body"].func.name] for node in loops)
    return next(one for one in bodies if any(node.op == "Conv2D" for node in reached(functions, one)))


def reached(functions, function):
    """The nodes of a function and of those that it calls."""
    called = [functions[name] for node in function.node_def for name in functions_of(node)]
    return [*function.node_def, *(node for one in called for node in reached(functions, one))]


def flip_a_bit(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


def other(values: Mapping, **changes) -> dict:
    return {**values, **changes}
