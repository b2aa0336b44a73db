"""The checksum in TensorFlow's files: CRC-32C (RFC 3720), masked as tensorflow/core/lib/hash/crc32c.h has it.

Python's own libraries have another polynomial's alone. This one takes a second for ten megabytes.
"""

from __future__ import annotations

POLYNOMIAL = 0x82F63B78  # Castagnoli's, bits reversed
MASK_DELTA = 0xA282EAD8


def _table() -> tuple[int, ...]:
    rows = []
    for row in range(256):
        for _ in range(8):
            row = (row >> 1) ^ (POLYNOMIAL if row & 1 else 0)  # noqa: PLW2901
        rows.append(row)
    return tuple(rows)


TABLE = _table()


def crc32c(data: bytes) -> int:
    """CRC-32C: of b"123456789" it is 0xE3069283."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def masked_crc32c(data: bytes) -> int:
    """As it stands in files."""
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + MASK_DELTA) & 0xFFFFFFFF
