"""Changing a models.config and telling its servers, all of it or nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from nst_export.errors import ConfigError
from nst_export.saved_model.messages import model_management_pb2, model_server_config_pb2
from nst_export.saved_model.models_config import config_from, text_of_config, write_config
from nst_export.saved_model.models_config_text import with_model
from nst_export.toolkit.report import VersionState
from nst_export.toolkit.served import Call, version_states

AVAILABLE = "AVAILABLE"
ASK_AGAIN_SECONDS = 0.2
# A server that is told to load a version that it failed to load before shows the old error for a moment.
ERROR_STAYS_SECONDS = 2.0
PUT_BACK_SECONDS = 60.0


class Reconfiguration:
    """A change in several steps. Where its block fails, the file and the servers told so far are put back.

    Raises:
        ConfigError: a step failed; the text says of what kind, and how things stand now.
    """

    def __init__(
        self,
        file: Path,
        text: str,
        servers: Mapping[str, Call],
        timeout_seconds: float,
        note: Callable[[str], None],
    ) -> None:
        """Changes nothing yet; `text` is what was read in the file, or is to stand in a new one."""
        self._file = file
        self._is_new = not file.exists()
        self._before = self._text = text
        self._servers = servers
        self._changed: dict[str, Call] = {}  # the servers that have perhaps taken another configuration
        self._all_know = False  # what stands in the file
        self._timeout_seconds = timeout_seconds
        self._end = time.monotonic() + timeout_seconds
        self._note = note

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        how_it_is = self._put_back()
        remedy = getattr(error, "remedy", None)
        if remedy is not None:
            raise ConfigError(f"{error} {how_it_is}", remedy) from error
        self._note(how_it_is)  # Ctrl-C

    def to(self, model: model_server_config_pb2.ModelConfig) -> None:
        """Gives the model these versions and labels, in the file and then on each server."""
        text = with_model(self._text, model, self._file)
        config = config_from(text, self._file)
        if config != config_from(self._text, self._file):
            self._write(text)
        elif self._all_know:
            return
        for address, call in self._servers.items():
            if self._text != self._before:
                self._changed[address] = call
            _tell(call, config, max(self._end - time.monotonic(), 1.0))
        self._all_know = True

    def wait_for(self, model: str, versions: Collection[int]) -> None:
        """Returns when each of the versions is AVAILABLE on each server."""
        for address, call in self._servers.items():
            for version in sorted(versions):
                self._wait(address, call, model, version)

    def _wait(self, address: str, call: Call, model: str, version: int) -> None:
        failed_at, noted = None, False
        while True:
            found = next((one for one in version_states(call, model) if one.version == version), None)
            now = time.monotonic()
            if found is not None and found.state == AVAILABLE:
                return
            failed_at = (failed_at or now) if found is not None and found.error else None
            if (failed_at is not None and now - failed_at >= ERROR_STAYS_SECONDS) or now >= self._end:
                raise self._not_loaded(address, version, found)
            if not noted:
                self._note(f"Waiting for {address} to load version {version}.")
                noted = True
            time.sleep(ASK_AGAIN_SECONDS)

    def _not_loaded(self, address: str, version: int, found: VersionState | None) -> ConfigError:
        if found is not None and found.error:
            reason = " ".join(found.error.split()).rstrip(".")  # it may have several lines
            message = f"{address} cannot load version {version}: {reason}."
            return ConfigError(message, "Ask `nst inspect` and the server's log what is wrong with it.")
        state = "it does not see it in its folder" if found is None else f"there it is {found.state}"
        message = f"{address} has not loaded version {version} within {self._timeout_seconds:g} s: {state}."
        return ConfigError(message, "Allow more with --timeout, or look whether the server has the same folder.")

    def _write(self, text: str) -> None:
        if not self._is_new and text_of_config(self._file) != self._text:
            raise ConfigError(
                f"{self._file} was changed by somebody else in the meantime.", "Look at it and try again."
            )
        write_config(self._file, text)
        self._text, self._is_new = text, False

    def _put_back(self) -> str:
        """Undoes all steps, and says how things stand in a sentence."""
        failures = []
        try:
            if self._text != self._before:
                self._write(self._before)
        except ConfigError as error:
            failures.append(f"the file: {error}")
        for address, call in self._changed.items():
            try:
                _tell(call, config_from(self._before, self._file), PUT_BACK_SECONDS)
            except Exception as error:  # noqa: BLE001  (whatever it is, the others are to be told still)
                failures.append(f"{address}: {error}")
        if failures:
            return f"Not everything could be put back as it was: {' '.join(failures)}"
        return f"{self._file} and {'the servers' if self._changed else 'all else'} are as before."


def _tell(call: Call, config: model_server_config_pb2.ModelServerConfig, seconds: float) -> None:
    call("model", "HandleReloadConfigRequest", model_management_pb2.ReloadConfigRequest(config=config), seconds)
