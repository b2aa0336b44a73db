"""A version in a session: TensorFlow's runtime as TensorFlow Serving uses it, but ready sooner."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2, rewriter_config_pb2
from tensorflow.python.client import pywrap_tf_session
from tensorflow.python.saved_model.loader_impl import SavedModelLoader

from nst_export.saved_model.version_folder import holds_saved_model

TAGS = ["serve"]

# Of a session that has one run at a time. TensorFlow keeps what oneDNN has prepared for each size of picture once for
# each thread that starts ops (mkl_util.h): with one, a server's memory grows half as much with requests of many sizes.
# An iteration takes no longer: 512 x 512 on two cores, in processes of their own, 1.66 s in float32 and 0.54 in
# bfloat16 with one, 1.70 and 0.56 with two.
ONE_RUN_THREADS = 1

# A session rewrites its graph before a signature's first run. All of TensorFlow's passes take 4.5 s over ours, these 2;
# what they make is as fast (0.53 s of processor time an iteration at 256 x 256 either way) and needs no more memory.
# Pruning comes first: else the others rewrite all signatures. The last one fuses ReLU into each convolution, with the
# same bits: at 512 x 512 in bfloat16 an iteration takes 3 to 7 % less, for a tenth more before the first run.
PASSES = ("pruning", "function", "dependency", "remap")

NO_SAVED_MODEL = (
    "Specified file path does not appear to contain a SavedModel bundle (should have a file called "
    "`saved_model.pb`)\nSpecified file path: {}"
)


@contextlib.contextmanager
def _as_data_loss() -> Iterator[None]:
    """Gives what the loader says in Python's words the runtime's kind."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        raise tf.errors.DataLossError(None, None, str(error)) from error


class Model:
    """A loaded version directory. Calls may come from several threads; none sees another's state."""

    def __init__(self, version_dir: Path, *, inter_op_threads: int) -> None:
        """Loads a SavedModel.

        Args:
            version_dir: holds saved_model.pb and variables/.
            inter_op_threads: of this session's own pool; at least as many as there are simultaneous runs, since a
                running loop holds a thread.

        Raises:
            tf.errors.OpError: there is no SavedModel that can be loaded.
        """
        self._inter_op_threads = inter_op_threads
        self._graph = tf.Graph()
        if not holds_saved_model(version_dir):
            raise tf.errors.NotFoundError(None, None, NO_SAVED_MODEL.format(version_dir))
        with _as_data_loss():
            self._loader = SavedModelLoader(str(version_dir))
            self._saver, _ = self._loader.load_graph(self._graph, TAGS)
            self._session = self._new_session()
        signatures = self._loader.get_meta_graph_def_from_tags(TAGS).signature_def
        self.signatures: Mapping[str, meta_graph_pb2.SignatureDef] = dict(signatures)

    def another(self) -> Model:
        """The same version in a session of its own, with variables of its own; both have one graph.

        Raises:
            tf.errors.OpError: the variables can no longer be read.
        """
        twin = copy.copy(self)
        with _as_data_loss():
            twin._session = self._new_session()
        return twin

    def run(
        self, feeds: Mapping[str, np.ndarray], fetches: Sequence[str], *, timeout_seconds: float | None = None
    ) -> list[np.ndarray]:
        """Runs the graph once.

        Args:
            feeds: values by tensor name. Nothing is checked on the way to the runtime, as in the
                server: `Session.run` would refuse wrong shapes in Python and so hide what the graph
                does with them.
            fetches: tensor names.
            timeout_seconds: the run stops within one iteration of its loop after that long.

        Raises:
            tf.errors.OpError: whatever the runtime says.
        """
        options = config_pb2.RunOptions()
        if timeout_seconds is not None:
            options.timeout_in_ms = max(1, round(timeout_seconds * 1000))
        buffer = pywrap_tf_session.TF_NewBufferFromString(options.SerializeToString())
        try:
            results: list[np.ndarray] = self._session._call_tf_sessionrun(
                buffer,
                {self._output(name): value for name, value in feeds.items()},
                [self._output(name) for name in fetches],
                [],
                None,
            )
        finally:
            pywrap_tf_session.TF_DeleteBuffer(buffer)
        return results

    def close(self) -> None:
        """Frees the model; no call may be running."""
        self._session.close()

    def _new_session(self) -> tf.compat.v1.Session:
        """A session with the variables and whatever else the version has to be initialised."""
        config = config_pb2.ConfigProto(
            inter_op_parallelism_threads=self._inter_op_threads,
            use_per_session_threads=True,  # else the first session of the process decides for all
        )
        if not tf.config.list_physical_devices("GPU"):  # where another pass lays tensors out as its kernels want them
            rewriting = config.graph_options.rewrite_options
            rewriting.optimizers.extend(PASSES)
            rewriting.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
        session = tf.compat.v1.Session(graph=self._graph, config=config)
        self._loader.restore_variables(session, self._saver)
        self._loader.run_init_ops(session, TAGS)
        return session

    def _output(self, name: str) -> object:
        if ":" not in name:  # `__saved_model_init_op` names an op without outputs
            op = self._graph.get_operation_by_name(name)
            message = f"Node '{op.name}' (type: '{op.type}', num of outputs: {len(op.outputs)}) does not have output 0"
            raise tf.errors.OutOfRangeError(None, op, message)
        return self._graph.get_tensor_by_name(name)._as_tf_output()
