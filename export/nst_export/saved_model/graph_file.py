"""The graph's file: a SavedModel as binary or as text. TensorFlow's runtime is not needed."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import text_format
from google.protobuf.message import DecodeError

from nst_export.errors import SavedModelError
from nst_export.saved_model.messages import meta_graph_pb2, saved_model_pb2
from nst_export.saved_model.version_folder import GRAPH_FILE, SAVED_MODEL_FILES

SERVE = "serve"  # the tag of the graph that TensorFlow Serving loads, unless it is told otherwise
LARGEST_MESSAGE = 2**31 - 1  # bytes: protobuf's own limit, so that TensorFlow reads no larger file either
COPY_AGAIN = "Copy the whole version folder again, or export the model again."


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
    try:
        size = file.stat().st_size
        if size > LARGEST_MESSAGE:
            raise SavedModelError(f"{file} has {size:,} bytes: no message is larger than 2 GB.", COPY_AGAIN)
        model = _parsed(file)
    except OSError as error:
        raise SavedModelError(f"{file} cannot be read: {error.strerror}.", "Ask its owner for access.") from error
    except (DecodeError, text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise SavedModelError(f"{file} is damaged, or no SavedModel: {error}.", COPY_AGAIN) from error
    if not model.meta_graphs:
        raise SavedModelError(f"{file} is damaged, or no SavedModel: it holds no graph.", COPY_AGAIN)
    return model


def served_graph(model: saved_model_pb2.SavedModel) -> meta_graph_pb2.MetaGraphDef:
    """The graph for serving, or else the first: older programs write one for training, too."""
    tagged = (graph for graph in model.meta_graphs if SERVE in graph.meta_info_def.tags)
    return next(tagged, model.meta_graphs[0])


def _parsed(file: Path) -> saved_model_pb2.SavedModel:
    if file.name == GRAPH_FILE:
        return saved_model_pb2.SavedModel.FromString(file.read_bytes())
    return text_format.Parse(file.read_text(encoding="utf-8"), saved_model_pb2.SavedModel())
