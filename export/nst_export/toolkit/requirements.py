"""What a server must be able to do to run a graph."""

from __future__ import annotations

from collections.abc import Iterator

from nst_export.saved_model.messages import graph_pb2
from nst_export.saved_model.ops import all_nodes
from nst_export.toolkit.report import Requirement
from nst_export.toolkit.signatures import SignatureDefs

COMPILED = "_XlaMustCompile"  # what `jit_compile=True` leaves on functions and calls of them

# predict_util.cc and main.cc of TensorFlow Serving's releases.
DEFAULTS = Requirement("2.14", "", "inputs have defaults, which older servers do not fill in")
XLA = Requirement(
    "2.5",
    "--xla_cpu_compilation_enabled, or from 2.18 on --xla_gpu_compilation_enabled",
    "XLA compiles parts of it, which a server refuses to do otherwise",
)


def requirements(definitions: SignatureDefs, graph: graph_pb2.GraphDef | None) -> list[Requirement]:
    """Those that can be seen in the signatures, and in the graph where there is one."""
    return list(_requirements(definitions, graph))


def _requirements(definitions: SignatureDefs, graph: graph_pb2.GraphDef | None) -> Iterator[Requirement]:
    if any(definition.defaults for definition in definitions.values()):
        yield DEFAULTS
    if graph is None:
        return
    attributes = [*(node.attr for node in all_nodes(graph)), *(one.attr for one in graph.library.function)]
    if any(COMPILED in attribute and attribute[COMPILED].b for attribute in attributes):
        yield XLA
