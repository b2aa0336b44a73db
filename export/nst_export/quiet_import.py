"""TensorFlow without the lines it prints on every start."""

from __future__ import annotations

import os
import sys
import tempfile

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def import_tensorflow() -> None:
    """Imports TensorFlow and drops its start-up chatter, unless it fails or the user has set a log level.

    TensorFlow's libraries write to the file descriptor while they are loaded, before any setting of
    theirs is read: that oneDNN is on, and to everybody without a GPU that there is none.
    """
    if LEVEL in os.environ:
        import tensorflow as tf

        return
    os.environ[LEVEL] = "3"  # an error that matters comes as an exception too
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            import tensorflow as tf
        except BaseException:
            chatter.seek(0)
            os.write(terminal, chatter.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
    tf.get_logger().setLevel("ERROR")  # the session loader calls itself deprecated
