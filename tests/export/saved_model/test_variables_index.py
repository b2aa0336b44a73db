"""The table of variables, against TensorFlow's own reader, and damaged."""

from __future__ import annotations

import pytest
import tensorflow as tf

from nst_export.errors import SavedModelError
from nst_export.saved_model.variables_index import INDEX_FILE, read_variables_index


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
