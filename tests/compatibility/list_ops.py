"""Prints every op of the running TensorFlow and the names of its attributes, one op a line.

tensorflow-2.19.1-ops.txt is what this prints under TensorFlow 2.19.1:

    python tests/compatibility/list_ops.py > tests/compatibility/tensorflow-2.19.1-ops.txt

Run it in an environment of that version; it needs nothing else.
"""

from __future__ import annotations

import sys

import tensorflow as tf
from tensorflow.core.framework import op_def_pb2
from tensorflow.python.client import pywrap_tf_session

ops = op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList())).op
sys.stdout.write(f"# tensorflow {tf.__version__}\n")
for op in sorted(ops, key=lambda op: op.name):
    sys.stdout.write(" ".join([op.name, *sorted(attribute.name for attribute in op.attr)]) + "\n")
