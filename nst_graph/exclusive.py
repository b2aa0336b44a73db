"""One optimisation at a time, on any server that runs the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import tensorflow as tf

# A session finds the mutex and the queue by these names: calls that use them wait for one another, whatever signature
# they came by.
MUTEX_NAME = "nst_mutex"
QUEUE_NAME = "nst_queue"

# Calls in the queue before one is refused: more than any server has handler threads, so none ever is.
MAX_QUEUED = 10_000


def one_at_a_time(function: Callable[..., tuple[tf.Tensor, ...]], inputs: Sequence[tf.Tensor]) -> tuple[tf.Tensor, ...]:
    """What `function` returns for `inputs`, called when no other call is running.

    The next call starts when one returns, fails or is stopped by its deadline. A waiting call takes no thread of the
    session's pool, and does not start once its deadline has passed.

    It takes a mutex and a queue, since each alone has a flaw.

    - The queue is a batching op with one thread and batches of one. It never lets two calls run at once, but a call in
      it does not notice its deadline until its turn has come.
    - The mutex, in front of the queue, lets one call into it, and the first of those that wait for the mutex does stop
      at its deadline. But when a waiting call stops, the mutex lets the next one in although another holds it, and
      the calls behind the first one notice their deadlines late (mutex_ops.cc: `local_locked = locked_ =
      !(cancelled && *cancelled)`, and a pool of one thread; seen in TensorFlow 2.19.1 to 2.21).

    So a call that stops late does so when its turn would have come, without having started.
    """
    lock = tf.raw_ops.MutexLock(mutex=tf.raw_ops.MutexV2(shared_name=MUTEX_NAME))
    with tf.control_dependencies([lock]):
        inputs = [tf.identity(value) for value in inputs]
    outputs = _queued(function, inputs)
    with tf.control_dependencies(outputs):
        unlocked = tf.raw_ops.ConsumeMutexLock(mutex_lock=lock)
    with tf.control_dependencies([unlocked]):
        return tuple(tf.identity(value) for value in outputs)


def _queued(function: Callable[..., tuple[tf.Tensor, ...]], inputs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Runs `function` in the queue's thread; to the op, inputs and outputs are batches of one."""

    def unbatched(*batches: tf.Tensor) -> list[tf.Tensor]:
        return [output[tf.newaxis] for output in function(*(tf.squeeze(batch, 0) for batch in batches))]

    specs = [tf.TensorSpec([1, *value.shape], value.dtype) for value in inputs]
    concrete = tf.function(unbatched, input_signature=specs, autograph=False).get_concrete_function()
    outputs = tf.raw_ops.BatchFunction(
        in_tensors=[value[tf.newaxis] for value in inputs],
        captured_tensors=concrete.captured_inputs,
        f=concrete,
        Tout=[output.dtype for output in concrete.outputs],
        num_batch_threads=1,
        max_batch_size=1,
        batch_timeout_micros=0,
        max_enqueued_batches=MAX_QUEUED,
        shared_name=QUEUE_NAME,
    )
    return [tf.ensure_shape(value[0], like.shape[1:]) for value, like in zip(outputs, concrete.outputs, strict=True)]
