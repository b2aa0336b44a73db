"""`nst serve`: options in, a server that runs until it is told to stop."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated, Literal

import typer

from nst_export.quiet_import import import_tensorflow

GRACE_SECONDS = 10.0  # what `docker stop` and most service managers wait before they kill


def serve(
    model_dir: Annotated[Path, typer.Argument(help="The model's folder; its newest version is served.")],
    engine: Annotated[Literal["embedded"], typer.Option(help="What serves the model.")] = "embedded",
    name: Annotated[str, typer.Option(help="The model's name in requests.")] = "nst",
    host: Annotated[str, typer.Option(help="Address to listen at; 0.0.0.0 is all of this machine's.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="gRPC port; 0 takes a free one.")] = 8500,
) -> None:
    """Serves a model over TensorFlow Serving's gRPC protocol until Ctrl-C or SIGTERM."""
    import_tensorflow()
    from nst_serving.server import EmbeddedServer

    server = EmbeddedServer(model_dir, name=name, host=host, port=port)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # raises KeyboardInterrupt, as Ctrl-C does
    typer.echo(f"Serving {server.name} version {server.version} at {server.address} ({engine} engine).")
    try:
        server.wait()
    except KeyboardInterrupt:
        typer.echo("Stopping.", err=True)
        server.stop(GRACE_SECONDS)
