"""The client does without TensorFlow's runtime, and does not stand in its way."""

from __future__ import annotations

import importlib
import sys

import pytest
import tensorflow as tf

from nst_client.calls import protocol

RUNTIME = """
import sys
runtime = sorted(name for name in sys.modules if name.split(".")[:2] == ["tensorflow", "python"])
"""


def test_the_client_does_not_load_tensorflow(python):
    done = python(
        "import nst_client.calls.style_client" + RUNTIME + "assert 'tensorflow' not in sys.modules\n"
        "assert not runtime, runtime\n"
        "assert 'tensorflow.core.framework.tensor_pb2' in sys.modules\n"
        "assert not any('pywrap' in name or name == 'keras' for name in sys.modules)\n"
    )
    assert done.returncode == 0, done.stderr


def test_tensorflow_can_be_imported_after_the_client_and_shares_its_messages(python):
    done = python(
        "from nst_client.calls.protocol import tensor_pb2\n"
        "import tensorflow as tf\n"
        "from tensorflow.core.framework import tensor_pb2 as own\n"
        "assert own.TensorProto is tensor_pb2.TensorProto\n"
        "assert type(tf.make_tensor_proto(1)) is tensor_pb2.TensorProto\n"
        "print(int(tf.constant(20) + 22))\n",
        TF_CPP_MIN_LOG_LEVEL="3",
    )
    assert done.stdout == "42\n", done.stderr


def test_a_tensorflow_imported_before_the_client_stays_the_real_one():
    messages = protocol.tensor_pb2.TensorProto
    assert importlib.reload(protocol).tensor_pb2.TensorProto is messages
    assert sys.modules["tensorflow"] is tf
    assert type(tf.make_tensor_proto(1)) is messages


@pytest.mark.parametrize(
    "arguments", [["--help"], ["stylize", "--help"], ["status", "-h"], ["demo", "-h"]], ids=" ".join
)
def test_help_loads_nothing_heavy(python, arguments: list[str]):
    done = python(
        "import sys\n"
        "sys.argv = ['nst', *sys.argv[1:]]\n"
        "from nst_client.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    heavy = {'tensorflow', 'numpy', 'grpc', 'PIL', 'google.protobuf', 'matplotlib', 'keras'}\n"
        "    print('loaded:', sorted(heavy & set(sys.modules)))\n",
        *arguments,
    )
    assert done.returncode == 0, done.stderr
    assert "Usage: nst" in done.stdout
    assert done.stdout.endswith("loaded: []\n")


def test_public_names_are_loaded_at_first_use(python):
    done = python(
        "import sys, nst_client\n"
        "assert 'numpy' not in sys.modules\n"
        "for name in nst_client.__all__:\n"
        "    assert getattr(nst_client, name).__name__ == name\n"
        "assert issubclass(nst_client.NstError, Exception)\n"
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_public_name_is_an_attribute_error(python):
    done = python("import nst_client; nst_client.nothing")
    assert "AttributeError: module 'nst_client' has no attribute 'nothing'" in done.stderr
