"""Keeps a model whose variables are missing from being loaded."""

from __future__ import annotations

import tensorflow as tf


class RestoredCheck(tf.saved_model.experimental.TrackableResource):
    """A resource whose initialisation reads one of the model's variables, and fails if it was not restored.

    Where TensorFlow's C++ loader finds no variables, as in a version of which only saved_model.pb has been copied yet,
    it restores none and goes on (tensorflow/cc/saved_model/loader.cc, RunRestore). In TensorFlow Serving such a version
    became AVAILABLE, the good one was unloaded, and every call failed. But the loader initialises all resources after
    that; so this one ends the load with FAILED_PRECONDITION, and the good version serves on. The loader restores all
    variables or none, so one is enough.
    """

    def __init__(self, variable: tf.Variable) -> None:
        """Watches over `variable`, of any floating type and shape."""
        super().__init__()
        self._variable = variable

    def _create_resource(self) -> tf.Tensor:
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=[], shared_name="restored")

    def _initialize(self) -> None:
        """Stores the sum: a read alone is pruned, since what is returned here is dropped."""
        total = tf.reduce_sum(tf.cast(self._variable, tf.float32))
        tf.raw_ops.AssignVariableOp(resource=self.resource_handle, value=total)
