"""A version that is not whole does not load, so that TensorFlow Serving keeps the good one; a whole one does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tensorflow as tf

from tests.compatibility.conftest import run
from tests.compatibility.cpp_loader import load_in_cpp, loads_eagerly

DATA, INDEX = "variables/variables.data-00000-of-00001", "variables/variables.index"
ALL = ("saved_model.pb", DATA, INDEX, "fingerprint.pb", "assets.extra/model_card.json")

# What is there of each, and how many bytes of the last file; None is all of them.
HALF_COPIED = {
    "nothing but the graph": (("saved_model.pb",), None),
    "no variables yet": (("saved_model.pb", "fingerprint.pb", "assets.extra/model_card.json"), None),
    "no index yet": (("saved_model.pb", DATA), None),
    "no data yet": (("saved_model.pb", INDEX), None),
    "half of the data": (("saved_model.pb", INDEX, DATA), 1000),
    "an index cut off": (("saved_model.pb", DATA, INDEX), 99),
    "no graph yet": ((DATA, INDEX), None),
    "half of the graph": ((DATA, INDEX, "saved_model.pb"), 9999),
}
WHOLE = {"whole": (ALL, None), "without extra files": (("saved_model.pb", DATA, INDEX), None)}


@pytest.fixture(scope="module")
def copies(tiny_model_dir, tmp_path_factory) -> dict[str, Path]:
    """A folder for each case."""
    parent = tmp_path_factory.mktemp("copies")
    folders = {}
    for number, (case, (names, length)) in enumerate((HALF_COPIED | WHOLE).items()):
        folders[case] = parent / str(number)
        for name in names:
            (folders[case] / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(tiny_model_dir / "1" / name, folders[case] / name)
        if length is not None:
            last = folders[case] / names[-1]
            last.write_bytes(last.read_bytes()[:length])
    return folders


@pytest.mark.parametrize("case", HALF_COPIED)
def test_a_half_copied_version_does_not_load_here(copies, case):
    code, message = load_in_cpp(copies[case])
    assert code != 0
    assert message


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_version_loads_here(copies, case):
    assert load_in_cpp(copies[case]) == (0, "")
    assert loads_eagerly(copies[case])


def test_without_the_check_the_graph_alone_would_load(copies, tmp_path):
    """That is what the check in the graph is for: a module without it has the fault."""
    module = tf.Module()
    module.weight = tf.Variable(1.0)
    module.half = tf.function(lambda: {"y": module.weight / 2}, input_signature=[])
    tf.saved_model.save(module, str(tmp_path / "whole"), signatures={"half": module.half})
    (tmp_path / "1").mkdir()
    shutil.copy(tmp_path / "whole" / "saved_model.pb", tmp_path / "1")
    assert load_in_cpp(tmp_path / "1") == (0, "")
    assert "Could not find variable" in load_in_cpp(copies["nothing but the graph"])[1]


@pytest.mark.slow
def test_so_it_is_in_other_versions(copies, environment):
    version, python = environment
    finished = run(python, Path(__file__).with_name("cpp_loader.py"), *copies.values())
    assert finished.returncode == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert report["version"] == version
    for case, folder in copies.items():
        code, message, eager = report["folders"][str(folder)]
        assert (code == 0, not message) == (case in WHOLE,) * 2, (case, message)
        assert eager == (case in WHOLE), case
