"""Kernels for GPUs are told apart by op and by dtype, on a machine without a GPU."""

from __future__ import annotations

from tensorflow.core.framework import node_def_pb2
from tensorflow.core.framework import types_pb2 as types

from nst_export.saved_model.gpu_kernels import op_and_types, runs_on_a_gpu


def node(op: str, **dtypes: int) -> node_def_pb2.NodeDef:
    result = node_def_pb2.NodeDef(op=op)
    for name, dtype in dtypes.items():
        result.attr[name].type = dtype
    return result


def test_the_registry_tells_kernels_for_gpus_apart():
    assert runs_on_a_gpu(node("Conv2D", T=types.DT_FLOAT))
    assert not runs_on_a_gpu(node("Conv2D", T=types.DT_INT64))
    assert not runs_on_a_gpu(node("ScaleAndTranslate", T=types.DT_FLOAT))


def test_a_dtype_is_named_where_another_would_run_on_a_gpu():
    assert op_and_types(node("Conv2D", T=types.DT_INT64)) == "Conv2D int64"
    assert op_and_types(node("DecodePng", dtype=types.DT_UINT8)) == "DecodePng"
