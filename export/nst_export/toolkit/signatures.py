"""The signatures of a graph as rows of the report."""

from __future__ import annotations

from collections.abc import Mapping

from nst_export.saved_model.messages import meta_graph_pb2
from nst_export.saved_model.tensor_values import dtype_name, shape_of, value_of
from nst_export.toolkit.report import Input, Output, Signature

SignatureDefs = Mapping[str, meta_graph_pb2.SignatureDef]

INTERNAL = ("__saved_model_init_op", "__saved_model_train_op")  # TensorFlow keeps these among the signatures


def signature_rows(definitions: SignatureDefs, meanings: Mapping[str, str]) -> list[Signature]:
    """A row for each signature that can be called, by name."""
    return [
        Signature(name, definition.method_name, _inputs(definition, meanings), _outputs(definition, meanings))
        for name, definition in sorted(definitions.items())
        if name not in INTERNAL
    ]


def loose_ends(graph: meta_graph_pb2.MetaGraphDef) -> list[str]:
    """Inputs and outputs that are tensors of nodes which the graph does not have, in sentences."""
    nodes = {node.name for node in graph.graph_def.node}
    return [
        f"{name}: {alias} is the tensor {tensor}, which the graph does not have."
        for name, definition in sorted(graph.signature_def.items())
        if name not in INTERNAL
        for infos in (definition.inputs, definition.outputs)
        for alias in sorted(infos)
        for tensor in _tensor(infos[alias]).split(", ")
        if tensor and tensor.split(":")[0] not in nodes
    ]


def _inputs(definition: meta_graph_pb2.SignatureDef, meanings: Mapping[str, str]) -> list[Input]:
    rows = []
    for name, info in definition.inputs.items():
        required = name not in definition.defaults
        default = None if required else value_of(definition.defaults[name])
        shape, dtype = shape_of(info.tensor_shape), dtype_name(info.dtype)
        rows.append(Input(name, dtype, shape, required, default, meanings.get(name, ""), _tensor(info)))
    order = {name: place for place, name in enumerate(meanings)}
    return sorted(rows, key=lambda row: (not row.required, order.get(row.name, len(order)), row.name))


def _outputs(definition: meta_graph_pb2.SignatureDef, meanings: Mapping[str, str]) -> list[Output]:
    return [
        Output(name, dtype_name(info.dtype), shape_of(info.tensor_shape), meanings.get(name, ""), _tensor(info))
        for name, info in sorted(definition.outputs.items())
    ]


def _tensor(info: meta_graph_pb2.TensorInfo) -> str:
    """Its name; of a sparse or a ragged tensor those of its parts."""
    match info.WhichOneof("encoding"):
        case "coo_sparse":
            parts = info.coo_sparse
            names = [parts.values_tensor_name, parts.indices_tensor_name, parts.dense_shape_tensor_name]
        case "composite_tensor":
            names = [part.name for part in info.composite_tensor.components]
        case _:
            names = [info.name]
    return ", ".join(names)
