"""`nst inspect` of our own model."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import tensorflow as tf

from nst_export.errors import SavedModelError
from nst_export.saved_model.graph_file import read_saved_model, served_graph
from nst_export.saved_model.model_card import CARD_FILE, json_value
from nst_export.saved_model.warmup_file import WARMUP_FILE
from nst_export.toolkit.inspection import inspected, version_folder_of
from nst_export.toolkit.report import Report
from nst_export.toolkit.variables import stored_variables
from nst_graph.options import options_for
from nst_graph.signatures import SIGNATURES


@pytest.fixture(scope="module")
def report(tiny_model_dir) -> Report:
    return inspected(tiny_model_dir / "1")


def test_the_contract_is_read_back(report):
    assert (report.model, report.version, report.problems) == ("tiny", 1, [])
    assert [one.name for one in report.signatures] == sorted(
        [*(row.served_as for row in SIGNATURES), "describe", "evaluate"]
    )
    for row in SIGNATURES:
        found = next(one for one in report.signatures if one.name == row.served_as)
        assert {one.name for one in found.inputs if one.required} == set(row.inputs)
        assert {one.name for one in found.outputs} == set(row.outputs)
        assert [one.name for one in found.inputs if not one.required] == [
            option.name for option in options_for(row.reads) * row.takes_options
        ]


def test_every_input_and_output_has_its_meaning(report):
    rows = [row for signature in report.signatures for row in (*signature.inputs, *signature.outputs)]
    assert [row.name for row in rows if not row.meaning] == []


def test_an_option_has_its_range_and_default(report):
    default = next(one for one in report.signatures if one.name == "serving_default")
    rows = {row.name: row for row in default.inputs}
    assert (rows["history"].default, rows["history"].meaning) == (10, "Steps that lbfgs remembers. From 1 to 100.")
    assert rows["learning_rate"].meaning.endswith("Above 0, up to 255 pixel levels. By default the preset's own.")
    assert rows["keep"].meaning.endswith("One of last, best.")


def test_a_server_must_know_defaults(report):
    assert [(one.server, one.flag) for one in report.requirements] == [("2.14", "")]


def test_variables_have_their_names_and_all_bytes(report, tiny_model_dir):
    assert report.variables[0][:4] == (
        "block1_conv1/kernel", "network_weights/0/.ATTRIBUTES/VARIABLE_VALUE", "float32", (3, 3, 3, 4),
    )  # fmt: skip
    reader = tf.train.load_checkpoint(str(tiny_model_dir / "1" / "variables" / "variables"))
    values = [reader.get_tensor(row.key) for row in report.variables]
    assert sum(row.bytes for row in report.variables) == sum(value.nbytes for value in values)


def test_the_cost_follows_from_the_networks_shapes(report):
    """1/16 of VGG19's channels: 1/256 of its products between channels, and 4 channels where the picture has 3."""
    products = 9 * (
        3 * 4 + 16 + (4 * 8 + 64) / 4 + (8 * 16 + 3 * 256) / 16 + (16 * 32 + 3 * 1024) / 64 + 2 * 1024 / 256
    )
    assert report.cost.flops == pytest.approx(4 * products)
    assert report.cost.memory == 2 * 4 * (8 + 16 / 4 + 64 / 16 + 128 / 64 + 64 / 256)


def test_digests_and_sizes_are_those_of_the_files(report, tiny_model_dir):
    files = [file for file in (tiny_model_dir / "1").rglob("*") if file.is_file()]
    assert {file.path: (file.bytes, file.sha256) for file in report.files} == {
        file.relative_to(tiny_model_dir / "1").as_posix(): (
            file.stat().st_size,
            hashlib.sha256(file.read_bytes()).hexdigest(),
        )
        for file in files
    }


def test_digests_are_left_out_where_nobody_wants_them(tiny_model_dir):
    assert {file.sha256 for file in inspected(tiny_model_dir / "1", digests=False).files} == {None}


def test_the_checksum_is_tensorflows_own(report, tiny_model_dir):
    fingerprint = tf.saved_model.experimental.read_fingerprint(str(tiny_model_dir / "1"))
    assert int(report.fingerprint, 16) == fingerprint.saved_model_checksum


def test_warm_up_requests_are_decoded(report):
    assert {request.signature for request in report.warmup} == {one.name for one in report.signatures}
    first = next(request for request in report.warmup if request.signature == "serving_default")
    assert [(one.name, one.dtype, one.shape, one.value) for one in first.inputs] == [
        ("content", "uint8", (64, 64, 3), None),
        ("iterations", "int32", (), 1),
        ("style", "uint8", (64, 64, 3), None),
    ]


def fits(value: Any, hint: Any) -> bool:
    """Whether a value of JSON is what a record's field says."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint is None:
        return hint is Any or value is None
    if origin in (types.UnionType, typing.Union):
        return any(fits(value, one) for one in arguments)
    if origin in (Sequence, tuple):
        return isinstance(value, list) and all(fits(one, arguments[0]) for one in value)
    if origin is Mapping:
        return isinstance(value, dict)
    if hasattr(hint, "_fields"):
        hints = typing.get_type_hints(hint)
        return value.keys() == hints.keys() and all(fits(value[name], hints[name]) for name in hints)
    return isinstance(value, hint if hint is not type(None) else type(None))


def test_the_json_is_what_the_records_say(report):
    document = json.loads(json.dumps(json_value(report), allow_nan=False))
    assert fits(document, Report)
    assert not fits(document | {"version": "1"}, Report)


def test_a_models_folder_stands_for_its_newest_version(tiny_model_dir, tmp_path):
    (tmp_path / "2").symlink_to(tiny_model_dir / "1")
    (tmp_path / "10").symlink_to(tiny_model_dir / "1")
    assert version_folder_of(tmp_path) == tmp_path / "10"
    assert version_folder_of(tmp_path, 2) == tmp_path / "2"
    assert version_folder_of(tmp_path / "2") == tmp_path / "2"
    with pytest.raises(SavedModelError, match=r"has no version 3: it has 2, 10\."):
        version_folder_of(tmp_path, 3)


@pytest.mark.parametrize(
    ("file", "content", "problem"),
    [
        (CARD_FILE, b"{", "The model card is not JSON"),
        (CARD_FILE, b'{"name": "nst"}', "The model card lacks contract"),
        (CARD_FILE, None, None),
        (WARMUP_FILE, b"\x07" * 40, "is damaged at byte 0"),
        ("fingerprint.pb", b"\xff\xff", "fingerprint.pb is damaged"),
        ("variables/variables.index", b"", "its end is missing"),
    ],
    ids=["no JSON", "no card", "no file", "warm-up", "fingerprint", "index"],
)
def test_what_is_damaged_beside_the_graph_is_a_problem(tiny_model_dir, broken_copy, file, content, problem):
    version = broken_copy(tiny_model_dir)
    if content is None:
        (version / file).unlink()
    else:
        (version / file).write_bytes(content)
    report = inspected(version)
    assert len(report.signatures) == 9
    if problem is None:
        assert report.problems == []
    else:
        assert problem in " ".join(report.problems)


def test_a_card_whose_options_are_damaged_is_a_problem(tiny_model_dir, broken_copy):
    version = broken_copy(tiny_model_dir)
    card = json.loads((version / CARD_FILE).read_text())
    (version / CARD_FILE).write_text(json.dumps(card | {"options": [{"name": "preset"}]}))
    assert inspected(version).problems == ["The model card's table of options is damaged."]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it holds no graph"),
        (b"no SavedModel at all", "is damaged, or no SavedModel"),
        (b"\x08\x01", "it holds no graph"),
    ],
    ids=["empty", "text", "no graph"],
)
def test_a_graph_that_cannot_be_read_is_refused(tmp_path, content, words):
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(SavedModelError, match=words):
        inspected(tmp_path)


def test_a_loop_of_links_ends(tiny_model_dir, broken_copy):
    version = broken_copy(tiny_model_dir)
    (version / "again").symlink_to(version, target_is_directory=True)
    assert inspected(version).problems == []
    (version / "round").symlink_to(version / "round")
    assert inspected(version).problems == [f"{version / 'round'} leads nowhere."]


def test_a_long_chain_of_objects_takes_little_memory(model_of):
    """The way to each is as long as the chain so far, and none is that of a variable on disk."""
    version = model_of("no_signatures") / "1"
    graph = served_graph(read_saved_model(version))
    begin = len(graph.object_graph_def.nodes)
    graph.object_graph_def.nodes[0].children.add(node_id=begin, local_name="c")
    graph.object_graph_def.nodes[0].children.add(node_id=-1_000_000, local_name="before")
    for number in range(begin + 1, begin + 20_000):
        node = graph.object_graph_def.nodes.add()
        node.variable.name = "v"
        node.children.add(node_id=number, local_name="c")
    tracemalloc.start()
    rows, _ = stored_variables(version, graph)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row.name for row in rows] == ["kept"]
    assert peak < 2**25
