"""One optimisation at a time, on any server that runs the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

# Calls that use the same names in the same session wait for one another, whatever signature they came by.
DOOR = "nst_door"
LINE = "nst_line"

# Beyond any server's number of handler threads: nobody is sent away for standing in line.
MAX_WAITING = 10_000


def one_at_a_time(function: Callable[..., tuple[tf.Tensor, ...]], inputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor, ...]:
    """What `function` returns for `inputs`, called when no other call is running.

    The next call starts when one returns, fails or is stopped by its deadline. A call that waits holds
    no thread of the session's pool, and does not start once its deadline has passed.

    Two things guard it. The line, a batching op with one thread and batches of one, lets one call run
    at a time whatever happens, but is deaf to the deadline of a call that stands in it. So all but one
    are kept at the door, a mutex, where the foremost stops at its deadline. The mutex alone would not
    do: when a waiter stops, it lets the next one in beside the holder, and those behind the foremost
    are deaf in their turn (mutex_ops.cc, `local_locked = locked_ = !(cancelled && *cancelled)` and a
    pool of one thread; seen in TensorFlow 2.19.1 to 2.21). Both are late at worst: the run ends when
    its turn would have come, without having started.
    """
    lock = tf.raw_ops.MutexLock(mutex=tf.raw_ops.MutexV2(shared_name=DOOR))
    with tf.control_dependencies([lock]):
        inputs = [tf.identity(value) for value in inputs]
    outputs = _in_line(function, inputs)
    with tf.control_dependencies(outputs):
        unlocked = tf.raw_ops.ConsumeMutexLock(mutex_lock=lock)
    with tf.control_dependencies([unlocked]):
        return tuple(tf.identity(value) for value in outputs)


def _in_line(function: Callable[..., tuple[tf.Tensor, ...]], inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Runs `function` in the line's thread; to the op, inputs and outputs are batches of one."""

    def unbatched(*batches: tf.Tensor) -> list[tf.Tensor]:
        return [output[tf.newaxis] for output in function(*(tf.squeeze(batch, 0) for batch in batches))]

    specs = [tf.TensorSpec([1, *value.shape], value.dtype) for value in inputs]
    concrete = tf.function(unbatched, input_signature=specs).get_concrete_function()
    outputs = tf.raw_ops.BatchFunction(
        in_tensors=[value[tf.newaxis] for value in inputs],
        captured_tensors=concrete.captured_inputs,
        f=concrete,
        Tout=[output.dtype for output in concrete.outputs],
        num_batch_threads=1,
        max_batch_size=1,
        batch_timeout_micros=0,
        max_enqueued_batches=MAX_WAITING,
        shared_name=LINE,
    )
    return [tf.ensure_shape(value[0], like.shape[1:]) for value, like in zip(outputs, concrete.outputs, strict=True)]
