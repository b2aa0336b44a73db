"""TLS from the server's own SSLConfig file, and the client's options for it."""

from __future__ import annotations

import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from nst_client import NstError
from nst_client.commands.connection import Connection, connect
from nst_client.errors import ServerUnavailable
from nst_serving.errors import StartError
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer


def signed(name: str, issuer: tuple | None = None) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certificate for this machine, signed by `issuer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    )
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def certificate_pem(pair) -> str:
    return pair[0].public_bytes(serialization.Encoding.PEM).decode()


def key_pem(pair) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return pair[1].private_bytes(encoding, form, serialization.NoEncryption()).decode()


@pytest.fixture(scope="module")
def authority():
    return signed("authority")


@pytest.fixture(scope="module")
def files(tmp_path_factory, authority):
    """PEM files for a client, and SSLConfig files with and without mutual TLS."""
    folder = tmp_path_factory.mktemp("tls")
    server, client, stranger = signed("server", authority), signed("client", authority), signed("stranger")
    for name, pair in {"client": client, "stranger": stranger, "authority": authority}.items():
        (folder / f"{name}.crt").write_text(certificate_pem(pair))
        (folder / f"{name}.key").write_text(key_pem(pair))
    quoted = {"server_key": key_pem(server), "server_cert": certificate_pem(server)}
    plain = "".join(f"{name}: {text!r}\n" for name, text in quoted.items())
    (folder / "tls.config").write_text(plain)
    (folder / "mutual.config").write_text(f"{plain}custom_ca: {certificate_pem(authority)!r}\nclient_verify: true\n")
    return folder


@pytest.fixture(scope="module", params=["tls.config", "mutual.config"])
def server(request, files, light_model_dir):
    options = ServerOptions(port=0, ssl_config=files / request.param, warm_up=False)
    server = EmbeddedServer(single_model("nst", light_model_dir), options)
    yield server, request.param == "mutual.config"
    server.stop()


def state(address, **options) -> str:
    with connect(Connection([address], **options)) as client:
        return client.status()[0].state


def test_a_client_with_the_right_files_is_answered(server, files):
    address = server[0].address
    own = {"cert": files / "client.crt", "key": files / "client.key"}
    assert state(address, ca=files / "authority.crt", **own) == "AVAILABLE"


def test_a_client_without_a_certificate_is_answered_unless_tls_is_mutual(server, files):
    running, mutual = server
    if mutual:
        with pytest.raises(NstError, match="closes the TLS connection at once") as caught:
            state(running.address, ca=files / "authority.crt")
        assert caught.value.remedy.startswith("Pass --cert and --key")
    else:
        assert state(running.address, ca=files / "authority.crt") == "AVAILABLE"


@pytest.mark.parametrize(
    ("options", "what", "remedy"),
    [
        ({}, "closes the connection at once", "Pass --tls, or --ca FILE, if the server speaks TLS"),
        ({"tls": True}, "authority that is not trusted here", "Pass the certificate of its authority with --ca FILE."),
        ({"ca": "stranger.crt"}, "authority that is not trusted here", "Pass the certificate of its authority"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_client_that_does_not_trust_the_server_is_told_what_to_pass(server, files, options, what, remedy):
    options = {name: files / value if isinstance(value, str) else value for name, value in options.items()}
    with pytest.raises(ServerUnavailable, match=what) as caught:
        state(server[0].address, **options)
    assert caught.value.remedy.startswith(remedy)


def test_a_certificate_for_another_name_is_told(server, files):
    address = f"localhost:{server[0].address.rpartition(':')[2]}"
    with pytest.raises(ServerUnavailable, match="certificate for another name"):
        state(address, ca=files / "authority.crt")


def test_a_server_without_tls_is_told_from_one_that_is_not_there(light_model_dir):
    plain = EmbeddedServer(single_model("nst", light_model_dir), ServerOptions(port=0, rest_port=0, warm_up=False))
    for address in (plain.address, plain.rest_address):
        with pytest.raises(ServerUnavailable, match=f"What listens at {address} does not speak TLS") as caught:
            state(address, tls=True)
        assert caught.value.remedy == "Leave out --tls, --ca, --cert and --key, or name a port with TLS."
    plain.stop()


def test_a_certificate_goes_with_its_key(files):
    with pytest.raises(NstError, match="go together"):
        connect(Connection(["127.0.0.1:1"], cert=files / "client.crt"))


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere.crt", "cannot be read"), ("text.crt", "not in the PEM format")]
)
def test_a_file_that_is_no_certificate_is_explained(files, name, message):
    (files / "text.crt").write_text("text")
    with pytest.raises(NstError, match=message):
        connect(Connection(["127.0.0.1:1"], ca=files / name))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("server_kee: 1", "is not an SSLConfig"),
        ("", "has no PEM text in server_key"),
        ("server_key: '-----BEGIN'", "has no PEM text in server_cert"),
        ("server_key: '-----BEGIN' server_cert: '-----BEGIN' client_verify: true", "has no PEM text in custom_ca"),
    ],
)
def test_a_bad_configuration_is_explained(tmp_path, light_model_dir, text, message):
    (tmp_path / "ssl.config").write_text(text)
    options = ServerOptions(port=0, ssl_config=tmp_path / "ssl.config", warm_up=False)
    with pytest.raises(StartError, match=message):
        EmbeddedServer(single_model("nst", light_model_dir), options)
