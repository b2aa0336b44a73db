"""`nst versions promote`, `rollback`, `label`: which version a label leads to, in models.config and on servers."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from google.protobuf import text_format

from nst_export.errors import ConfigError, SavedModelError
from nst_export.saved_model.messages import model_server_config_pb2
from nst_export.saved_model.models_config import (
    PLATFORM,
    chosen_versions,
    config_from,
    model_in,
    text_of_config,
)
from nst_export.toolkit.copying import COPY_AGAIN
from nst_export.toolkit.inspection import version_folder_of
from nst_export.toolkit.reconfiguration import AVAILABLE, Reconfiguration
from nst_export.toolkit.served import Call, version_states
from nst_export.toolkit.version_rows import PREVIOUS, STABLE, folders_of_versions, report_of

LABEL = re.compile(r"[^\s/:]+")  # REST has it between /labels/ and a colon


class Place(NamedTuple):
    """Where the labels of a model are."""

    model_dir: Path
    model: str  # its name in the configuration
    config: Path  # the models.config of all the servers
    servers: Mapping[str, Call]  # by address; with none the file alone changes
    timeout_seconds: float  # for all of a change
    note: Callable[[str], None]  # is told what is waited for


def promote(place: Place, version: int) -> model_server_config_pb2.ModelConfig:
    """Moves the label stable to a version; the one that had it gets the label previous. See `set_labels`."""
    old = _entry(place, _text(place)).version_labels.get(STABLE)
    return set_labels(place, {STABLE: version} | ({} if old in (None, version) else {PREVIOUS: old}))


def roll_back(place: Place) -> model_server_config_pb2.ModelConfig:
    """Promotes the version with the label previous, so that stable and previous change places. See `set_labels`.

    Raises:
        ConfigError: there is no such label.
    """
    previous = _entry(place, _text(place)).version_labels.get(PREVIOUS)
    if previous is None:
        message = f"{place.config} names no previous version of {place.model}: none was promoted in another's place."
        raise ConfigError(message, "Name a version with `nst versions promote`.")
    return promote(place, previous)


def set_labels(place: Place, changes: Mapping[str, int | None]) -> model_server_config_pb2.ModelConfig:
    """Gives labels to versions, and takes those away whose version is None.

    In three steps, each in the file first and then on the servers: the versions are loaded, the labels move, and
    versions that have lost their last label go. A server gives labels to loaded versions alone, and looks a label up
    before it takes the version: whoever calls by a label is answered all the time. A policy `latest` becomes
    `specific`, with what is loaded, since it would unload a labelled version when a newer one appears.

    Returns:
        The model's entry in the file, as it is now.

    Raises:
        SavedModelError, ConfigError: before anything was changed, or after all was put back; its text says which.
    """
    for label, version in changes.items():
        if not LABEL.fullmatch(label):
            raise ConfigError(f"A label has no blanks, slashes and colons: {label!r}.", "Choose another.")
        if version is not None:
            _check_whole(place.model_dir, version)
    text = _text(place)
    before = _entry(place, text)
    loaded, labelled, lean = _steps(before, changes, _served(place, before))
    with Reconfiguration(place.config, text, place.servers, place.timeout_seconds, place.note) as change:
        if place.servers:
            change.to(loaded)
            change.wait_for(place.model, {version for version in changes.values() if version is not None})
            change.to(labelled)
        change.to(lean)
    return lean


def _steps(
    before: model_server_config_pb2.ModelConfig, changes: Mapping[str, int | None], served: Collection[int]
) -> tuple[model_server_config_pb2.ModelConfig, ...]:
    """The entry with the versions loaded, then with the labels moved, then without what has lost its last label."""
    new = {version for version in changes.values() if version is not None}
    was, labels = before.version_labels, {**before.version_labels, **changes}
    kept = {label: version for label, version in labels.items() if version is not None}
    loaded, policy = _copy(before), before.model_version_policy.WhichOneof("policy_choice")
    if policy != "all" and new:
        had = before.model_version_policy.specific.versions if policy == "specific" else served
        loaded.model_version_policy.specific.versions[:] = sorted({*had, *was.values(), *new})
    labelled = _copy(loaded)
    labelled.version_labels.clear()
    labelled.version_labels.update(kept)
    lean = _copy(labelled)
    if lean.model_version_policy.WhichOneof("policy_choice") == "specific":
        versions = lean.model_version_policy.specific.versions
        lost = {*was.values()} - {*kept.values()}
        versions[:] = [version for version in versions if version not in lost] or versions  # never none at all
    return loaded, labelled, lean


def _served(place: Place, before: model_server_config_pb2.ModelConfig) -> set[int]:
    """What the servers have loaded, or without any what one with this configuration would have.

    It fails where there is no server, or not of this model.
    """
    if not place.servers:
        return chosen_versions(before, folders_of_versions(place.model_dir))
    states = [state for call in place.servers.values() for state in version_states(call, place.model)]
    return {state.version for state in states if state.state == AVAILABLE}


def _copy(model: model_server_config_pb2.ModelConfig) -> model_server_config_pb2.ModelConfig:
    copy = model_server_config_pb2.ModelConfig()
    copy.CopyFrom(model)
    return copy


def _entry(place: Place, text: str) -> model_server_config_pb2.ModelConfig:
    return model_in(config_from(text, place.config), place.model, place.config)


def _text(place: Place) -> str:
    """What stands in the configuration, or is to where there is none yet, and no server that it could disturb."""
    if place.config.exists() or place.config.is_symlink():
        return text_of_config(place.config)
    if place.servers:
        message = f"There is no file {place.config}, and a server that is told of one model alone unloads all others."
        raise ConfigError(message, "Name the models.config that the server was started with.")
    config = model_server_config_pb2.ModelServerConfig()
    base_path = str(place.model_dir.resolve())
    model = config.model_config_list.config.add(name=place.model, base_path=base_path, model_platform=PLATFORM)
    model.model_version_policy.specific.SetInParent()  # those that get a label, and no others
    return text_format.MessageToString(config)


def _check_whole(model_dir: Path, version: int) -> None:
    folder = version_folder_of(model_dir, version)
    _, problems = report_of(folder)
    if problems:
        raise SavedModelError(f"{folder} is damaged: {problems[0]}", COPY_AGAIN)
