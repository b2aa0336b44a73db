"""A client from what a person types: addresses, names and certificate files."""

from __future__ import annotations

from pathlib import Path

from nst_client.errors import NstError
from nst_client.style_client import StyleClient
from nst_client.transport import Tls


class CertificateError(NstError):
    """A certificate or key file cannot be used."""


def connect(
    address: str,
    *,
    model: str,
    version: int | None = None,
    tls: bool = False,
    authority: Path | None = None,
    certificate: Path | None = None,
    key: Path | None = None,
) -> StyleClient:
    """A client for a server; `tls`, or any of the three PEM files, makes it speak TLS.

    Raises:
        CertificateError: a file cannot be read or is not PEM, or a certificate stands without its key.
    """
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
