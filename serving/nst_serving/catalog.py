"""The models of a server, their versions and states, kept in step with configuration and disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import grpc
from tensorflow_serving.apis import model_pb2
from tensorflow_serving.config import model_server_config_pb2

from nst_serving.configuration import check_configuration, desired_versions
from nst_serving.errors import RequestError
from nst_serving.log import LOG
from nst_serving.sessions import Sessions
from nst_serving.version import State, Version


class Catalog:
    """Every model by name. `refresh` and `reload` change it; all other calls only look."""

    def __init__(
        self,
        config: model_server_config_pb2.ModelServerConfig,
        load: Callable[[Path], Sessions],
        *,
        labels_before_versions: bool,
    ) -> None:
        """Knows the configured models; nothing is loaded before `refresh`."""
        self._load = load
        self._labels_before_versions = labels_before_versions
        self._changing = threading.RLock()
        self._away: set[str] = set()  # models whose folder could not be read at the last look
        self._models: dict[str, model_server_config_pb2.ModelConfig] = {}
        self._versions: dict[str, dict[int, Version]] = {}
        self._configure(config)

    @property
    def names(self) -> list[str]:
        """The configured models."""
        return list(self._models)

    def find(self, spec: model_pb2.ModelSpec) -> tuple[int, Sessions]:
        """The version that a request means, and its sessions (server_core.cc).

        Raises:
            RequestError: in the server's words, unless that version is AVAILABLE.
        """
        if not spec.name:
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, "ModelSpec has no name specified.")
        asked = spec.version.value if spec.HasField("version") else None
        if spec.version_label:
            asked = self._labelled(spec)
        versions = self._versions.get(spec.name, {})
        available = [number for number, version in list(versions.items()) if version.state == State.AVAILABLE]
        number = max(available, default=None) if asked is None else asked
        sessions = versions[number].sessions if number in available else None
        if number is None or sessions is None:
            which = f"Latest({spec.name})" if asked is None else f"Specific({spec.name}, {asked})"
            raise RequestError(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {which}")
        return number, sessions

    def versions(self, name: str) -> list[Version]:
        """All versions seen of a model, newest first."""
        return [version for _, version in sorted(self._versions.get(name, {}).items(), reverse=True)]

    def refresh(self) -> None:
        """Loads what is new on disk, then unloads what is no longer asked for.

        In this order, so that a model is never without a version while it changes; and a version
        stays while none of those that should replace it is available.
        """
        with self._changing:
            for name, model in self._models.items():
                try:
                    desired = desired_versions(model)
                except OSError as error:  # perhaps a network disk that is away: what is loaded serves on
                    if name not in self._away:
                        LOG.error("Cannot look for versions in %s: %s.", model.base_path, error.strerror)
                    self._away.add(name)
                else:
                    self._away.discard(name)
                    self._refresh_model(name, desired)

    def reload(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Replaces the configuration (HandleReloadConfigRequest).

        Raises:
            RequestError: it breaks a rule and nothing was changed, or a new model cannot be loaded.
        """
        check_configuration(config, self._models)
        with self._changing:
            self._check_labels(config)
            new = [model.name for model in config.model_config_list.config if model.name not in self._models]
            self._configure(config)
            self.refresh()
            failed = [text for name in new for text in self.failures(name)]
        if failed:
            message = f"{len(failed)} model(s) did not become available: {{{', '.join(failed)}, }}"
            raise RequestError(grpc.StatusCode.UNKNOWN, message)

    def failures(self, name: str) -> list[str]:
        """A sentence in the server's words for each version of a model that could not be loaded."""
        return [
            f"{{name: {name} version: {version.number}}} due to error: "
            f"{version.error.code.name}: {version.error.message}"
            for version in self.versions(name)
            if version.error
        ]

    def close(self) -> None:
        """Unloads everything."""
        with self._changing:
            for versions in self._versions.values():
                for version in versions.values():
                    version.unload()

    def _configure(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        models = {model.name: model for model in config.model_config_list.config}
        for name in set(self._models) - set(models):
            for version in self._versions[name].values():
                version.unload()
        self._models = models
        for name in models:
            self._versions.setdefault(name, {})

    def _refresh_model(self, name: str, desired: Mapping[int, Path]) -> None:
        versions = self._versions[name]
        for number, folder in desired.items():
            version = versions.setdefault(number, Version(name, number))
            if version.state == State.START or version.is_worth_a_try(folder):
                version.load(folder, self._load)
        replaced = not desired or any(versions[number].state == State.AVAILABLE for number in desired)
        for number, version in versions.items():
            if number in desired:
                continue
            if version.error:
                version.forget_failure()
            elif version.state == State.AVAILABLE and replaced:
                version.unload()

    def _labelled(self, spec: model_pb2.ModelSpec) -> int:
        labels = self._models[spec.name].version_labels if spec.name in self._models else {}
        if spec.version_label not in labels:
            message = f"Unrecognized servable version label: {spec.version_label}"
            raise RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
        return int(labels[spec.version_label])

    def _check_labels(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Labels are given to versions that are there already (server_core.cc, UpdateModelVersionLabelMap)."""
        for model in config.model_config_list.config:
            versions = self._versions.get(model.name, {})
            before = self._models[model.name].version_labels if model.name in self._models else {}
            for label, number in sorted(model.version_labels.items()):
                available = number in versions and versions[number].state == State.AVAILABLE
                moved = before.get(label, number) != number
                if not available and (moved or not self._labels_before_versions):
                    raise RequestError(
                        grpc.StatusCode.FAILED_PRECONDITION,
                        f"Request to assign label to version {number} of model {model.name}, "
                        "which is not currently available for inference",
                    )
