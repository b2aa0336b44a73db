"""What variables a version has: variables.index, read without TensorFlow's runtime.

It is a sorted table of LevelDB's format, uncompressed, from names to `BundleEntryProto`
(tensorflow/core/util/tensor_bundle, tensorflow/core/lib/io/format.h).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from google.protobuf.message import DecodeError

from nst_export.errors import SavedModelError
from nst_export.saved_model.crc32c import masked_crc32c
from nst_export.saved_model.file_bytes import COPY_AGAIN, bytes_of
from nst_export.saved_model.messages import tensor_bundle_pb2
from nst_export.saved_model.tensor_values import Shape, dtype_name, shape_of
from nst_export.saved_model.version_folder import VARIABLES_FOLDER

INDEX_FILE = Path(VARIABLES_FOLDER, "variables.index")
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"  # stands among the variables and is none: which objects hold them

MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
FOOTER_BYTES = 48
TRAILER_BYTES = 5  # behind each block: how it is compressed, and its checksum
MOST_SHARDS = 100_000  # as many as their names have digits for
LARGEST_INDEX = 2**28  # bytes: that of a model with a million variables
MOST_ENTRIES = 2**21


# A variable of which the shards hold pieces has an entry for itself, without bytes, and one for each piece: a zero, its
# name, this, and where in it the piece stands (saved_tensor_slice_util.cc).
PIECE, END_OF_NAME = b"\x00", b"\x00\x01"


class Stored(NamedTuple):
    """One variable."""

    key: str
    dtype: str
    shape: Shape
    size: int  # bytes, of all pieces
    shard: int  # that of the first piece
    checksum: str  # TensorFlow's own of the bytes, CRC-32C in hexadecimal; of several pieces one after the other


class VariablesIndex(NamedTuple):
    """The whole table."""

    entries: list[Stored]
    bytes_in: list[int]  # how many bytes of values each shard holds

    @property
    def shard_files(self) -> list[Path]:
        """The files with the values, below the version folder."""
        count = len(self.bytes_in)
        return [Path(VARIABLES_FOLDER, f"variables.data-{shard:05}-of-{count:05}") for shard in range(count)]


def read_variables_index(version_dir: Path) -> VariablesIndex:
    """The table of a version that has variables.

    Raises:
        SavedModelError: it is damaged or cannot be read.
    """
    file = version_dir / INDEX_FILE
    try:
        return _index(bytes_of(file, LARGEST_INDEX))
    except (ValueError, IndexError, DecodeError) as error:
        what = "it ends too early" if isinstance(error, IndexError) else str(error)
        raise SavedModelError(f"{file} is damaged: {what}.", COPY_AGAIN) from error


def _index(data: bytes) -> VariablesIndex:
    footer = data[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or not footer.endswith(MAGIC):
        raise ValueError("its end is missing")
    _, at = _handle(footer, 0)  # of properties of the table, which nobody writes
    handle, _ = _handle(footer, at)
    items = dict(_bounded(item for block in _blocks(data, _block(data, *handle)) for item in _items(block)))
    header = tensor_bundle_pb2.BundleHeaderProto.FromString(items.pop(b"", b""))
    messages = {key: tensor_bundle_pb2.BundleEntryProto.FromString(message) for key, message in items.items()}
    bytes_in = dict.fromkeys(range(min(header.num_shards, MOST_SHARDS)), 0)
    pieces: dict[bytes, list[tensor_bundle_pb2.BundleEntryProto]] = defaultdict(list)
    for key, message in messages.items():
        if message.shard_id not in bytes_in:
            raise ValueError(f"it has no shard {message.shard_id}")
        bytes_in[message.shard_id] += message.size
        if key.startswith(PIECE):
            pieces[key.removeprefix(PIECE).split(END_OF_NAME)[0]].append(message)
    whole = [_stored(key, message, pieces[key] or [message]) for key, message in messages.items() if key[:1] != PIECE]
    return VariablesIndex(whole, list(bytes_in.values()))


def _stored(
    key: bytes, entry: tensor_bundle_pb2.BundleEntryProto, pieces: list[tensor_bundle_pb2.BundleEntryProto]
) -> Stored:
    size, shard = sum(piece.size for piece in pieces), min(piece.shard_id for piece in pieces)
    checksum = "".join(f"{piece.crc32c:08x}" for piece in pieces)
    return Stored(key.decode(errors="replace"), dtype_name(entry.dtype), shape_of(entry.shape), size, shard, checksum)


def _blocks(data: bytes, handles: bytes) -> Iterator[bytes]:
    """The blocks that another one lists."""
    left = len(data)
    for _, value in _items(handles):
        (offset, size), _ = _handle(value, 0)
        left -= size
        if left < 0:
            raise ValueError("its blocks overlap")
        yield _block(data, offset, size)


def _bounded(items: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
    """Those of any model: a few bytes may repeat a long name as often as they like."""
    letters = 0
    for count, (key, value) in enumerate(items, start=1):
        letters += len(key)
        if count > MOST_ENTRIES or letters > LARGEST_INDEX:
            raise ValueError("it has more names than any model")
        yield key, value


def _block(data: bytes, offset: int, size: int) -> bytes:
    content, trailer = data[offset : offset + size + 1], data[offset + size : offset + size + TRAILER_BYTES]
    if len(trailer) < TRAILER_BYTES or masked_crc32c(content) != int.from_bytes(trailer[1:], "little"):
        raise ValueError(f"the checksum of the block at byte {offset} does not fit")
    if trailer[0]:
        raise ValueError("it is compressed, as TensorFlow never writes it")
    return content[:-1]


def _items(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block. A key repeats the first letters of the one before it by their number."""
    restarts = int.from_bytes(block[-4:], "little")
    at, end, key = 0, len(block) - 4 * (restarts + 1), b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        length, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + length]
        at += own + length


def _handle(data: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Offset and size of a block, and where what follows begins."""
    offset, at = _varint(data, at)
    size, at = _varint(data, at)
    return (offset, size), at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
    raise ValueError("a number in it has no end")
