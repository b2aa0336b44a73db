"""`nst inspect` of a folder: a version on disk as a report, in under a second, without TensorFlow's runtime."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from nst_export.errors import ExportError, SavedModelError
from nst_export.processor import this_cpuinfo, why_slow
from nst_export.saved_model.fingerprint import read_fingerprint
from nst_export.saved_model.graph_file import read_saved_model, served_graph
from nst_export.saved_model.messages import graph_pb2, meta_graph_pb2, predict_pb2
from nst_export.saved_model.model_card import CARD_FILE, JsonObject, read_card
from nst_export.saved_model.model_folder import is_version_content, unreadable, why_no_version
from nst_export.saved_model.ops import all_nodes, nodes_in_loops
from nst_export.saved_model.tensor_values import dtype_name, shape_of, value_of
from nst_export.saved_model.version_folder import version_number, versions_in
from nst_export.saved_model.warmup_file import recorded_requests
from nst_export.toolkit.cost import iteration_cost
from nst_export.toolkit.files import files_in
from nst_export.toolkit.meanings import meanings_of
from nst_export.toolkit.report import OpCount, Report, Variable, WarmupInput, WarmupRequest
from nst_export.toolkit.requirements import requirements
from nst_export.toolkit.signatures import loose_ends, signature_rows
from nst_export.toolkit.variables import stored_variables

DEFAULT_SIGNATURE = "serving_default"  # what a request without a name means

T = TypeVar("T")


def version_folder_of(folder: Path, version: int | None = None) -> Path:
    """The folder itself if it is a version, whole or half, else that of its newest version, or of the one asked for.

    Raises:
        SavedModelError: there is none.
    """
    try:
        if version is None and is_version_content(folder):
            return folder
        versions = versions_in(folder)
    except OSError as error:
        raise SavedModelError(*unreadable(folder, error)) from error
    if not versions:
        raise SavedModelError(*why_no_version(folder))
    if version is None:
        return versions[max(versions)]
    if version not in versions:
        has = ", ".join(map(str, sorted(versions)))
        raise SavedModelError(f"{folder} has no version {version}: it has {has}.", "Name one of these.")
    return versions[version]


def inspected(version_dir: Path, *, digests: bool | None = None) -> Report:
    """Everything that a version's files say.

    Args:
        version_dir: holds saved_model.pb.
        digests: see `files_in`.

    Raises:
        SavedModelError: the graph cannot be read; what else is wrong stands in the report.
    """
    model = read_saved_model(version_dir)
    graph = served_graph(model)
    problems = loose_ends(graph)
    card = _card(version_dir, problems)
    nothing: dict[str, str] = {}
    meanings = _attempt(problems, lambda: meanings_of(card), nothing)
    none: list[Variable] = []
    variables = _attempt(problems, lambda: _variables(version_dir, graph, problems), none)
    folder = version_dir if version_number(version_dir.name) is not None else version_dir.resolve()  # such as `.`
    information, versions = graph.meta_info_def, graph.graph_def.versions
    return Report(
        source=str(version_dir),
        model=folder.parent.name,
        version=version_number(folder.name),
        tensorflow=information.tensorflow_version,
        graph_version=versions.producer,
        oldest_graph_reader=versions.min_consumer,
        tags=[list(one.meta_info_def.tags) for one in model.meta_graphs],
        requirements=requirements(graph.signature_def, graph.graph_def),
        card=card,
        cost=iteration_cost(card, variables),
        slow_here=why_slow(card["precision"], this_cpuinfo()) if card else None,
        signatures=signature_rows(graph.signature_def, meanings),
        functions=len(graph.graph_def.library.function),
        ops=op_counts(graph.graph_def),
        variables=variables,
        warmup=_warmup(version_dir, problems),
        files=_attempt(problems, lambda: files_in(version_dir, digests=digests), []),
        fingerprint=_fingerprint(version_dir, problems),
        states=[],
        problems=problems,
    )


def op_counts(graph: graph_pb2.GraphDef) -> list[OpCount]:
    """Every op of a graph, the most frequent first."""
    counts = Counter(node.op for node in all_nodes(graph))
    in_loops = Counter(node.op for node in nodes_in_loops(graph))
    return [OpCount(op, counts[op], in_loops[op]) for op in sorted(counts, key=lambda op: (-counts[op], op))]


def _attempt(problems: list[str], find: Callable[[], T], otherwise: T) -> T:
    """What is found, or a problem more."""
    try:
        return find()
    except ExportError as error:
        problems.append(str(error))
        return otherwise


def _card(version_dir: Path, problems: list[str]) -> JsonObject | None:
    if not (version_dir / CARD_FILE).exists():  # a model of other makers
        return None
    return _attempt(problems, lambda: read_card(version_dir)._asdict(), None)


def _variables(version_dir: Path, graph: meta_graph_pb2.MetaGraphDef, problems: list[str]) -> list[Variable]:
    variables, faults = stored_variables(version_dir, graph)
    problems += faults
    return variables


def _warmup(version_dir: Path, problems: list[str]) -> list[WarmupRequest]:
    rows: list[WarmupRequest] = []
    _attempt(problems, lambda: rows.extend(map(_warmup_row, recorded_requests(version_dir))), None)
    return rows  # those before the one that is damaged


def _warmup_row(request: predict_pb2.PredictRequest) -> WarmupRequest:
    inputs = [
        WarmupInput(name, dtype_name(tensor.dtype), shape_of(tensor.tensor_shape), value_of(tensor))
        for name, tensor in sorted(request.inputs.items())
    ]
    return WarmupRequest(request.model_spec.signature_name or DEFAULT_SIGNATURE, inputs, list(request.output_filter))


def _fingerprint(version_dir: Path, problems: list[str]) -> str | None:
    fingerprint = _attempt(problems, lambda: read_fingerprint(version_dir), None)
    return f"{fingerprint.saved_model_checksum:016x}" if fingerprint else None
