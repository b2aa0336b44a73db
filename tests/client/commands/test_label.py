"""`--label`: a version by the label that a server gives it."""

from __future__ import annotations

import json

import pytest
import tensorflow as tf
from typer.testing import CliRunner

from nst_client import StyleClient
from nst_client.cli import app
from nst_client.errors import ModelNotFound, RequestRefused
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Of a server on which version 1 is stable and version 2 the newest; the card of each says which one it is."""
    folder = tmp_path_factory.mktemp("labels") / "nst"
    for version in (1, 2):
        write_card_alone(folder / str(version), {"presets": {f"of version {version}": {}}})
    config = single_model("nst", folder)
    (model,) = config.model_config_list.config
    model.model_version_policy.specific.versions.extend([1, 2])
    model.version_labels["stable"] = 1
    server = EmbeddedServer(config, ServerOptions(port=0, warm_up=False, labels_before_versions=True))
    yield server.address
    server.stop()


def write_card_alone(folder, card) -> None:
    """A model that does nothing else than to say what it is."""
    module = tf.Module()
    module.describe = tf.function(lambda: {"model_card": tf.constant(json.dumps(card))}, input_signature=[])
    tf.saved_model.save(module, folder, signatures={"describe": module.describe})


def nst(*words: object):
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.mark.parametrize(("which", "version"), [([], 2), (["--label", "stable"], 1)], ids=["newest", "stable"])
def test_the_version_that_has_the_label_answers(address, which, version):
    def printed(*words):
        return json.loads(nst(*words, *which, "--json").stdout)

    assert printed("inspect", address)["version"] == version
    assert printed("presets", "--server", address) == {f"of version {version}": {}}
    (output,) = printed("run", address, "describe")["outputs"]
    assert f"of version {version}" in output["value"]


def test_a_label_that_the_server_does_not_know_is_named(address):
    for words in (["run", address, "describe"], ["inspect", address], ["presets", "--server", address]):
        finished = nst(*words, "--label", "beta")
        assert finished.exit_code == 1
        assert isinstance(finished.exception, ModelNotFound)
        assert "Unrecognized servable version label: beta" in str(finished.exception)
        assert "--label" in finished.exception.remedy


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["presets", "--label", "stable", "--version", 1], "both say which version"),
        (["presets", "--label", "stable", "--model-dir", "nst"], "--label is for a server"),
        (["inspect", "nst", "--label", "stable"], "--label is for a server"),
        (["run", "nst", "evaluate", "--label", "stable"], "--label is for a server"),
    ],
    ids=["a version too", "a folder", "inspect a folder", "run a folder"],
)
def test_what_makes_no_sense_beside_a_label_is_refused(words, message):
    finished = nst(*words)
    assert finished.exit_code == 2
    assert message in " ".join(finished.stderr.split())


def test_a_client_takes_a_version_or_a_label():
    with pytest.raises(RequestRefused, match="both say which version"):
        StyleClient("localhost:1", version=1, label="stable")
