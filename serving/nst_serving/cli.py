"""`nst serve`: options in, a server that runs until it is told to stop."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from nst_export.quiet_import import import_tensorflow
from nst_serving.launcher import GRACE_SECONDS, IMAGE_VERSION, refuse_without_version, run_engine

if TYPE_CHECKING:
    from nst_serving.options import ServerOptions


def serve(
    model_dir: Annotated[
        Path | None, typer.Argument(metavar="MODEL_DIR", help="The model's folder; its newest version is served.")
    ] = None,
    engine: Annotated[
        Literal["embedded", "docker", "tensorflow_model_server"],
        typer.Option(help="This package's own server, or TensorFlow Serving in docker or as installed."),
    ] = "embedded",
    model_name: Annotated[str, typer.Option(help="The model's name in requests.")] = "nst",
    config: Annotated[
        Path | None, typer.Option(help="A models.config in TensorFlow Serving's format, in place of MODEL_DIR.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 is all of this machine's.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="gRPC port; 0 takes a free one.")] = 8500,
    rest_port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="REST port; 0 takes a free one.", show_default="no REST")
    ] = None,
    running: Annotated[int, typer.Option(min=1, help="Predictions that may run at once.")] = 4,
    waiting: Annotated[int, typer.Option(min=0, help="Predictions that may wait; more are refused.")] = 64,
    poll_seconds: Annotated[float, typer.Option(min=0, help="Look for new versions every so often; 0 never.")] = 1.0,
    grace_seconds: Annotated[
        float, typer.Option(min=0, help="At the end, seconds for running calls, or for TensorFlow Serving to end.")
    ] = GRACE_SECONDS,
    warm_up: Annotated[bool, typer.Option(help="Run the model's warm-up requests at load.")] = True,
    ssl_config: Annotated[Path | None, typer.Option(help="TensorFlow Serving's SSLConfig file, for TLS.")] = None,
    cors: Annotated[bool, typer.Option("--cors", help="Let web pages from anywhere call REST.")] = False,
    rest_timeout: Annotated[float, typer.Option(min=0.001, help="Seconds until a REST call is given up.")] = 30.0,
    enable_serialization_as_tensor_content: Annotated[
        bool, typer.Option("--enable-serialization-as-tensor-content", help="Send tensors as raw bytes.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="No log: a line on stderr for each load, failure, unload, refused request.")
    ] = False,
    gpu: Annotated[bool, typer.Option("--gpu", help="Give TensorFlow Serving one GPU.")] = False,
    image_version: Annotated[str, typer.Option(help="TensorFlow Serving's image tag, without -gpu.")] = IMAGE_VERSION,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print TensorFlow Serving's command only.")] = False,
) -> None:
    """Serves models over TensorFlow Serving's protocol until Ctrl-C or SIGTERM."""
    if (model_dir is None) == (config is None):
        raise typer.BadParameter("name either a MODEL_DIR or a --config file.")
    if model_dir is not None:
        refuse_without_version(model_dir)
    if engine != "embedded":
        if model_dir is None:
            raise typer.BadParameter(f"name a MODEL_DIR for the engine {engine}.")
        run_engine(
            engine,
            model_dir,
            name=model_name,
            host=host,
            port=port,
            rest_port=rest_port or 0,
            gpu=gpu,
            image_version=image_version,
            grace_seconds=grace_seconds,
            dry_run=dry_run,
        )
        return
    if gpu or dry_run:
        raise typer.BadParameter("--gpu and --dry-run are for TensorFlow Serving; the embedded server takes any GPU.")
    import_tensorflow()
    from nst_serving.options import ServerOptions

    options = ServerOptions(
        host=host,
        port=port,
        rest_port=rest_port,
        running=running,
        waiting=waiting,
        poll_seconds=poll_seconds,
        warm_up=warm_up,
        tensor_content=enable_serialization_as_tensor_content,
        rest_timeout_seconds=rest_timeout,
        cors=cors,
        ssl_config=ssl_config,
    )
    _run_embedded(model_dir, model_name, config, options, grace_seconds, quiet=quiet)


def _run_embedded(
    model_dir: Path | None,
    name: str,
    config: Path | None,
    options: ServerOptions,
    grace_seconds: float,
    *,
    quiet: bool,
) -> None:
    from nst_serving.arenas import limit_arenas
    from nst_serving.configuration import read_configuration
    from nst_serving.log import log_to_stderr
    from nst_serving.options import single_model
    from nst_serving.server import EmbeddedServer

    limit_arenas()
    if not quiet:
        log_to_stderr()
    models = read_configuration(config) if config else single_model(name, model_dir or Path())
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # raises KeyboardInterrupt, as Ctrl-C does
    server = EmbeddedServer(models, options)
    for model in server.catalog.names:
        versions = ", ".join(str(version.number) for version in server.catalog.versions(model))
        rest = f", REST at {server.rest_address}" if server.rest_address else ""
        typer.echo(f"Serving {model} version {versions} at {server.address}{rest} (embedded engine).")
    try:
        server.wait()
    except KeyboardInterrupt:
        typer.echo("Stopping.", err=True)
        if server.stop(grace_seconds):
            sys.stderr.flush()
            os._exit(1)  # else the interpreter waits for the threads that are left
