"""On a GPU the whole loop runs there: shown by the kernels that TensorFlow registers, without a GPU."""

from __future__ import annotations

import pytest

from nst_export.saved_model.gpu_kernels import op_and_types, runs_on_a_gpu
from nst_export.saved_model.ops import LOOPS, all_nodes, functions_reached, nodes_in_loops
from tests.compatibility.device_copies import copies_from_gpu

pytestmark = pytest.mark.slow

# What only a processor does. All of it stands outside the loop: files, states, texts of messages, resizing.
CPU_ONLY = {
    "ArgMax int32",
    "ArgMin int32",
    "AsString",
    "ConcatV2 string",
    "Const string",
    "DecodeJpeg",
    "DecodePng",
    "DecodeRaw",
    "EncodePng",
    "Equal string",
    "ExtractJpegShape",
    "Fingerprint",
    "MatMul int64",
    "MergeV2Checkpoints",
    "Pack string",
    "ReduceJoin",
    "Reshape string",
    "RestoreV2",
    "SaveV2",
    "ScaleAndTranslate",
    "Select string",
    "SelectV2 string",
    "SerializeTensor",
    "ShardedFilename",
    "Size string",
    "Squeeze string",
    "StaticRegexFullMatch",
    "StridedSlice int32 string",
    "StridedSlice int64 string",
    "StringJoin",
    "StringLength",
    "StringSplitV2",
    "StringToNumber",
    "Substr",
}

# The one exception, with --max-seconds alone: the machine's clock, eight bytes an iteration.
CLOCK = {"Timestamp"}

HEAVY = {"Conv2D", "Conv2DBackpropInput", "MatMul"}


def test_the_walk_reaches_the_loop(graph):
    ops = {node.op for node in nodes_in_loops(graph)}
    assert ops >= HEAVY | {"ReluGrad", "TensorListSetItem", "Maximum"}
    assert len(ops) < len({node.op for node in all_nodes(graph)})


def test_the_signatures_share_their_loops_and_those_of_xla_others(graphs):
    """Over iterations and the two of L-BFGS; three of matrix roots and one over files of styles, which all share."""
    loops = {name: sum(node.op in LOOPS for node in all_nodes(graph)) for name, graph in graphs.items()}
    assert loops == {"defaults": 3 + 4, "every option, bfloat16": 3 + 3 + 4, "exclusive, float16": 3 + 4}


def test_everything_in_the_loop_has_a_kernel_for_gpus(graph):
    """In the loop over iterations: another one decodes the files of styles before it."""
    inside = nodes_in_loops(graph, holding="Conv2D")
    assert {op_and_types(node) for node in inside if not runs_on_a_gpu(node)} <= CLOCK


def branches_of_an_iteration(graph):
    """The branches of the loops that an iteration passes: the others begin a size, and go on to another picture."""
    choices = [node for node in nodes_in_loops(graph, holding="Conv2D") if node.op == "Case"]
    return [choice.attr["branches"].list.func[-1].name for choice in choices]


def test_an_iteration_waits_for_the_gpu_once(graph):
    """To see whether its numbers are finite. L-BFGS and square roots of matrices, which have loops, wait more often."""
    for branch in branches_of_an_iteration(graph):
        functions = functions_reached(graph, branch)
        loops = {name for name, nodes in functions.items() if any(node.op in LOOPS for node in nodes)}
        assert len(loops) == 2
        assert [op for function, op in copies_from_gpu(graph, branch) if function not in loops] == ["Maximum"]


def test_the_decisions_of_an_iteration_are_int32(graph):
    """A bool is copied to the GPU, and its branch waits for that."""
    for branch in branches_of_an_iteration(graph):
        nodes = [node for nodes in functions_reached(graph, branch).values() for node in nodes]
        assert [node.name for node in nodes if node.op in ("If", "StatelessIf")] == []


def test_the_clock_is_in_the_loop_with_a_bound_on_the_seconds_alone(graphs):
    clocks = {name: CLOCK & {node.op for node in all_nodes(graph)} for name, graph in graphs.items()}
    assert clocks == {"defaults": set(), "every option, bfloat16": CLOCK, "exclusive, float16": set()}


def test_what_needs_a_processor_is_listed(graphs):
    without = {op_and_types(node) for graph in graphs.values() for node in all_nodes(graph) if not runs_on_a_gpu(node)}
    assert without == CPU_ONLY | CLOCK


def test_no_device_is_pinned_except_for_reading_the_checkpoint(graph):
    nodes = [*graph.node]
    for function in graph.library.function:
        if not function.signature.name.startswith(("__inference__traced_save", "__inference__traced_restore")):
            nodes += function.node_def
    assert {node.op for node in nodes if node.device} <= {"Const"}  # the checkpoint's path
    assert [op_and_types(node) for node in nodes_in_loops(graph) if node.device] == []


def test_xla_compiles_the_network_of_its_own_signatures_alone(graphs):
    """Forth, forth with what its gradient needs, and back."""
    for name, graph in graphs.items():
        compiled = [f for f in graph.library.function if f.attr["_XlaMustCompile"].b]
        assert len(compiled) == (3 if "every option" in name else 0)
        for function in compiled:
            ops = {node.op for node in function.node_def}
            assert ops & {"Conv2D", "Conv2DBackpropInput"}
            assert not ops & {"Assert", "EnsureShape", "While", "Timestamp"}
