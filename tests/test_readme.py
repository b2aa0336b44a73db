"""The README says what the SavedModel says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tensorflow as tf

from nst_export.saved_model.session import Model
from nst_graph.options import options_for

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
TENSOR = re.compile(r"`(\w+)` (\w+)\[([^\]]*)\]")


@pytest.fixture(scope="module")
def signatures(tiny_model_dir):
    model = Model(tiny_model_dir / "1", inter_op_threads=1)
    yield {name: value for name, value in model.signatures.items() if not name.startswith("__")}
    model.close()


def rows() -> dict[str, list[str]]:
    """The cells of the signature table by signature."""
    table = re.search(r"\| signature \|.*?(?=<!--)", README, re.DOTALL)[0]
    cells = [[cell.strip() for cell in line.strip("|\n ").split("|")] for line in table.strip().split("\n")[2:]]
    return {name.strip("`"): columns for name, *columns in cells}


def written(cell: str) -> dict[str, tuple[str, int]]:
    """Name to dtype and rank, as a cell of the table has them."""
    return {name: (dtype, len([d for d in dims.split(",") if d])) for name, dtype, dims in TENSOR.findall(cell)}


def actual(tensors) -> dict[str, tuple[str, int]]:
    return {name: (tf.as_dtype(info.dtype).name, len(info.tensor_shape.dim)) for name, info in tensors.items()}


def test_the_table_has_every_signature(signatures):
    assert set(rows()) == set(signatures)


def test_the_tables_inputs_and_outputs_are_the_models(signatures):
    for name, (required, options, outputs) in rows().items():
        inputs = actual(signatures[name].inputs)
        defaults = set(signatures[name].defaults)
        assert written(required) == {alias: spec for alias, spec in inputs.items() if alias not in defaults}
        reads = "files" if "content_bytes" in inputs else "pixels"
        assert defaults == ({option.name for option in options_for(reads)} if options == "all" else set())
        assert written(outputs) == actual(signatures[name].outputs)


def test_every_folder_named_is_there():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_make_target_named_is_in_the_makefile():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^make (\w+)", README, re.MULTILINE)) <= targets
