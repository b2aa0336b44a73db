"""A long call into TensorFlow, which knows nothing of Python's signals, that Ctrl-C can end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from tensorflow_serving.apis import predict_pb2


class Call:
    """A prediction under way, which its caller or `close` may leave.

    SimpleQueue, being written in C, stays whole whenever a signal's handler raises; a Condition does not.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._on_cancel: list[Callable[[], None]] = []
        self._cancelled = False
        self._left: SimpleQueue[None] = SimpleQueue()

    def on_cancel(self, act: Callable[[], None]) -> bool:
        """Registers what to do when the caller has left; False if it has already."""
        with self._lock:
            self._on_cancel.append(act)
            return not self._cancelled

    def leave(self) -> None:
        """Stops the run within one iteration, and does not wait for that."""
        self._left.put(None)

    def outcome(self, answer: Callable[[], predict_pb2.PredictResponse]) -> predict_pb2.PredictResponse:
        """Runs `answer` on another thread and waits for it, and for its end if the wait is interrupted.

        A third thread does the stopping: closing a session waits for its run, inside TensorFlow and so deaf to
        signals. Neither is a daemon, not even where the caller is: a process that ends under a run is aborted, so
        the interpreter waits for the run's end, even where a second Ctrl-C has cut short the wait here.
        """
        ended: SimpleQueue[Future[predict_pb2.PredictResponse]] = SimpleQueue()

        def run() -> None:
            future = _future(answer)
            ended.put(future)
            ended.put(future)  # for the second wait, where an interrupt has swallowed the first
            self.leave()

        runner = threading.Thread(target=run, name="predict", daemon=False)
        try:
            threading.Thread(target=self._cancel_when_left, name="cancel", daemon=False).start()
            runner.start()
            future = ended.get()
        except BaseException:
            self._left.put(None)  # in C at once: another Ctrl-C could still get into a function of Python's
            if runner.ident is not None:  # it was started
                ended.get()
            raise
        return future.result()

    def _cancel_when_left(self) -> None:
        """Acts once the caller has left; after a run that has ended this has no effect."""
        self._left.get()
        with self._lock:
            self._cancelled = True
            acts = list(self._on_cancel)
        for act in acts:
            act()


def _future(answer: Callable[[], predict_pb2.PredictResponse]) -> Future[predict_pb2.PredictResponse]:
    """What `answer` returned or raised."""
    future: Future[predict_pb2.PredictResponse] = Future()
    try:
        future.set_result(answer())
    except BaseException as error:  # noqa: BLE001  (raised again where the answer is waited for)
        future.set_exception(error)
    return future
