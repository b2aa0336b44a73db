"""A client from what a person types: addresses, names and certificate files."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from nst_client.calls.servers import Server, Servers
from nst_client.calls.style_client import StyleClient
from nst_client.calls.transport import Tls
from nst_client.errors import CertificateError


def connect(
    address: str | Sequence[str],
    *,
    model: str,
    model_dir: Path | None = None,
    version: int | None = None,
    tls: bool = False,
    authority: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> StyleClient:
    """A client for one server or several; `tls`, or any of the three PEM files, makes it speak TLS.

    With `model_dir` there is no server: this very process loads TensorFlow and the model.

    Raises:
        CertificateError: a file cannot be read or is not PEM, or a certificate stands without its key.
    """
    if model_dir is not None:
        # It belongs to a package that the client must not import, and loads TensorFlow.
        stub = importlib.import_module("nst_serving.in_process").InProcessStub(model_dir, name=model, version=version)
        here = Server(str(model_dir), prediction=stub, model=stub, close=stub.close, callee="The model in")
        return StyleClient(model=model, version=version, servers=Servers([here]))
    if (certificate is None) != (key is None):
        raise CertificateError("A client certificate and its key go together.", "Pass both --cert and --key.")
    files = Tls(*(None if file is None else _pem(file) for file in (authority, certificate, key)))
    return StyleClient(address, model=model, version=version, tls=files if tls or any(files) else None)


def _pem(file: Path) -> bytes:
    remedy = "Pass a PEM file, as `openssl` writes it."
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CertificateError(f"{file} cannot be read: {error.strerror}.", remedy) from error
    if b"-----BEGIN" not in data:
        raise CertificateError(f"{file} is not in the PEM format.", remedy)
    return data
