"""TensorFlow Serving's own messages and stubs, imported without running TensorFlow.

The generated modules in `tensorflow_serving.apis` import `tensorflow.core.framework...`, which are plain
protobuf modules, but importing them executes `tensorflow/__init__.py`: three seconds and half a
gigabyte. So while they are imported, a bare module with TensorFlow's path stands in for the package.
It is taken away again at once, and a later `import tensorflow` is the real one and shares these very
message classes. Another thread that imports TensorFlow within this tenth of a second would get the
bare module: import `nst_client` before starting threads.
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
    spec = importlib.util.find_spec("tensorflow")  # finds the package without executing it
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError("nst_client needs the package tensorflow for its message classes")
    bare = types.ModuleType("tensorflow")
    bare.__path__ = list(spec.submodule_search_locations)
    bare.__spec__ = spec
    sys.modules["tensorflow"] = bare
    try:
        yield
    finally:
        del sys.modules["tensorflow"]


__all__ = [
    "get_model_status_pb2",
    "model_pb2",
    "model_service_pb2_grpc",
    "predict_pb2",
    "prediction_service_pb2_grpc",
    "tensor_pb2",
    "types_pb2",
]

with _bare_tensorflow():
    from tensorflow.core.framework import tensor_pb2, types_pb2
    from tensorflow_serving.apis import (
        get_model_status_pb2,
        model_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )
