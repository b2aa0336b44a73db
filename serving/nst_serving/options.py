"""Everything that can be chosen about a server."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tensorflow_serving.config import model_server_config_pb2


class ServerOptions(NamedTuple):
    """Options of the embedded server. Names and defaults follow tensorflow_model_server's where it has them."""

    host: str = "127.0.0.1"  # without authentication, a server should be asked to listen elsewhere
    port: int = 8500  # 0 takes a free one
    rest_port: int | None = None  # None: no REST; 0 takes a free one
    running: int = 4  # predictions that may run at once: each takes all cores and a picture's memory
    waiting: int = 64  # predictions that may wait for their turn; the next one is RESOURCE_EXHAUSTED
    poll_seconds: float = 1.0  # --file_system_poll_wait_seconds; 0 looks for versions once
    warm_up: bool = True  # --enable_model_warmup
    tensor_content: bool = False  # --enable_serialization_as_tensor_content
    labels_before_versions: bool = False  # --allow_version_labels_for_unavailable_models
    rest_timeout_seconds: float = 30.0  # --rest_api_timeout_in_ms
    cors: bool = False  # --rest_api_enable_cors_support
    ssl_config: Path | None = None  # --ssl_config_file; gRPC alone, as in the server


def single_model(name: str, model_dir: Path) -> model_server_config_pb2.ModelServerConfig:
    """The configuration that --model_name and --model_base_path stand for."""
    config = model_server_config_pb2.ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=str(model_dir.resolve()), model_platform="tensorflow")
    return config
