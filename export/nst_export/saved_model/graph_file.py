"""The graph's file: a SavedModel as binary or as text. TensorFlow's runtime is not needed."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from nst_export.errors import SavedModelError
from nst_export.saved_model.file_bytes import COPY_AGAIN, bytes_of
from nst_export.saved_model.messages import meta_graph_pb2, saved_model_pb2
from nst_export.saved_model.version_folder import GRAPH_FILE, SAVED_MODEL_FILES

SERVE = "serve"  # the tag of the graph that TensorFlow Serving loads, unless it is told otherwise
MOST_GRAPHS = 100  # one for serving, one for training, and others that nobody has had for years
LARGEST = {  # bytes
    ".pb": 2**31 - 1,  # protobuf's own limit for a message, so that TensorFlow reads no larger file either
    ".pbtxt": 2**26,  # takes ten times as much memory, and a minute
}


def read_saved_model(version_dir: Path) -> saved_model_pb2.SavedModel:
    """The message in saved_model.pb, or in saved_model.pbtxt where there is no binary.

    Raises:
        SavedModelError: there is neither, it cannot be read, is damaged, or holds no graph.
    """
    files = [version_dir / name for name in SAVED_MODEL_FILES]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        message = f"{version_dir} holds no SavedModel: there is no {GRAPH_FILE}."
        raise SavedModelError(message, "Name a folder that holds one, or a model's folder with its versions.")
    content = bytes_of(file, LARGEST[file.suffix])
    try:
        model = _parsed(file, content)
    except (DecodeError, text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise SavedModelError(f"{file} is damaged, or no SavedModel: {error}.", COPY_AGAIN) from error
    if not model.meta_graphs:
        raise SavedModelError(f"{file} is damaged, or no SavedModel: it holds no graph.", COPY_AGAIN)
    if len(model.meta_graphs) > MOST_GRAPHS:
        raise SavedModelError(f"{file} holds {len(model.meta_graphs):,} graphs, which no program writes.", COPY_AGAIN)
    return model


def served_graph(model: saved_model_pb2.SavedModel) -> meta_graph_pb2.MetaGraphDef:
    """The graph for serving, or else the first: older programs write one for training, too."""
    tagged = (graph for graph in model.meta_graphs if SERVE in graph.meta_info_def.tags)
    return next(tagged, model.meta_graphs[0])


def _parsed(file: Path, content: bytes) -> saved_model_pb2.SavedModel:
    if file.name == GRAPH_FILE:
        return saved_model_pb2.SavedModel.FromString(content)
    return text_format.Parse(content.decode(), saved_model_pb2.SavedModel())
