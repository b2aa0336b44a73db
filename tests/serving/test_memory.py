"""A request that needs more memory than there is gets an answer, and the server serves on."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
import resource, sys
from pathlib import Path
import numpy as np
from nst_serving.in_process import CallError, InProcessStub
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2

def request(**pictures):
    made = predict_pb2.PredictRequest()
    made.model_spec.name = "nst"
    for name, proto in pictures.items():
        made.inputs[name].CopyFrom(proto)
    made.inputs["iterations"].CopyFrom(tf.make_tensor_proto(np.int32(1)))
    return made

small = tf.make_tensor_proto(np.full((40, 40, 3), 100, np.uint8))
bomb = tf.make_tensor_proto(np.uint8(1), shape=[40000, 40000, 3])  # one value that stands for 4.8 GB
stub = InProcessStub(Path(sys.argv[1]))
stub.Predict(request(content=small, style=small))
pages = int(Path("/proc/self/statm").read_text().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + int(sys.argv[2]) * 2**20,) * 2)
try:
    stub.Predict(request(content=bomb, style=small))
except CallError as error:
    print(error.code().name)
print(len(stub.Predict(request(content=small, style=small)).outputs))
stub.close()
"""


@pytest.mark.parametrize("megabytes", [1000, 6000], ids=["too few to parse it", "too few to copy it"])
def test_a_picture_larger_than_the_memory_is_refused_and_the_next_is_painted(tiny_model_dir, megabytes):
    command = [sys.executable, "-c", PROGRAM, str(tiny_model_dir), str(megabytes)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    code, outputs = finished.stdout.split()
    assert code in {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED"}
    assert outputs == "2"
