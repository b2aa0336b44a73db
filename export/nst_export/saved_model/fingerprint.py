"""TensorFlow's own checksums of a version, in fingerprint.pb. TensorFlow's runtime is not needed."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.message import DecodeError

from nst_export.errors import SavedModelError
from nst_export.saved_model.file_bytes import COPY_AGAIN, bytes_of
from nst_export.saved_model.messages import fingerprint_pb2
from nst_export.saved_model.version_folder import FINGERPRINT_FILE

LARGEST_FINGERPRINT = 2**16  # bytes: a thousand times what TensorFlow writes


def read_fingerprint(version_dir: Path) -> fingerprint_pb2.FingerprintDef | None:
    """The checksums; None if there are none, as TensorFlow 2.11 and older wrote it.

    Raises:
        SavedModelError: the file is damaged or cannot be read.
    """
    file = version_dir / FINGERPRINT_FILE
    if not file.exists():
        return None
    try:
        return fingerprint_pb2.FingerprintDef.FromString(bytes_of(file, LARGEST_FINGERPRINT))
    except DecodeError as error:
        raise SavedModelError(f"{file} is damaged: {error}.", COPY_AGAIN) from error
