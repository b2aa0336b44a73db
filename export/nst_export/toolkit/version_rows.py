"""`nst versions`: every version of a model, on disk and on servers, as records that `--json` prints."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from nst_export.errors import ExportError, SavedModelError
from nst_export.saved_model.messages import get_model_metadata_pb2, model_pb2, model_server_config_pb2
from nst_export.saved_model.model_card import JsonObject
from nst_export.saved_model.model_folder import is_version_content, unreadable, why_no_version
from nst_export.saved_model.models_config import config_from, model_in, text_of_config
from nst_export.saved_model.version_folder import versions_in
from nst_export.toolkit.inspection import inspected
from nst_export.toolkit.report import Report
from nst_export.toolkit.served import SIGNATURES, Call, version_states

# The labels that `nst versions` gives by itself, and the usual one for a version on trial.
STABLE, PREVIOUS, CANARY = "stable", "previous", "canary"

# What a server answers to a label that it has not, or that leads to no loaded version (server_core.cc, manager.h).
NO_SUCH_LABEL = ("Unrecognized servable version label", "Model labels does not init yet", "Servable not found")


class ServedVersion(NamedTuple):
    """One version on one server."""

    server: str  # its address
    state: str  # START, LOADING, AVAILABLE, UNLOADING or END
    error: str  # why it could not be loaded; else empty
    labels: Sequence[str]  # that lead to it there, of stable, previous, canary and those of --config


class VersionRow(NamedTuple):
    """One version of a model."""

    version: int  # its number
    folder: str | None  # null: a server has it, and the model's folder has not
    created: str | None  # ISO 8601, UTC: by the model card, or else of the graph's file; null without either
    bytes: int | None  # of all files
    weights: str | None  # where they are from, by the model card
    presets: Sequence[str]  # by the model card, the default first
    precision: str | None  # by the model card
    pooling: str | None  # by the model card
    labels: Sequence[str]  # that --config gives it
    served: Sequence[ServedVersion]  # on each server that has or had it
    problems: Sequence[str]  # what is wrong with it, in sentences


def version_rows(
    model_dir: Path, model: str, labels: Mapping[str, int], servers: Mapping[str, Call]
) -> list[VersionRow]:
    """All versions, the newest first.

    Args:
        model_dir: the model's folder.
        model: its name on the servers.
        labels: those of its configuration.
        servers: each by its address.

    Raises:
        SavedModelError: there is no model.
    """
    folders = folders_of_versions(model_dir)
    served: dict[int, list[ServedVersion]] = {}
    for address, call in servers.items():
        for number, found in versions_on(call, address, model, {*labels, STABLE, PREVIOUS, CANARY}):
            served.setdefault(number, []).append(found)
    named: dict[int, list[str]] = {}
    for label in sorted(labels):
        named.setdefault(labels[label], []).append(label)
    return [
        _row(number, folders.get(number), named.get(number, []), served.get(number, []))
        for number in sorted({*folders, *served}, reverse=True)
    ]


def configured_model(file: Path, model: str) -> model_server_config_pb2.ModelConfig:
    """What a models.config says of a model, such as its labels.

    Raises:
        ConfigError: it cannot be read, or has no such model.
    """
    return model_in(config_from(text_of_config(file), file), model, file)


def folders_of_versions(model_dir: Path) -> dict[int, Path]:
    """Every version of a model by its number.

    Raises:
        SavedModelError: it is no model's folder, or has none.
    """
    try:
        folders = {} if is_version_content(model_dir) else versions_in(model_dir)
    except OSError as error:
        raise SavedModelError(*unreadable(model_dir, error)) from error
    if not folders:
        raise SavedModelError(*why_no_version(model_dir))
    return folders


def versions_on(
    call: Call, address: str, model: str, labels: Collection[str] = ()
) -> Iterator[tuple[int, ServedVersion]]:
    """The versions that a server has or had, with the labels among `labels` that lead to each."""
    leads_to = {label: labelled_version(call, model, label) for label in sorted(labels)}
    for version, state, error in version_states(call, model):
        found = [label for label, number in leads_to.items() if number == version]
        yield version, ServedVersion(address, state, error, found)


def labelled_version(call: Call, model: str, label: str) -> int | None:
    """The version that a label leads to on a server; None if it leads to none."""
    spec = model_pb2.ModelSpec(name=model, version_label=label)
    request = get_model_metadata_pb2.GetModelMetadataRequest(model_spec=spec, metadata_field=[SIGNATURES])
    try:
        return int(call("prediction", "GetModelMetadata", request).model_spec.version.value)
    except Exception as error:
        if any(words in str(error) for words in NO_SUCH_LABEL):
            return None
        raise


def _row(number: int, folder: Path | None, labels: Sequence[str], served: Sequence[ServedVersion]) -> VersionRow:
    report, problems = report_of(folder)
    card = report.card if report else None
    return VersionRow(
        version=number,
        folder=None if folder is None else str(folder),
        created=_created(report, card) if report else None,
        bytes=sum(file.bytes for file in report.files) if report else None,
        weights=str(card["weights"].get("source")) if card else None,
        presets=list(card["presets"]) if card else [],
        precision=str(card["precision"]) if card else None,
        pooling=str(card["pooling"]) if card else None,
        labels=labels,
        served=served,
        problems=problems,
    )


def report_of(folder: Path | None) -> tuple[Report | None, Sequence[str]]:
    """What is in a version's folder, as far as it can be read, and what is wrong with it."""
    if folder is None:
        return None, ["It is on a server, and not in the model's folder."]
    try:
        report = inspected(folder, digests=False)
    except ExportError as error:
        return None, [str(error)]
    except OSError as error:
        return None, [unreadable(folder, error).message]
    return report, report.problems


def _created(report: Report, card: JsonObject | None) -> str:
    try:
        moment = datetime.fromisoformat(str((card or {}).get("created")))
    except ValueError:  # no card, or what stands there is no time
        graph = max(Path(report.source).glob("saved_model.pb*"))
        moment = datetime.fromtimestamp(graph.stat().st_mtime, timezone.utc)
    return moment.astimezone(timezone.utc).isoformat(timespec="seconds")
