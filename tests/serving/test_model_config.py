from __future__ import annotations

import pytest
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from nst_serving.configuration import check_configuration, desired_versions, read_configuration
from nst_serving.errors import RequestError, StartError

GOOD = 'config { name: "a" base_path: "/models/a" model_platform: "tensorflow" }'


def config_of(text: str) -> model_server_config_pb2.ModelServerConfig:
    return text_format.Parse(text, model_server_config_pb2.ModelServerConfig())


def test_a_file_in_the_servers_format_is_read(tmp_path):
    (tmp_path / "models.config").write_text(
        f'model_config_list {{ {GOOD} config {{ name: "b" base_path: "/models/b" model_platform: "tensorflow" '
        'model_version_policy { specific { versions: 2 } } version_labels { key: "stable" value: 2 } } }'
    )
    models = read_configuration(tmp_path / "models.config").model_config_list.config
    assert [model.name for model in models] == ["a", "b"]
    assert dict(models[1].version_labels) == {"stable": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ServerModelConfig type not supported by HandleReloadConfigRequest"),
        ("custom_model_config { }", "ServerModelConfig type not supported by HandleReloadConfigRequest"),
        (f"model_config_list {{ {GOOD} {GOOD} }}", "Illegal to list model a multiple times in config list"),
        (
            'model_config_list { config { name: "a" base_path: "models" model_platform: "tensorflow" } }',
            r"Expected model a to have an absolute path or URI; got base_path\(\)=models",
        ),
        (
            'model_config_list { config { name: "a" base_path: "/m" } }',
            r"Illegal setting neither .* nor ModelServerConfig::model_platform, model name is a",
        ),
        (
            'model_config_list { config { name: "a" base_path: "/m" model_platform: "torch" } }',
            "Model a requests unsupported platform torch",
        ),
    ],
)
def test_every_mistake_has_the_servers_words(text, message):
    with pytest.raises(RequestError, match=message):
        check_configuration(config_of(text))


@pytest.mark.parametrize("content", [b"model_config_list { config { nme: 1 } }", b"\xff\xfe", b"{"])
def test_a_file_that_is_no_configuration_is_explained(tmp_path, content):
    (tmp_path / "models.config").write_bytes(content)
    with pytest.raises(StartError, match="is not a model configuration"):
        read_configuration(tmp_path / "models.config")


def test_a_missing_file_is_explained(tmp_path):
    with pytest.raises(StartError, match="nowhere cannot be read: No such file"):
        read_configuration(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("policy", "wanted"),
    [
        ("", {10}),
        ("latest { }", {10}),
        ("latest { num_versions: 2 }", {10, 9}),
        ("latest { num_versions: 7 }", {10, 9, -3}),
        ("all { }", {10, 9, -3}),
        ("specific { versions: 9 versions: 4 }", {9}),
    ],
)
def test_the_policy_chooses_among_the_versions_there_are(tmp_path, policy, wanted):
    folders = {9: "009", 10: "10", -3: "-3"}
    for name in (*folders.values(), "unfinished-11-x", "99999999999999999999"):
        (tmp_path / name).mkdir()
    model = model_server_config_pb2.ModelConfig(name="a", base_path=str(tmp_path))
    text_format.Merge(f"model_version_policy {{ {policy} }}", model)
    assert desired_versions(model) == {number: tmp_path / folders[number] for number in wanted}
