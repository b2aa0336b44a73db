"""TensorFlow's C++ loader of SavedModels, which TensorFlow Serving uses, called through the C API inside pip's package.

    python cpp_loader.py VERSION_DIR...

Prints a line of JSON: the version of TensorFlow, and for each folder the loader's code and message, 0 and "" if it
loads, and whether `tf.saved_model.load` loads it too. It needs nothing of this project, so that it runs in another
TensorFlow's environment. Python's own loader of sessions is stricter: it refuses a folder without variables by itself.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

POINTER = ctypes.c_void_p


def load_in_cpp(version_dir) -> tuple[int, str]:
    """Code and message of TF_LoadSessionFromSavedModel (tensorflow/c/c_api.h)."""
    library = ctypes.CDLL(str(Path(tf.__file__).parent / "libtensorflow_cc.so.2"))
    for name in ("TF_NewStatus", "TF_NewGraph", "TF_NewSessionOptions", "TF_LoadSessionFromSavedModel"):
        getattr(library, name).restype = POINTER
    library.TF_Message.restype = ctypes.c_char_p
    status, graph, options = (
        POINTER(getattr(library, f"TF_New{kind}")()) for kind in ("Status", "Graph", "SessionOptions")
    )
    tags = (ctypes.c_char_p * 1)(b"serve")
    folder = os.fsencode(version_dir)
    session = library.TF_LoadSessionFromSavedModel(options, None, folder, tags, 1, graph, None, status)
    result = library.TF_GetCode(status), library.TF_Message(status).decode()
    if session:
        library.TF_CloseSession(POINTER(session), status)
        library.TF_DeleteSession(POINTER(session), status)
    library.TF_DeleteSessionOptions(options)
    library.TF_DeleteGraph(graph)
    library.TF_DeleteStatus(status)
    return result


def loads_eagerly(version_dir) -> bool:
    """Whether `tf.saved_model.load` gives a module that answers."""
    try:
        module = tf.saved_model.load(str(version_dir))
        return bool(module.describe()["model_card"].numpy())
    except (OSError, IndexError, tf.errors.OpError):  # the second is what a cut off checkpoint gives
        return False


if __name__ == "__main__":
    folders = {folder: [*load_in_cpp(folder), loads_eagerly(folder)] for folder in sys.argv[1:]}
    sys.stdout.write(json.dumps({"version": tf.__version__, "folders": folders}))
