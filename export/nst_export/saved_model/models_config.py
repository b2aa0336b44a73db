"""models.config: which models, versions and labels a TensorFlow Serving has. TensorFlow's runtime is not needed."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Collection
from pathlib import Path

from google.protobuf import text_format

from nst_export.errors import ConfigError
from nst_export.saved_model.messages import model_server_config_pb2
from nst_export.saved_model.new_version import sync_directory

PLATFORM = "tensorflow"  # of all models that TensorFlow Serving knows
READABLE = 0o644  # a new file's rights: the server may be another user

AS_DOCUMENTED = "Write it as TensorFlow Serving's documentation of --model_config_file has it."


def config_from(text: str, file: Path) -> model_server_config_pb2.ModelServerConfig:
    """The configuration in a text of protobuf's text format; `file` is for the message.

    Raises:
        ConfigError: it is in no such format.
    """
    try:
        return text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    except (text_format.ParseError, RecursionError) as error:
        raise ConfigError(f"{file} is not a model configuration: {error}", AS_DOCUMENTED) from error


def text_of_config(file: Path) -> str:
    """What stands in the file.

    Raises:
        ConfigError: it cannot be read, or is no text.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.", "Name a models.config.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not a model configuration: {error}.", AS_DOCUMENTED) from error


def model_in(
    config: model_server_config_pb2.ModelServerConfig, name: str, file: Path
) -> model_server_config_pb2.ModelConfig:
    """The entry of a model, in place; `file` is for the message.

    Raises:
        ConfigError: there is none.
    """
    models = config.model_config_list.config
    for model in models:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in models) or "none"
    raise ConfigError(f"{file} has no model {name}; those that it has: {names}.", "Name one with --model-name.")


def chosen_versions(model: model_server_config_pb2.ModelConfig, found: Collection[int]) -> set[int]:
    """Those of the versions on disk that a model's policy asks for (file_system_storage_path_source.cc).

    A model without a policy has its latest version served.
    """
    policy = model.model_version_policy
    match policy.WhichOneof("policy_choice"):
        case "all":
            return set(found)
        case "specific":
            return set(policy.specific.versions) & set(found)
        case _:
            return set(sorted(found)[-(policy.latest.num_versions or 1) :])


def write_config(file: Path, text: str) -> None:
    """Puts a text into the place of a models.config, whole or not at all; a link to it stays one.

    Raises:
        ConfigError: it cannot be written; it is as it was.
    """
    real = Path(os.path.realpath(file))
    staging = None
    try:
        descriptor, staging = tempfile.mkstemp(prefix=f".{real.name}-", dir=real.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(staging).chmod(stat.S_IMODE(real.stat().st_mode) if real.exists() else READABLE)
        Path(staging).replace(real)
        sync_directory(real.parent)
    except OSError as error:
        if staging is not None:
            Path(staging).unlink(missing_ok=True)
        remedy = "Check the permissions of its folder and the free space on its disk."
        raise ConfigError(f"{file} cannot be written: {error.strerror}.", remedy) from error
