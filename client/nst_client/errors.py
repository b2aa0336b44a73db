"""Everything that can go wrong in the client, in one tree.

NstError
|- FileError            a file or folder cannot be read, written or used
|  |- PictureError          it is no picture, or no format can hold it
|  |- StateFileError        it holds no run that can go on
|  |- ManifestError         the table of a batch has mistakes
|  |- JournalError          the journal of a batch is damaged, in use or cannot be written
|  |- CertificateError      it is no certificate or key in PEM
|  |- NoPictures            an argument of a batch names no picture
|  |- SameFolder            a batch would read what it writes
|  `- DiskFull              there is no space for it
|- RequestRefused       an input is not allowed
|  `- StateRefused          the state of another run, or a damaged one
|- ServerUnavailable    nothing answers at the address
|- ServerBusy           the server has no thread free
|  `- OutOfMemory           it has no memory left
|- ServerFailed         the server failed in another way
|  `- ServerStopping        it cancelled the call, as it does when it is told to end
|- ModelNotFound        the server has no such model or version
|  `- IncompleteVersion     it loaded the version before all its files were there
|- SignatureNotFound    the model was not exported by nst, or by another version of it
|- DeadlineExceeded     the answer did not come in time
|- BadAnswer            the answer is not what the contract says
|- Diverged             the loss of a run is not finite, or rises without end
|- Stopped              a person or the machine ended it
`- DemoFailed           a command of the demo failed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from nst_client.progress import Progress


class NstError(Exception):
    """An error that can be explained: what happened is its text, what to do is `remedy`."""

    def __init__(self, message: str, remedy: str, *, input: str | None = None) -> None:  # noqa: A002  (reads best where it is passed)
        """Keeps apart what a program wants to know.

        Args:
            message: what happened, to which input, in sentences.
            remedy: what to do about it, in sentences.
            input: the name of the input that was refused; None where it is about something else.
        """
        super().__init__(message)
        self.remedy = remedy
        self.input = input


class FileError(NstError):
    """A file or folder cannot be read, written or used."""


class PictureError(FileError):
    """A file is not a picture, or a picture fits into no file of its format."""


class StateFileError(FileError):
    """A file holds no run that can go on."""


class ManifestError(FileError):
    """The table of a batch cannot be read or has mistakes."""


class JournalError(FileError):
    """The journal of a batch cannot be read, written or used now."""


class CertificateError(FileError):
    """A certificate or key file cannot be used."""


class NoPictures(FileError):
    """An argument of a batch names no picture."""


class SameFolder(FileError):
    """A batch would write into what it reads."""


class DiskFull(FileError):
    """There is no space for a file: the next one would not fit either."""


class RequestRefused(NstError):
    """The client, the server or the graph refused an input."""


class StateRefused(RequestRefused):
    """The state belongs to other pictures, options or another model than the call, or is damaged."""

    def __init__(self, message: str, remedy: str, *, differs_in: str | None = None) -> None:
        """Takes the part of the run in which the state differs, "style" or "network"; None for another reason."""
        super().__init__(message, remedy, input="state_bytes")
        self.differs_in = differs_in


class ServerUnavailable(NstError):
    """Nothing answers at the address."""


class ServerBusy(NstError):
    """The server has no thread free."""


class OutOfMemory(ServerBusy):
    """The server has no memory left: the same call would fail again."""


class ServerFailed(NstError):
    """The server failed in another way."""


class ServerStopping(ServerFailed):
    """The server cancelled the call, as it does when it is told to end."""


class ModelNotFound(NstError):
    """The server has no such model or version."""


class IncompleteVersion(ModelNotFound):
    """The server loaded a version before all of its files were there, and cannot compute with it."""


class SignatureNotFound(NstError):
    """The model does not have the signature, or its inputs are others."""


class DeadlineExceeded(NstError):
    """The answer did not come in time."""


class BadAnswer(NstError):
    """The answer is not what the contract says."""


class Diverged(NstError):
    """The loss of a run is not finite, or rises without end."""

    def __init__(self, message: str, remedy: str, best: Progress | None, losses: np.ndarray) -> None:
        """Keeps the best picture that was seen, and the losses that show it.

        Args:
            message: what happened.
            remedy: what to do about it.
            best: None where no picture was seen except the content.
            losses: float32[n, 4], of the call that ended the run.
        """
        super().__init__(message, remedy)
        self.best = best
        self.losses = losses


class Stopped(NstError):
    """A person, or the machine, ended a run before its end."""


class DemoFailed(NstError):
    """A command of the demo failed; its own words stand above."""
