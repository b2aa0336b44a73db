"""TLS and mutual TLS from the SSLConfig text file that TensorFlow Serving takes as --ssl_config_file."""

from __future__ import annotations

from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory, text_format

from nst_serving.errors import StartError

# tensorflow_serving/config/ssl_config.proto, which tensorflow-serving-api does not ship: four fields.
FIELDS = {"server_key": "string", "server_cert": "string", "custom_ca": "string", "client_verify": "bool"}


def server_credentials(file: Path) -> grpc.ServerCredentials:
    """The credentials that an SSLConfig names; its PEM texts stand in the file itself.

    With `client_verify: true` every client must show a certificate that `custom_ca` has signed.

    Raises:
        StartError: the file cannot be read, or lacks a key or a certificate.
    """
    remedy = 'Write server_key: "-----BEGIN ...", server_cert: "..." and, for mutual TLS, custom_ca and client_verify.'
    try:
        config = text_format.Parse(file.read_text(encoding="utf-8"), _ssl_config_class()())
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise StartError(f"{file} is not an SSLConfig: {error}", remedy) from error
    values = {name: getattr(config, name) for name in FIELDS}
    for name in ("server_key", "server_cert", *(["custom_ca"] if values["client_verify"] else [])):
        if "-----BEGIN" not in values[name]:
            raise StartError(f"{file} has no PEM text in {name}.", remedy)
    return grpc.ssl_server_credentials(
        [(values["server_key"].encode(), values["server_cert"].encode())],
        root_certificates=values["custom_ca"].encode() or None,
        require_client_auth=values["client_verify"],
    )


def _ssl_config_class() -> type[message.Message]:
    """The message class, in a descriptor pool of its own so that it never meets the server's."""
    file = descriptor_pb2.FileDescriptorProto(name="ssl_config.proto", package="tensorflow.serving", syntax="proto3")
    config = file.message_type.add(name="SSLConfig")
    kinds = descriptor_pb2.FieldDescriptorProto
    for number, (name, kind) in enumerate(FIELDS.items(), start=1):
        field_type = kinds.TYPE_BOOL if kind == "bool" else kinds.TYPE_STRING
        config.field.add(name=name, number=number, type=field_type, label=kinds.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.serving.SSLConfig"))
