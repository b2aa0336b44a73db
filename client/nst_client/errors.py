"""Everything that can go wrong with a call, in one tree.

NstError
|- PictureError         a picture file cannot be read or written
|  `- DiskFull           there is no space for it
|- ServerUnavailable    nothing answers at the address
|- ModelNotFound        the server has no such model or version
|- SignatureNotFound    the model is not one that nst exported, or an older one
|- RequestRefused       the graph refused an input
|  `- StateRefused       the state of another run, or a damaged one
|- DeadlineExceeded     the answer did not come in time
|- ServerBusy           the server is out of threads
|  `- OutOfMemory       it is out of memory
|- ServerFailed         the server broke in some other way
|  `- ServerStopping    it stopped the call, as it does when it is told to end
|- BadAnswer            the answer is not what the contract says
`- Diverged             the loss of a run is not finite, or rises without end
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from nst_client.progress import Progress


class NstError(Exception):
    """An error that can be explained: what happened is its text, what to do is `remedy`."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keeps what happened, and what to do about it, apart."""
        super().__init__(message)
        self.remedy = remedy


class PictureError(NstError):
    """A picture file cannot be read or written."""


class DiskFull(PictureError):
    """There is no space for a file: the next one would not fit either."""


class ServerUnavailable(NstError):
    """Nothing answers at the address."""


class ModelNotFound(NstError):
    """The server has no such model or version."""


class SignatureNotFound(NstError):
    """The model does not have the signature."""


class RequestRefused(NstError):
    """The graph or the server refused an input."""


class StateRefused(RequestRefused):
    """The state belongs to other pictures, numbers or another model than the call, or is damaged."""


class DeadlineExceeded(NstError):
    """The answer did not come in time."""


class ServerBusy(NstError):
    """The server is out of threads."""


class OutOfMemory(ServerBusy):
    """The server is out of memory: the same call would fail again."""


class ServerFailed(NstError):
    """The server broke in some other way."""


class ServerStopping(ServerFailed):
    """The server stopped the call, as it does when it is told to end."""


class BadAnswer(NstError):
    """The answer is not what the contract says."""


class Diverged(NstError):
    """The loss of a run is not finite, or rises without end."""

    def __init__(self, message: str, remedy: str, best: Progress | None, losses: np.ndarray) -> None:
        """Keeps the best picture that was seen, and the losses that show it.

        Args:
            message: what happened.
            remedy: what to do about it.
            best: None where no picture was seen but the content.
            losses: float32[n, 4], of the call that ended the run.
        """
        super().__init__(message, remedy)
        self.best = best
        self.losses = losses
