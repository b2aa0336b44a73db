"""What a batch has done, on disk: a batch that was killed goes on where it was, and does nothing twice.

The file is JSON lines in UTF-8. The first is {"format": "nst-journal/1"}; each other one is a picture that is
done or has failed, with all that decided it, and is on the disk before the next one begins; or that a result which
was done is about to be replaced. Nothing is ever taken away, except for a last line that a kill cut in half.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from filelock import FileLock, Timeout

from nst_client.batch.fingerprints import (
    Fingerprints,
    fingerprints_of,
    fingerprints_of_json,
    is_there,
    paths_key,
    run_key,
)
from nst_client.errors import JournalError
from nst_client.files.remedies import remedy_for
from nst_client.jobs.job import Job

NAME = "journal.jsonl"
KIND = "nst-journal/"
FORMAT = f"{KIND}1"
HEADER = json.dumps({"format": FORMAT}).encode() + b"\n"

_MOVE_AWAY = "Move the file away to begin the batch anew, or choose another output folder."


class _Done(NamedTuple):
    """What is kept in memory of a picture that is done."""

    key: bytes  # of all that decided it, except for the model's version; its pictures may have been moved since
    pictures: bytes  # where they were
    version: int
    seconds: float


class Journal:
    """The journal of one output folder, for one batch at a time. Threads may share it."""

    def __init__(self, folder: Path, *, model: str, version: int | None = None) -> None:
        """Opens nothing yet.

        Args:
            folder: the output folder; the file is `journal.jsonl` in it.
            model: its name on the servers, or its folder.
            version: of the model; None takes pictures that any version made.
        """
        self.file = folder / NAME
        self._model = model
        self._version = version
        self._lock = FileLock(folder / f"{NAME}.lock", blocking=False, thread_local=False)
        self._mutex = threading.Lock()
        self._done: dict[str, _Done] = {}  # by the picture's place below the folder: the newest counts
        self._before: dict[str, Fingerprints] = {}  # of what is not done: its inputs as they were before they were read
        self._stream: BinaryIO | None = None
        self._end = 0  # bytes of whole lines
        self._unended = b""

    def __enter__(self) -> Journal:  # noqa: PYI034  (typing.Self is newer than Python 3.10)
        """Locks the journal and reads it.

        Raises:
            JournalError: another batch has it; the file is damaged, foreign or of another format, and stays as it
                is; or the folder cannot be written to.
        """
        if not self.file.parent.is_dir():
            raise JournalError(f"There is no folder {self.file.parent}.", "Make it, or choose another folder.")
        try:
            self._lock.acquire()
        except Timeout as error:
            message = f"Another batch is writing to {self.file.parent}."
            raise JournalError(message, "Wait until it has ended, or choose another output folder.") from error
        except OSError as error:
            raise self._cannot("be locked", error) from error
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Closes and unlocks it."""
        self._close()

    def is_done(self, job: Job) -> bool:
        """Whether the result is there, made by this model from the same inputs with the same settings.

        Of a job that is not done it keeps what its pictures look like now, for `done`: a picture that changes
        during the batch is not taken for the one that was stylised.
        """
        fingerprints = fingerprints_of(job.sources)
        place = self.place(job)
        with self._mutex:
            entry = self._done.get(place)
            same = entry is not None and entry.key == run_key(self._model, job.settings.as_json(), fingerprints)
            if same and None not in fingerprints.values() and self._is_version(entry) and is_there(job.output):
                return True
            self._before[place] = fingerprints
            return False

    def holds_others(self, job: Job) -> bool:
        """Whether the result that is there was made from other pictures, which have the same names."""
        with self._mutex:
            entry = self._done.get(self.place(job))
            return (
                entry is not None and entry.pictures != paths_key(fingerprints_of(job.sources)) and is_there(job.output)
            )

    def replacing(self, job: Job) -> None:
        """Records, before a result is written, that the one which is done gives way to it, if there is one.

        Raises:
            JournalError: the line cannot be written; all lines before it stand.
        """
        place = self.place(job)
        with self._mutex:
            if place in self._done:
                self._append({"replaced": place})
                del self._done[place]

    def done(self, job: Job, seconds: float, version: int) -> None:
        """Records a picture after it is written.

        Args:
            job: what was done.
            seconds: that it took.
            version: of the model that made it.

        Raises:
            JournalError: the line cannot be written; all lines before it stand.
        """
        place = self.place(job)
        with self._mutex:
            fingerprints = self._before.pop(place, None) or fingerprints_of(job.sources)
            settings = job.settings.as_json()
            record = {"done": place, "model": self._model, "version": version, "seconds": seconds}
            self._append({**record, **fingerprints, "settings": settings})
            key = run_key(self._model, settings, fingerprints)
            self._done[place] = _Done(key, paths_key(fingerprints), version, seconds)

    def failed(self, job: Job, reason: str) -> None:
        """Records why there is no picture; the next batch tries again.

        Raises:
            JournalError: the line cannot be written; all lines before it stand.
        """
        place = self.place(job)
        with self._mutex:
            fingerprints = self._before.pop(place, None) or fingerprints_of(job.sources)
            record = {"failed": place, "model": self._model, "reason": reason}
            self._append({**record, **fingerprints, "settings": job.settings.as_json()})

    def place(self, job: Job) -> str:
        """The output below the journal's folder, so that the folder may be moved."""
        return os.path.relpath(job.output.parent.resolve() / job.output.name, self.file.parent.resolve())

    def seconds(self, job: Job) -> float | None:
        """Seconds that a result which is done took; None if none is recorded."""
        with self._mutex:
            entry = self._done.get(self.place(job))
        return None if entry is None else entry.seconds

    def _is_version(self, entry: _Done | None) -> bool:
        return entry is not None and self._version in (None, entry.version)

    def _open(self) -> None:
        try:
            self.file.touch()
            stream = self._stream = self.file.open("r+b", buffering=0)
            with self.file.open("rb") as lines:
                self._read(lines)
            stream.truncate(self._end)
            stream.seek(self._end)
            if not self._end:
                self._write(HEADER)
            if self._unended:
                self._write(self._unended + b"\n")
        except OSError as error:
            raise self._cannot("be opened", error) from error

    def _read(self, lines: BinaryIO) -> None:
        header = lines.readline(len(HEADER) + 100)  # a foreign file may be one endless line
        if header.endswith(b"\n") and header.rstrip() == HEADER.rstrip():  # an editor may end lines in its own way
            self._end = len(header)
        elif not HEADER.startswith(header):
            raise JournalError(self._why_foreign(header), _MOVE_AWAY)
        for number, line in enumerate(lines, 2):
            if line.endswith(b"\n"):
                if line.strip():
                    self._take(line, number)
                self._end += len(line)
                continue
            with contextlib.suppress(JournalError):  # a kill cut it: its picture counts as not done
                self._take(line, number)
                self._unended = line  # an editor took the last line's end away

    def _why_foreign(self, header: bytes) -> str:
        with contextlib.suppress(ValueError, RecursionError):
            words = json.loads(header)
            if isinstance(words, dict) and str(words.get("format", "")).startswith(KIND):
                return f"{self.file} has the format {words['format']!r}, this version reads {FORMAT!r}."
        return f"{self.file} is not the journal of a batch."

    def _take(self, line: bytes, number: int) -> None:
        try:
            words = dict(json.loads(line))
            if "failed" in words:
                return
            if "replaced" in words:
                self._done.pop(words["replaced"], None)
                return
            fingerprints = fingerprints_of_json(words)
            key = run_key(str(words["model"]), dict(words["settings"]), fingerprints)
            version, seconds = int(words["version"]), float(words["seconds"])
            self._done[str(words["done"])] = _Done(key, paths_key(fingerprints), version, seconds)
        except (ArithmeticError, ValueError, TypeError, LookupError, RecursionError) as error:
            remedy = f"Delete that line: its picture is then made again. Or: {_MOVE_AWAY}"
            raise JournalError(f"{self.file} is damaged in line {number}.", remedy) from error

    def _append(self, record: Mapping[str, Any]) -> None:
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        try:
            self._write(json.dumps({**record, "time": when}).encode() + b"\n")
        except OSError as error:
            raise self._cannot("be written", error) from error

    def _write(self, line: bytes) -> None:
        if self._stream is None:
            raise ValueError("the journal is not open")
        rest = memoryview(line)
        try:
            while rest:  # a disk that fills up takes a part
                rest = rest[self._stream.write(rest) :]
            os.fsync(self._stream.fileno())
        except OSError:
            with contextlib.suppress(OSError):  # the next batch would cut the half line off, too
                self._stream.truncate(self._end)
            self._stream.seek(self._end)
            raise
        self._end += len(line)

    def _cannot(self, what: str, error: OSError) -> JournalError:
        remedy = f"{remedy_for(error)} Then run the same batch again."
        return JournalError(f"{self.file} cannot {what}: {error.strerror or error}.", remedy)

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self._lock.release()
