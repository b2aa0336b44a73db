"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

MODELS_OWN = "the model's"

Server = Annotated[str, typer.Option(help="HOST:PORT of the server's gRPC port.", envvar="NST_SERVER")]
Servers = Annotated[
    list[str],
    typer.Option(help="HOST:PORT of a server's gRPC port; given several times, calls are spread.", envvar="NST_SERVER"),
]
Name = Annotated[str, typer.Option(help="The model's name on the server.", envvar="NST_MODEL")]
ModelDir = Annotated[
    Path | None,
    typer.Option(help="Run this exported model here, in place of a server.", metavar="DIR", show_default=False),
]
Version = Annotated[int | None, typer.Option(show_default="the newest", help="The model's version.")]
Tls = Annotated[bool, typer.Option("--tls", help="Speak TLS; the system's authorities are trusted.")]
Ca = Annotated[
    Path | None, typer.Option(help="PEM file of the authorities to trust in their place.", show_default=False)
]
Cert = Annotated[Path | None, typer.Option(help="PEM file of this client's certificate.", show_default=False)]
Key = Annotated[Path | None, typer.Option(help="PEM file of its key.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
ContentWeight = Annotated[float | None, typer.Option(help="Weight of the content loss.", show_default=MODELS_OWN)]
StyleWeight = Annotated[float | None, typer.Option(help="Weight of the style loss.", show_default=MODELS_OWN)]
TvWeight = Annotated[
    float | None, typer.Option(help="Weight of the total variation: more is smoother.", show_default=MODELS_OWN)
]
LearningRate = Annotated[
    float | None, typer.Option(help="Change of a pixel in one update, of 255 levels.", show_default=MODELS_OWN)
]
Deadline = Annotated[
    float | None,
    typer.Option(
        min=0.001,
        help="Repeat a call that takes so many seconds with fewer iterations; give up at one iteration.",
        show_default="by size and iterations",
    ),
]


def check_model_or_server(context: typer.Context) -> None:
    """Refuses options of a connection beside --model, which makes none.

    Raises:
        typer.BadParameter: names the first of them.
    """
    if context.params["model"] is None:
        return
    for name in ("server", "tls", "ca", "cert", "key"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"--{name} is for a server, and --model does without one.")
