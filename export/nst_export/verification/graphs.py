"""Questions to the graph: will servers take it, and run it well?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial

from nst_export.saved_model.messages import graph_pb2, node_def_pb2
from nst_export.saved_model.ops import LOOPS, all_nodes, nodes_in_loops
from nst_export.toolkit.requirements import COMPILED
from nst_export.verification.finding import EXPORT_AGAIN, DoesNotApply, Finding, judged, no, yes
from nst_export.verification.newer_ops import KNOWN_UP_TO, READERS, newer_than, release
from nst_export.verification.subject import Subject

CLOCK = "Timestamp"  # the one exception, with `nst export --max-seconds` alone: eight bytes an iteration
NETWORK = "Conv2D"  # tells the loop over iterations from others

# What changes a variable or a table, which all requests of a loaded version share.
WRITES = re.compile(
    r"Assign.*|Resource(Apply|Scatter|Sparse|StridedSliceAssign|CountUpTo).*|(Sparse)?Apply[A-Z].*|StridedSliceAssign"
    r"|Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max|Update)|CountUpTo|LookupTable(Insert|Remove).*"
)


def known_to(version: str, subject: Subject) -> Finding:
    """Whether that TensorFlow, 2.19 or newer, knows the graph's format, its ops and their attributes."""
    from tensorflow import version as here

    if release(here.VERSION) > release(KNOWN_UP_TO):
        raise DoesNotApply(f"this nst knows the ops up to TensorFlow {KNOWN_UP_TO}, and this is {here.VERSION}")
    nodes = all_nodes(subject.graph.graph_def)
    faults = _format_faults(subject.graph.graph_def, READERS[version])
    faults += [f"{what} came with TensorFlow {since}" for what, since in newer_than(version, nodes)]
    faults += _unknown_here(nodes)
    return judged(faults, f"all {len({node.op for node in nodes})} ops", EXPORT_AGAIN)


def known_here(subject: Subject) -> Finding:
    """Whether the TensorFlow that is installed here knows the graph's format, its ops and their attributes."""
    from tensorflow import version as here

    nodes = all_nodes(subject.graph.graph_def)
    faults = _format_faults(subject.graph.graph_def, here.GRAPH_DEF_VERSION) + _unknown_here(nodes)
    remedy = "Serve it with the TensorFlow that it was made for, or export it again with this one."
    return judged(faults, f"all {len({node.op for node in nodes})} ops, TensorFlow {here.VERSION}", remedy)


def _format_faults(graph: graph_pb2.GraphDef, reader: int) -> list[str]:
    wanted, refused = graph.versions.min_consumer, list(graph.versions.bad_consumers)
    faults = [f"its graph wants readers from version {wanted} on, and that is {reader}"] if wanted > reader else []
    return faults + ([f"its graph refuses readers of version {reader}"] if reader in refused else [])


def _unknown_here(nodes: Iterable[node_def_pb2.NodeDef]) -> list[str]:
    from tensorflow.python.framework import op_def_registry

    faults: dict[str, None] = {}  # each once, in order
    for node in nodes:
        definition = op_def_registry.get(node.op)
        if definition is None:
            faults[f"there is no op {node.op}"] = None
            continue
        known = {attribute.name for attribute in definition.attr}
        faults |= {
            f"{node.op} has no attribute {name}": None
            for name in sorted(node.attr)
            if not name.startswith("_") and name not in known
        }
    return list(faults)


def no_device_is_named(subject: Subject) -> Finding:
    """Nothing that a signature runs is tied to a device, which a server may not have."""
    nodes = (node for functions in subject.behind.values() for nodes in functions.values() for node in nodes)
    tied = {f"{node.op} {node.name} is tied to {node.device}" for node in nodes if node.device}
    return judged(sorted(tied), "no op names one", EXPORT_AGAIN)


def loop_runs_on_gpus(subject: Subject) -> Finding:
    """Each op of the loop over iterations, or of all loops of a model that is not ours, has a kernel for GPUs."""
    from nst_export.saved_model.gpu_kernels import op_and_types, runs_on_a_gpu

    graph = subject.graph.graph_def
    inside = nodes_in_loops(graph, holding=NETWORK if subject.is_ours else "")
    if not inside:
        raise DoesNotApply("no loop runs a network" if any(_is_loop(node) for node in all_nodes(graph)) else "no loop")
    if not runs_on_a_gpu(_convolution()):
        raise DoesNotApply("the TensorFlow that is installed here has no kernels for GPUs")
    allowed = {CLOCK} if subject.is_ours else set()
    without = {op_and_types(node) for node in inside if node.op not in allowed and not runs_on_a_gpu(node)}
    faults = [f"{op} runs on the processor alone" for op in sorted(without)]
    return judged(faults, f"all {len({node.op for node in inside})} ops in the loop", EXPORT_AGAIN)


def _is_loop(node: node_def_pb2.NodeDef) -> bool:
    return node.op in LOOPS


def _convolution() -> node_def_pb2.NodeDef:
    node = node_def_pb2.NodeDef(op=NETWORK)
    node.attr["T"].type = 1  # float32
    return node


def no_xla_in_the_defaults(subject: Subject) -> Finding:
    """Only the signatures that say so are compiled by XLA, which a server refuses unless it is started for it."""
    compiled = {one.signature.name for one in subject.graph.graph_def.library.function if _compiles(one.attr)}
    faults: list[str] = []
    apart: list[str] = []
    for name, functions in subject.behind.items():
        if compiled & functions.keys() or any(_compiles(node.attr) for nodes in functions.values() for node in nodes):
            (apart if subject.is_ours and name.endswith("_xla") else faults).append(name)
    if faults:
        remedy = "Export without `jit_compile`, or start the server with --xla_cpu_compilation_enabled."
        return no(f"XLA compiles {', '.join(faults)}, which a server refuses by default", remedy)
    return yes(f"in none but {', '.join(apart)}" if apart else "no signature is compiled")


def _compiles(attributes: object) -> bool:
    return COMPILED in attributes and attributes[COMPILED].b  # type: ignore[operator, index]  # a map of protobuf


def requests_write_nothing(subject: Subject) -> Finding:
    """No signature changes a variable or a table: requests at the same time would share it."""
    faults = []
    for name, functions in subject.behind.items():
        ops = {node.op for nodes in functions.values() for node in nodes if WRITES.fullmatch(node.op)}
        faults += [f"{name} runs {op}" for op in sorted(ops)]
    return judged(faults, "no request leaves anything behind", "Keep what a run changes in tensors of its loop.")


known_to_2_19, known_to_2_20 = (partial(known_to, version) for version in READERS)
