"""The table of variables, against TensorFlow's own reader, and damaged."""

from __future__ import annotations

import pytest
import tensorflow as tf

from nst_export.errors import SavedModelError
from nst_export.saved_model.crc32c import masked_crc32c
from nst_export.saved_model.variables_index import FOOTER_BYTES, INDEX_FILE, MAGIC, read_variables_index
from tests.export.hostile import varint


@pytest.fixture(scope="module")
def version(tmp_path_factory):
    """Enough variables for a table of several blocks."""
    folder = tmp_path_factory.mktemp("index")
    module = tf.Module()
    module.many = [tf.Variable(tf.ones([number % 7 + 1], tf.float16), name=f"v{number}") for number in range(400)]
    tf.train.Checkpoint(module=module).write(str(folder / "variables" / "variables"))
    return folder


def test_every_entry_is_found_with_its_shape(version):
    index = read_variables_index(version)
    stored = tf.train.list_variables(str(version / "variables" / "variables"))
    assert [(entry.key, list(entry.shape)) for entry in index.entries] == stored
    assert {entry.dtype for entry in index.entries if "many" in entry.key} == {"float16"}


def test_the_entries_sizes_add_up_to_the_files(version):
    index = read_variables_index(version)
    (shard,) = index.shard_files
    assert (version / shard).stat().st_size == index.bytes_in[0]


@pytest.mark.parametrize("at", [5, 2000, -60])
def test_a_flipped_bit_is_found(version, tmp_path, at):
    data = bytearray((version / INDEX_FILE).read_bytes())
    data[at] ^= 1
    (tmp_path / "variables").mkdir()
    (tmp_path / INDEX_FILE).write_bytes(data)
    with pytest.raises(SavedModelError, match="is damaged: the checksum of the block at byte"):
        read_variables_index(tmp_path)


@pytest.mark.parametrize("kept", [0, 10, 47, 3000])
def test_a_table_that_was_cut_off_is_refused(version, tmp_path, kept):
    (tmp_path / "variables").mkdir()
    (tmp_path / INDEX_FILE).write_bytes((version / INDEX_FILE).read_bytes()[:kept])
    with pytest.raises(SavedModelError, match="is damaged: its end is missing"):
        read_variables_index(tmp_path)


def block(items: list[tuple[int, bytes, bytes]]) -> bytes:
    """A block of keys, each after the letters that it shares with the one before, and values, with its checksum."""
    entries = (varint(shared) + varint(len(own)) + varint(len(value)) + own + value for shared, own, value in items)
    content = b"".join(entries) + bytes(8)[:4] + (1).to_bytes(4, "little") + b"\x00"
    return content + masked_crc32c(content).to_bytes(4, "little")


def table(first: bytes, times: int) -> bytes:
    """One whose index lists the first block so many times."""
    handle = varint(0) + varint(len(first) - 5)
    index = block([(0, b"k", handle)] * times)
    footer = bytes(2) + varint(len(first)) + varint(len(index) - 5)
    return first + index + footer.ljust(FOOTER_BYTES - len(MAGIC), b"\x00") + MAGIC


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (table(block([(0, b"n" * 10_000, b""), *[(10_000, b"", b"")] * 30_000]), times=1), "more names than any model"),
        (table(block([(0, b"name", b"")]), times=1000), "its blocks overlap"),
    ],
    ids=["a long name again and again", "a block again and again"],
)
def test_few_bytes_that_claim_to_be_many_are_refused(tmp_path, data, words):
    assert len(data) < 2**20
    (tmp_path / "variables").mkdir()
    (tmp_path / INDEX_FILE).write_bytes(data)
    with pytest.raises(SavedModelError, match=words):
        read_variables_index(tmp_path)
