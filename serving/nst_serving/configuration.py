"""Which models and versions to serve: ModelServerConfig, in the server's own text format and its rules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import grpc
from tensorflow_serving.config import model_server_config_pb2

from nst_export.errors import ConfigError
from nst_export.saved_model.models_config import (
    AS_DOCUMENTED,
    PLATFORM,
    chosen_versions,
    config_from,
    text_of_config,
)
from nst_export.saved_model.version_folder import versions_in
from nst_serving.errors import RequestError, StartError

NOT_A_LIST = (
    "ServerModelConfig type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"
)


def read_configuration(file: Path) -> model_server_config_pb2.ModelServerConfig:
    """Reads a models.config file, as --model_config_file does.

    Raises:
        StartError: it cannot be read, is not in the text format, or breaks a rule.
    """
    try:
        config = config_from(text_of_config(file), file)
        check_configuration(config)
    except ConfigError as error:
        raise StartError(str(error), error.remedy) from error
    except RequestError as error:
        raise StartError(f"{file}: {error.message}", AS_DOCUMENTED) from error
    return config


def check_configuration(
    config: model_server_config_pb2.ModelServerConfig,
    served: Mapping[str, model_server_config_pb2.ModelConfig] | None = None,
) -> None:
    """The server's rules, in its words and order (server_core.cc, ReloadConfig and what it calls).

    Args:
        config: the new configuration.
        served: the models of the old one by name; a model keeps its platform.

    Raises:
        RequestError: INVALID_ARGUMENT.
    """
    if config.WhichOneof("config") != "model_config_list":
        raise _invalid(NOT_A_LIST)
    seen: set[str] = set()
    for model in config.model_config_list.config:
        if model.name in seen:
            raise _invalid(f"Illegal to list model {model.name} multiple times in config list")
        seen.add(model.name)
        if not os.path.isabs(model.base_path):  # noqa: PTH117  (it may be a URI, which is no path)
            raise _invalid(
                f"Expected model {model.name} to have an absolute path or URI; got base_path()={model.base_path}"
            )
    for model in config.model_config_list.config:
        _check_platform(model, (served or {}).get(model.name))


def _check_platform(
    model: model_server_config_pb2.ModelConfig, served: model_server_config_pb2.ModelConfig | None
) -> None:
    if model.model_type and model.model_platform:
        raise _invalid(
            "Illegal setting both ModelServerConfig::model_type (deprecated) and "
            f"ModelServerConfig::model_platform, model name is {model.name}"
        )
    if not model.model_type and not model.model_platform:
        raise _invalid(
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
            f"ModelServerConfig::model_platform, model name is {model.name}"
        )
    if model.model_type not in (model_server_config_pb2.MODEL_TYPE_UNSPECIFIED, model_server_config_pb2.TENSORFLOW):
        raise _invalid(f"ModelServerConfig::model_type choice {model.model_type} not supported.")
    platform = model.model_platform or PLATFORM
    if served is not None and platform != (served.model_platform or PLATFORM):
        raise _invalid(
            f"Illegal to change a model's platform. For model {model.name} platform was "
            f"{served.model_platform or PLATFORM} and new platform requested is {platform}"
        )
    if platform != PLATFORM:
        raise _invalid(f"Model {model.name} requests unsupported platform {platform}")


def desired_versions(model: model_server_config_pb2.ModelConfig) -> Mapping[int, Path]:
    """The versions that the model's policy asks for, by number.

    Raises:
        OSError: the model's folder is not there or cannot be read; the server then keeps what it has.
    """
    base_path = Path(model.base_path)
    base_path.stat()
    found = versions_in(base_path)
    return {number: found[number] for number in sorted(chosen_versions(model, found))}


def _invalid(message: str) -> RequestError:
    return RequestError(grpc.StatusCode.INVALID_ARGUMENT, message)
