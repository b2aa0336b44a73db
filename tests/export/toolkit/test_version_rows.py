"""`nst versions MODEL_DIR`: every version, whole or broken, on disk and on servers."""

from __future__ import annotations

import shutil
from datetime import datetime, timezone

import pytest

from nst_client.commands.connection import Connection, calls_of
from nst_client.errors import ModelNotFound
from nst_export.errors import ConfigError, SavedModelError
from nst_export.saved_model.model_card import read_card
from nst_export.toolkit.version_rows import ServedVersion, configured_model, version_rows
from nst_export.toolkit.version_screen import version_screen
from nst_export.toolkit.words import age_in_words
from nst_serving.configuration import read_configuration
from nst_serving.options import ServerOptions
from nst_serving.server import EmbeddedServer


def rows_of(model_dir, labels=(), servers=()):
    return version_rows(model_dir, "nst", dict(labels), dict(servers))


@pytest.fixture
def model_dir(tmp_path, tiny_model_dir):
    """Versions 1 and 2, which are the same."""
    folder = tmp_path / "nst"
    folder.mkdir()
    for name in ("1", "2"):
        (folder / name).symlink_to(tiny_model_dir / "1")
    return folder


def test_a_version_has_what_its_card_and_its_files_say(tiny_model_dir):
    (row,) = rows_of(tiny_model_dir, {"stable": 1, "canary": 1, "other": 7})
    card, version_dir = read_card(tiny_model_dir / "1"), tiny_model_dir / "1"
    assert (row.version, row.folder, row.created) == (1, str(version_dir), card.created)
    assert row.bytes == sum(file.stat().st_size for file in version_dir.rglob("*") if file.is_file())
    assert (row.weights, row.presets, row.precision, row.pooling) == ("random:0", list(card.presets), "float32", "max")
    assert (row.labels, row.served, row.problems) == (["canary", "stable"], [], [])


def test_a_model_of_others_has_the_age_of_its_graph(model_of):
    (row,) = rows_of(model_of("many_signatures"))
    graph = model_of("many_signatures") / "1" / "saved_model.pb"
    assert datetime.fromisoformat(row.created).timestamp() == int(graph.stat().st_mtime)
    assert (row.weights, row.presets, row.problems) == (None, [], [])


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda version: shutil.rmtree(version / "variables"), "variables/variables.index is missing"),
        (lambda version: (version / "saved_model.pb").unlink(), "there is no saved_model.pb"),
        (lambda version: (version / "saved_model.pb").write_bytes(b"\xff"), "is damaged, or no SavedModel"),
        (lambda version: (version / "assets.extra" / "model_card.json").write_text("{", "utf-8"), "is not JSON"),
        (lambda version: (version / "round").symlink_to(version / "round"), "round leads nowhere"),
        (lambda version: [shutil.rmtree(version), version.symlink_to(version)], "there is no saved_model.pb"),
        (lambda version: [shutil.rmtree(version), version.touch()], "there is no saved_model.pb"),
    ],
)
def test_a_broken_version_is_listed_with_what_is_wrong_beside_the_whole_one(
    tiny_model_dir, broken_copy, spoil, problem
):
    version = broken_copy(tiny_model_dir)
    shutil.copytree(version, version.with_name("2"))
    spoil(version)
    whole, broken = rows_of(version.parent)
    assert (whole.version, whole.problems) == (2, [])
    assert broken.version == 1
    assert problem in broken.problems[0]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nst/1", "nst/1 is a version, not a model's folder."),
        (".", "is not a model's folder, .* is one."),
        ("nowhere", "There is no folder .*nowhere."),
        ("round", "There is no folder .*round."),
    ],
)
def test_what_is_no_models_folder_is_refused(model_dir, name, words):
    (model_dir.parent / "round").symlink_to(model_dir.parent / "round")
    with pytest.raises(SavedModelError, match=words):
        rows_of(model_dir.parent / name)


def config_text(model_dir, rest: str = "") -> str:
    return (
        f'model_config_list {{ config {{ name: "nst" base_path: "{model_dir}" model_platform: "tensorflow" {rest} }} }}'
    )


def test_states_and_labels_are_those_of_the_server(model_dir, tmp_path):
    policy = "model_version_policy { specific { versions: 1 versions: 2 } }"
    labels = 'version_labels { key: "stable" value: 1 } version_labels { key: "odd" value: 1 }'
    (tmp_path / "models.config").write_text(config_text(model_dir, f"{policy} {labels}"), "utf-8")
    server = EmbeddedServer(
        read_configuration(tmp_path / "models.config"), ServerOptions(port=0, poll_seconds=0, warm_up=False)
    )
    (model_dir / "2").unlink()  # the server has it still
    address = server.address
    try:
        with calls_of(Connection(), address) as call:
            told = configured_model(tmp_path / "models.config", "nst").version_labels
            gone, there = rows_of(model_dir, told, {address: call})
            with pytest.raises(ModelNotFound, match="other"):
                version_rows(model_dir, "other", {}, {address: call})
    finally:
        server.stop()
    assert there.served == [ServedVersion(address, "AVAILABLE", "", ["odd", "stable"])]
    assert (gone.folder, gone.served) == (None, [ServedVersion(address, "AVAILABLE", "", [])])
    assert gone.problems == ["It is on a server, and not in the model's folder."]
    screen = version_screen("nst", [gone, there], datetime.now(timezone.utc), width=160, colour=False)
    assert f"labels      {address}\n" in screen
    assert "odd stable  AVAILABLE odd stable\n" in screen
    assert "2: It is on a server" in screen


def test_a_configuration_without_the_model_names_those_that_it_has(model_dir, tmp_path):
    (tmp_path / "models.config").write_text(config_text(model_dir), "utf-8")
    with pytest.raises(ConfigError, match="has no model other; those that it has: nst"):
        configured_model(tmp_path / "models.config", "other")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "0 seconds"), (1.9, "1 second"), (119, "1 minute"), (7200, "2 hours"), (86400 * 400, "400 days")],
)
def test_an_age_has_one_unit(seconds, words):
    assert age_in_words(seconds) == words
