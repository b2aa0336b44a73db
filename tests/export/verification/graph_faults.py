"""Faults in the graph and its signatures."""

from __future__ import annotations

from tensorflow.core.framework import types_pb2

from nst_export.saved_model.ops import all_nodes
from nst_export.verification.newer_ops import READERS
from tests.export.verification.fault import fault
from tests.export.verification.planting import body_of_the_loop, change_warmup, graph_of

ALL_TENSORFLOWS = ("tensorflow_2_19", "tensorflow_2_20", "tensorflow_here")
OLD_TENSORFLOWS = ALL_TENSORFLOWS[:-1]


@fault("contract", "stylize_step is missing")
def a_missing_signature(folder):
    with graph_of(folder) as graph:
        del graph.signature_def["stylize_step"]
    change_warmup(folder, lambda rows: [row for row in rows if row.model_spec.signature_name != "stylize_step"])


@fault("contract", "serving_default: output losses is float64[?,4], and must be float32[?,4]")
def a_wrong_type(folder):
    with graph_of(folder) as graph:
        graph.signature_def["serving_default"].outputs["losses"].dtype = types_pb2.DT_DOUBLE


@fault("contract", "evaluate: output content_error is missing")
def a_missing_output(folder):
    with graph_of(folder) as graph:
        del graph.signature_def["evaluate"].outputs["content_error"]


@fault("defaults", "serving_default: style_weight is 5, and must be -1")
def a_wrong_default(folder):
    with graph_of(folder) as graph:
        graph.signature_def["serving_default"].defaults["style_weight"].float_val[:] = [5.0]


@fault("defaults", "serving_default: style_weight has none")
def a_default_that_is_gone(folder):
    with graph_of(folder) as graph:
        del graph.signature_def["serving_default"].defaults["style_weight"]
    change_warmup(folder, lambda rows: [_with_weight(row) for row in rows])


def _with_weight(request):
    """So that the warm-up request does not miss it."""
    if request.model_spec.signature_name == "serving_default":
        request.inputs["style_weight"].dtype = types_pb2.DT_FLOAT
        request.inputs["style_weight"].float_val[:] = [-1.0]
    return request


@fault("devices", "is tied to /device:GPU:0")
def an_op_tied_to_a_device(folder):
    with graph_of(folder) as graph:
        body_of_the_loop(graph).node_def[-1].device = "/device:GPU:0"


@fault("xla", "XLA compiles serving_default")
def xla_by_default(folder):
    with graph_of(folder) as graph:
        body_of_the_loop(graph).attr["_XlaMustCompile"].b = True


@fault(OLD_TENSORFLOWS, "DecodeJxl came with TensorFlow 2.21")
def an_op_from_the_future(folder):
    with graph_of(folder) as graph:
        graph.graph_def.node.add(name="future", op="DecodeJxl", input=["some"])


@fault(OLD_TENSORFLOWS, "TensorListGetItem.Tshape came with TensorFlow 2.21")
def an_attribute_from_the_future(folder):
    with graph_of(folder) as graph:
        (node, *_) = (node for node in all_nodes(graph.graph_def) if node.op == "TensorListGetItem")
        node.attr["Tshape"].type = types_pb2.DT_INT32


@fault(ALL_TENSORFLOWS, "there is no op PaintAsVanGogh")
def an_op_of_nobody(folder):
    with graph_of(folder) as graph:
        graph.graph_def.node.add(name="future", op="PaintAsVanGogh")


@fault(OLD_TENSORFLOWS, f"its graph wants readers from version {READERS['2.20'] + 1} on")
def a_format_from_the_future(folder):
    with graph_of(folder) as graph:
        graph.graph_def.versions.min_consumer = READERS["2.20"] + 1


@fault("gpu", "DecodePng runs on the processor alone")
def an_op_in_the_loop_that_no_gpu_runs(folder):
    with graph_of(folder) as graph:
        node = body_of_the_loop(graph).node_def.add(name="decoded", op="DecodePng", input=["some"])
        node.attr["dtype"].type = types_pb2.DT_UINT8


@fault("state", "serving_default runs AssignAddVariableOp")
def a_shared_variable(folder):
    with graph_of(folder) as graph:
        node = body_of_the_loop(graph).node_def.add(name="shared", op="AssignAddVariableOp", input=["some", "value"])
        node.attr["dtype"].type = types_pb2.DT_FLOAT
