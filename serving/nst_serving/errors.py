"""What a server answers and what keeps it from starting."""

from __future__ import annotations

import grpc
import tensorflow as tf

# tensorflow_serving/util/... grpc_status_util.cc: longer messages do not fit into HTTP/2 trailers.
MAX_MESSAGE = 1024


class StartError(Exception):
    """The server cannot start."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keeps what happened, and what to do about it, apart."""
        super().__init__(message)
        self.remedy = remedy


class RequestError(Exception):
    """A request is refused, with a gRPC status and TensorFlow Serving's own words."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        """Cuts the message as TensorFlow Serving cuts it."""
        if len(message) > MAX_MESSAGE:
            message = message[:MAX_MESSAGE] + "...TRUNCATED"
        super().__init__(message)
        self.code = code
        self.message = message

    @classmethod
    def of(cls, error: tf.errors.OpError) -> RequestError:
        """What TensorFlow's runtime said, under the same code: the two number their codes alike."""
        return cls(STATUS_CODES[error.error_code], error.message)


def out_of_memory(error: Exception, what_for: str = "") -> RequestError:
    """The machine has not the memory for a request, or for a version to load; `what_for` in words, if known."""
    reason = error.message if isinstance(error, tf.errors.OpError) else str(error)
    message = f"The server has not enough memory{what_for and f' for {what_for}'}: {reason or 'none is left'}"
    return RequestError(grpc.StatusCode.RESOURCE_EXHAUSTED, message)


STATUS_CODES = {code.value[0]: code for code in grpc.StatusCode}
