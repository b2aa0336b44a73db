"""Where the model is: the options that say so, the same for all commands that call it, and the client for them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_type_hints

import typer

from nst_client.commands.options import Command, keyword, spread
from nst_client.contract import DEFAULT_MODEL, DEFAULT_SERVER, STATUS_DEADLINE_SECONDS
from nst_client.errors import CertificateError

if TYPE_CHECKING:
    from nst_client.calls.servers import Server
    from nst_client.calls.style_client import StyleClient
    from nst_client.calls.transport import Tls

Calls = Callable[..., Any]

# A folder may have a colon in its name, too: what is on disk is never taken for an address.
ADDRESS = re.compile(r"[^/\\]*:\d+|(dns|ipv4|ipv6|xds|unix|unix-abstract|vsock|https?):.*")

PANEL: dict[str, Any] = {"rich_help_panel": "Where the model is"}
PEM: dict[str, Any] = {**PANEL, "metavar": "FILE", "show_default": False}


class Connection(NamedTuple):
    """What a person says of it: each field is an option of the command line."""

    server: Annotated[
        list[str],
        typer.Option(
            help="HOST:PORT of a server's gRPC port; may be given several times.", envvar="NST_SERVER", **PANEL
        ),
    ] = [DEFAULT_SERVER]  # noqa: RUF012  (nobody changes it)
    model_name: Annotated[
        str, typer.Option(help="The model's name on the server.", envvar="NST_MODEL_NAME", **PANEL)
    ] = DEFAULT_MODEL
    model_dir: Annotated[
        Path | None,
        typer.Option(
            help="Run this exported model here, in place of a server.", metavar="DIR", show_default=False, **PANEL
        ),
    ] = None
    version: Annotated[int | None, typer.Option(show_default="the newest", help="The model's version.", **PANEL)] = None
    label: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL",
            help="The version that has this label on the server, such as stable.",
            show_default=False,
            **PANEL,
        ),
    ] = None
    tls: Annotated[bool, typer.Option("--tls", help="Speak TLS; the system's authorities are trusted.", **PANEL)] = (
        False
    )
    ca: Annotated[Path | None, typer.Option(help="PEM file of the authorities to trust in their place.", **PEM)] = None
    cert: Annotated[Path | None, typer.Option(help="PEM file of this client's certificate.", **PEM)] = None
    key: Annotated[Path | None, typer.Option(help="PEM file of its key.", **PEM)] = None

    @property
    def model(self) -> str:
        """What tells the model from others."""
        return self.model_name if self.model_dir is None else str(self.model_dir.resolve())


def connection_options(command: Command, *, without: Collection[str] = ()) -> Command:
    """Gives a command an option for each field of a connection; its argument `connection` has all of them.

    Args:
        command: has `connection` among its parameters.
        without: fields that are no options of this command.
    """

    def checked(context: typer.Context, **values: Any) -> Connection:
        connection = Connection(**values)
        if connection.version is not None and connection.label is not None:
            raise typer.BadParameter("--version and --label both say which version: leave one out.")
        if connection.model_dir is not None:
            _refuse_a_server_too(context)
        return connection

    fields = get_type_hints(Connection, include_extras=True).items()
    shown = [(name, hint) for name, hint in fields if name not in without]
    parameters = [keyword(name, hint, Connection._field_defaults[name]) for name, hint in shown]
    return spread(command, "connection", [keyword("context", typer.Context), *parameters], checked)


def _refuse_a_server_too(context: typer.Context) -> None:
    """Refuses options of a server beside --model-dir, which does without one; those of the environment may stay."""
    for name in ("server", "label", "tls", "ca", "cert", "key"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"--{name} is for a server, and --model-dir does without one.")


def refuse_label(connection: Connection) -> None:
    """Refuses --label for a folder."""
    if connection.label is not None:
        raise typer.BadParameter("--label is for a server, which gives labels: name a folder's version by --version.")


def is_address(target: str) -> bool:
    """Whether a target is a server, and no folder."""
    return not Path(target).exists() and ADDRESS.fullmatch(target) is not None


def connect(connection: Connection) -> StyleClient:
    """A client for one server or several; `tls`, or any of the three PEM files, makes it speak TLS.

    With `model_dir` there is no server: this very process loads TensorFlow and the model.

    Raises:
        CertificateError: a file cannot be read or is not PEM, or a certificate stands without its key.
    """
    from nst_client.calls.servers import Server, Servers
    from nst_client.calls.style_client import StyleClient

    name, version, model_dir = connection.model_name, connection.version, connection.model_dir
    if model_dir is not None:
        # It belongs to a package that the client must not import, and loads TensorFlow.
        stub = importlib.import_module("nst_serving.in_process").InProcessStub(model_dir, name=name, version=version)
        here = Server(str(model_dir), prediction=stub, model=stub, close=stub.close, callee="The model in")
        return StyleClient(model=name, version=version, servers=Servers([here]))
    return StyleClient(connection.server, model=name, version=version, label=connection.label, tls=_tls(connection))


@contextmanager
def calls_of(connection: Connection, address: str) -> Iterator[Calls]:
    """Single calls of one server, whatever it serves: `call(service, method, request, deadline_seconds)`.

    Its services are `prediction` and `model`; what fails is an NstError.

    Raises:
        CertificateError: as `connect`.
        RequestRefused: it is no address.
    """
    from nst_client.calls.servers import server_at

    with _calls(server_at(address, _tls(connection))) as call:
        yield call


@contextmanager
def calls_here(version_dir: Path) -> Iterator[Calls]:
    """The same of any SavedModel, ours or another's, in this process, which loads TensorFlow and the model.

    Raises:
        nst_serving.errors.StartError: it cannot be loaded.
    """
    from nst_client.calls.servers import Server

    stub = importlib.import_module("nst_serving.saved_model_here").SavedModelStub(version_dir)
    with _calls(Server(str(version_dir), prediction=stub, model=None, close=stub.close, callee="The model in")) as call:
        yield call


@contextmanager
def _calls(server: Server) -> Iterator[Calls]:
    from nst_client.calls import transport
    from nst_client.calls.failures import Call

    def call(service: str, method: str, request: Any, deadline_seconds: float = STATUS_DEADLINE_SECONDS) -> Any:
        computes = bool(getattr(request, "inputs", None))
        which = Call(server.address, deadline_seconds, server.callee, server.tls, computes)
        return transport.call(getattr(getattr(server, service), method), request, which)

    try:
        yield call
    finally:
        server.close()


def _tls(connection: Connection) -> Tls | None:
    from nst_client.calls.transport import Tls

    if (connection.cert is None) != (connection.key is None):
        raise CertificateError("A client certificate and its key go together.", "Pass both --cert and --key.")
    pem = Tls(*(None if file is None else _pem(file) for file in (connection.ca, connection.cert, connection.key)))
    return pem if connection.tls or any(pem) else None


def _pem(file: Path) -> bytes:
    remedy = "Pass a PEM file, as `openssl` writes it."
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CertificateError(f"{file} cannot be read: {error.strerror}.", remedy) from error
    if b"-----BEGIN" not in data:
        raise CertificateError(f"{file} is not in the PEM format.", remedy)
    return data
