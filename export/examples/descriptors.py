"""Writes what a gRPC client in any language needs of TensorFlow Serving's protocol: a FileDescriptorSet.

python descriptors.py > descriptors.bin
"""

import sys

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from tensorflow_serving.apis import prediction_service_pb2

descriptors = FileDescriptorSet()
written = set()


def write(file: FileDescriptor) -> None:
    """A file behind all that it imports."""
    if file.name not in written:
        written.add(file.name)
        for imported in file.dependencies:
            write(imported)
        file.CopyToProto(descriptors.file.add())


write(prediction_service_pb2.DESCRIPTOR)
sys.stdout.buffer.write(descriptors.SerializeToString())
