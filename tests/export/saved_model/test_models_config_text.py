"""models.config: one model's labels and policy change, all else stays as it was written."""

from __future__ import annotations

from pathlib import Path

import pytest
from google.protobuf import text_format

from nst_export.errors import ConfigError
from nst_export.saved_model.messages import model_server_config_pb2
from nst_export.saved_model.models_config import write_config
from nst_export.saved_model.models_config_text import with_model

FILE = Path("models.config")
SHIPPED = Path(__file__).parents[3] / "serving" / "models.config"
NEW = 'model_version_policy { specific { versions: 1 versions: 2 } } version_labels { key: "stable" value: 2 }'

BY_HAND = """\
# What our servers have.
model_config_list {
  config {
    name: "other"   # not ours
    base_path: "/models/other {"
    model_platform: "tensorflow"
    version_labels { key: "stable" value: 7 }
  }
  config: {
    name: 'nst'
    base_path: "/models/nst"  # a disk
    model_version_policy {
      all { }
    }
    model_platform: "tensorflow"
    version_labels < key: "stable" value: 1 >
    version_labels { key: "old" value: 1 }  # since May
    logging_config { sampling_config { sampling_rate: 0.5 } }
  }
}
"""
CHANGED = """\
# What our servers have.
model_config_list {
  config {
    name: "other"   # not ours
    base_path: "/models/other {"
    model_platform: "tensorflow"
    version_labels { key: "stable" value: 7 }
  }
  config: {
    name: 'nst'
    base_path: "/models/nst"  # a disk
    model_platform: "tensorflow"
  # since May
    logging_config { sampling_config { sampling_rate: 0.5 } }
    model_version_policy { specific { versions: 1 versions: 2 } }
    version_labels { key: "stable" value: 2 }
  }
}
"""


def model(fields: str = NEW, name: str = "nst"):
    return text_format.Parse(f'name: "{name}" {fields}', model_server_config_pb2.ModelConfig())


def config(text: str):
    return text_format.Parse(text, model_server_config_pb2.ModelServerConfig())


def test_comments_and_other_models_and_fields_stay():
    assert with_model(BY_HAND, model(), FILE) == CHANGED


def test_the_shipped_configuration_keeps_its_comments():
    text = SHIPPED.read_text("utf-8")
    changed = with_model(text, model(), FILE)
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert comments
    assert [line for line in changed.splitlines() if line in comments] == comments
    assert dict(config(changed).model_config_list.config[0].version_labels) == {"stable": 2}


def test_a_second_change_replaces_the_first():
    once = with_model(BY_HAND, model(), FILE)
    assert with_model(once, model(), FILE) == once
    plain = with_model(once, model(""), FILE)
    assert "2" not in plain


@pytest.mark.parametrize(
    "text",
    [
        'model_config_list { config { name: "nst" base_path: "/m" } }',
        'model_config_list: < config: < name: "nst" base_path: "/m" version_labels < key: "a" value: 1 > > >',
        'model_config_list { config { name: "nst" version_labels: [{ key: "a" value: 1 }, { key: "b" value: 1 }] } }',
        'model_config_list { config: [{ name: "o" }, { name: "nst" }] }',
        'model_config_list { config { name: "n" "st" # } {\n } }',
        'model_config_list { config { name: "\\"}" } config { name: "nst" model_version_policy { } } } # end',
    ],
)
def test_every_form_of_the_text_format_comes_out_right(text):
    wanted = config(text)
    entry = next(one for one in wanted.model_config_list.config if one.name == "nst")
    entry.ClearField("version_labels")
    entry.MergeFrom(model())
    assert config(with_model(text, model(), FILE)) == wanted


def test_a_model_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match="has no model other; those that it has: other2, nst"):
        with_model(BY_HAND.replace('"other"', '"other2"'), model(name="other"), FILE)


def test_a_link_stays_a_link_and_rights_stay(tmp_path):
    (tmp_path / "real").write_text("old", "utf-8")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "models.config").symlink_to("real")
    write_config(tmp_path / "models.config", "new")
    assert (tmp_path / "models.config").is_symlink()
    assert (tmp_path / "real").read_text("utf-8") == "new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {"real", "models.config"}


@pytest.mark.parametrize("name", ["nowhere/models.config", "folder"])
def test_a_file_that_cannot_be_written_is_explained_and_nothing_is_left(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConfigError, match="cannot be written: "):
        write_config(tmp_path / name, "new")
    assert {path.name for path in tmp_path.iterdir()} == {"folder"}
