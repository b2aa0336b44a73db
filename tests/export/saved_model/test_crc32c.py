"""The checksum in TensorFlow's files."""

from __future__ import annotations

import pytest
import tensorflow as tf

from nst_export.saved_model.crc32c import crc32c, masked_crc32c


@pytest.mark.parametrize(
    ("data", "checksum"),
    [(b"123456789", 0xE3069283), (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E)],
    ids=["digits", "zeros", "ones", "ascending"],
)
def test_the_examples_of_rfc_3720_come_out(data, checksum):
    assert crc32c(data) == checksum


def test_the_mask_is_that_of_tensorflows_records(tmp_path):
    with tf.io.TFRecordWriter(str(tmp_path / "records")) as writer:
        writer.write(b"some bytes")
    written = (tmp_path / "records").read_bytes()
    assert masked_crc32c(written[:8]).to_bytes(4, "little") == written[8:12]
    assert masked_crc32c(b"some bytes").to_bytes(4, "little") == written[-4:]
