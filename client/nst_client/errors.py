"""Everything that can go wrong with a call, in one tree.

NstError
|- PictureError         a picture file cannot be read or written
|- ServerUnavailable    nothing answers at the address
|- ModelNotFound        the server has no such model or version
|- SignatureNotFound    the model is not one that nst exported, or an older one
|- RequestRefused       the graph refused an input
|- DeadlineExceeded     the answer did not come in time
|- ServerBusy           the server is out of threads or memory
|- ServerFailed         the server broke in some other way
`- BadAnswer            the answer is not what the contract says
"""

from __future__ import annotations


class NstError(Exception):
    """An error that can be explained: what happened is its text, what to do is `remedy`."""

    def __init__(self, message: str, remedy: str) -> None:
        """Keeps what happened, and what to do about it, apart."""
        super().__init__(message)
        self.remedy = remedy


class PictureError(NstError):
    """A picture file cannot be read or written."""


class ServerUnavailable(NstError):
    """Nothing answers at the address."""


class ModelNotFound(NstError):
    """The server has no such model or version."""


class SignatureNotFound(NstError):
    """The model does not have the signature."""


class RequestRefused(NstError):
    """The graph or the server refused an input."""


class DeadlineExceeded(NstError):
    """The answer did not come in time."""


class ServerBusy(NstError):
    """The server is out of threads or memory."""


class ServerFailed(NstError):
    """The server broke in some other way."""


class BadAnswer(NstError):
    """The answer is not what the contract says."""
