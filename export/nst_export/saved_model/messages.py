"""TensorFlow's messages on disk, imported without TensorFlow's runtime: a tenth of a second in place of three.

They are plain protobuf modules, but importing `tensorflow.core...` runs `tensorflow/__init__.py`. So a bare module
with TensorFlow's path stands in for the package meanwhile, unless TensorFlow is loaded already. A later
`import tensorflow` is the real one and shares these classes. No other thread may import TensorFlow at that moment.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import types
from collections.abc import Iterator


@contextlib.contextmanager
def _bare_tensorflow() -> Iterator[None]:
    if "tensorflow" in sys.modules:
        yield
        return
    spec = importlib.util.find_spec("tensorflow")  # finds the package without running it
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError("nst_export needs the package tensorflow for its message classes")
    bare = types.ModuleType("tensorflow")
    bare.__path__ = list(spec.submodule_search_locations)
    bare.__spec__ = spec
    sys.modules["tensorflow"] = bare
    try:
        yield
    finally:
        del sys.modules["tensorflow"]


__all__ = [
    "fingerprint_pb2",
    "function_pb2",
    "get_model_metadata_pb2",
    "get_model_status_pb2",
    "graph_pb2",
    "meta_graph_pb2",
    "model_management_pb2",
    "model_pb2",
    "model_server_config_pb2",
    "node_def_pb2",
    "predict_pb2",
    "prediction_log_pb2",
    "saved_model_pb2",
    "saved_object_graph_pb2",
    "tensor_bundle_pb2",
    "tensor_pb2",
    "tensor_shape_pb2",
    "types_pb2",
]

with _bare_tensorflow():
    from tensorflow.core.framework import function_pb2, graph_pb2, node_def_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
    from tensorflow.core.protobuf import (
        fingerprint_pb2,
        meta_graph_pb2,
        saved_model_pb2,
        saved_object_graph_pb2,
        tensor_bundle_pb2,
    )
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_management_pb2,
        model_pb2,
        predict_pb2,
        prediction_log_pb2,
    )
    from tensorflow_serving.config import model_server_config_pb2
