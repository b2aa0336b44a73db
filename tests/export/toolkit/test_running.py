"""`nst run`: our model and others', on disk and on a server."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from nst_client.cli import app
from nst_client.errors import DeadlineExceeded, ModelNotFound, PictureError, RequestRefused, ServerUnavailable
from nst_export.errors import InputError, SavedModelError
from nst_serving.in_process import ModelDirectoryError
from nst_serving.options import ServerOptions, single_model
from nst_serving.server import EmbeddedServer


def nst(*arguments):
    return CliRunner().invoke(app, ["run", *map(str, arguments)])


def outputs(*arguments) -> dict:
    finished = nst(*arguments, "--json")
    assert finished.exit_code == 0, finished.exception
    return {one["name"]: one for one in json.loads(finished.stdout)["outputs"]}


def refused(kind, *arguments) -> str:
    finished = nst(*arguments)
    assert (finished.stdout, finished.exit_code) == ("", 1)
    assert isinstance(finished.exception, kind), finished.exception
    return str(finished.exception)


@pytest.fixture
def pictures(tmp_path, content, style):
    for name, pixels in (("content", content), ("style", style)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return [f"{name}=@{tmp_path / name}.png" for name in ("content", "style")]


@pytest.fixture(scope="module")
def other_server(model_of):
    server = EmbeddedServer(single_model("other", model_of("many_signatures")), ServerOptions(port=0))
    yield server
    server.stop()


@pytest.mark.slow
def test_a_folder_and_a_server_give_what_the_client_gives(
    tiny_model_dir, server, client, pictures, tmp_path, content, style
):
    expected = client.stylize(content, style, iterations=3, blend=[1.0])
    for number, target in enumerate((tiny_model_dir, tiny_model_dir / "1", server.address)):
        folder = tmp_path / f"out{number}"
        found = outputs(target, "serving_default", *pictures, "iterations=3", "blend=[1]", "-o", folder)
        assert (found["image"]["dtype"], found["image"]["shape"]) == ("uint8", list(content.shape))
        np.testing.assert_array_equal(np.asarray(Image.open(folder / "image.png")), expected.image)
        np.testing.assert_array_equal(np.load(found["losses"]["file"]), expected.losses)


@pytest.mark.slow
def test_encoded_pictures_and_states_go_out_and_in_as_files(tiny_model_dir, tmp_path, content, style, pictures):
    encoded = [one.replace("=", "_bytes=") for one in pictures]
    size = "size=0"
    outputs(tiny_model_dir, "stylize_encoded_start", *encoded, size, "-o", tmp_path)
    state = f"state_bytes=@{tmp_path / 'state_bytes.tensor'}"
    outputs(tiny_model_dir, "stylize_encoded_step", *encoded, size, state, "iterations=2", "-o", tmp_path)
    with Image.open(tmp_path / "image_bytes.png") as image:
        assert image.size == (content.shape[1], content.shape[0])


def test_the_screen_is_a_table(tiny_model_dir, pictures):
    finished = nst(tiny_model_dir, "evaluate", *pictures, pictures[0].replace("content", "image", 1))
    assert finished.exit_code == 0
    title, head, content, style, variation = finished.stdout.splitlines()
    assert title.startswith(f"evaluate of {tiny_model_dir / '1'}, ")
    assert head.split() == ["output", "type", "value"]
    assert content.split() == ["content_error", "float32[]", "0"]
    assert style.split()[:2] == ["style_errors", "float32[5]"]
    assert variation.split()[:2] == ["total_variation", "float32[]"]


def test_another_makers_model_is_called_with_its_defaults_and_without(model_of, other_server):
    for target in ([model_of("many_signatures")], [other_server.address, "--model-name", "other"]):
        found = outputs(*target, "scaled", "x=[1,2]")
        assert (found["y"]["value"], found["said"]["value"]) == ([0.3, 0.6], "ab")
        found = outputs(*target, "scaled", "x=[1,2]", "factor=2", 'words=["c","d"]', "times=5")
        assert (found["y"]["value"], found["said"]["value"]) == ([10, 20], "cd")


@pytest.mark.parametrize(
    ("maker", "arguments", "name", "value"),
    [
        ("texts_and_ragged", ["serving_default", 'texts=["ab c","d"]'], "words", [2, 1]),
        ("table_with_words", ["serving_default", "word=two"], "number", 1),
        ("huge_constant", ["serving_default", "x=1"], "output_0", None),
    ],
)
def test_models_of_all_kinds_run(model_of, maker, arguments, name, value):
    assert outputs(model_of(maker), *arguments)[name]["value"] == value


def test_a_folder_that_is_no_number_is_run(model_of, tmp_path):
    shutil.copytree(model_of("many_signatures") / "1", tmp_path / "best")
    assert outputs(tmp_path / "best", "counted", "count=4")["sum"]["value"] == 6


def test_names_are_refused_with_those_that_are_known(tiny_model_dir, pictures):
    words = refused(InputError, tiny_model_dir, "serving_defalt")
    assert "has no signature serving_defalt: it has describe, evaluate, serving_default," in words
    words = refused(InputError, tiny_model_dir, "serving_default", *pictures, "iteration=3")
    assert words.startswith("serving_default has no input iteration: it has content, iterations, style, ")
    assert refused(InputError, tiny_model_dir, "describe", "x=1") == "describe has no input x: it takes none."
    words = refused(InputError, tiny_model_dir, "serving_default", pictures[0])
    assert words == "serving_default needs iterations int32[], style uint8[?,?,3]."


@pytest.mark.parametrize("values", [["iterations"], ["=3"], ["iterations=1", "iterations=2"]])
def test_what_is_no_name_and_value_is_wrong_usage(tiny_model_dir, values):
    finished = nst(tiny_model_dir, "serving_default", *values)
    assert finished.exit_code == 2
    assert "is not NAME=VALUE" in finished.stderr or "is given twice" in finished.stderr


@pytest.mark.slow
def test_the_graphs_own_refusal_is_shown_in_its_words(tiny_model_dir, server, pictures):
    for target in (tiny_model_dir, server.address):
        words = refused(RequestRefused, target, "serving_default", *pictures, "iterations=0")
        assert "iterations: must be a whole number from 1 to 100000, got 0" in words


@pytest.mark.slow
def test_a_run_ends_at_its_deadline(tiny_model_dir, pictures):
    words = refused(
        DeadlineExceeded, tiny_model_dir, "serving_default", *pictures, "iterations=100000", "--deadline", 0.5
    )
    assert words == f"The model in {tiny_model_dir / '1'} did not answer within 0.5 s."


def test_paths_that_are_no_models_and_servers_that_are_not_there_are_explained(tmp_path, server, pictures):
    assert "There is no folder" in refused(SavedModelError, tmp_path / "none", "serving_default")
    assert "localhost:1" in refused(ServerUnavailable, "localhost:1", "serving_default")
    assert "other" in refused(ModelNotFound, server.address, "serving_default", "--model-name", "other")


def test_a_half_copied_version_is_explained(tiny_model_dir, broken_copy, pictures):
    half = broken_copy(tiny_model_dir)
    (half / "variables" / "variables.index").unlink()
    words = refused(ModelDirectoryError, half, "serving_default", *pictures, "iterations=1")
    assert words.startswith(f"{half} cannot be loaded: ")


def test_a_file_that_is_no_picture_is_refused(tiny_model_dir, tmp_path):
    (tmp_path / "text.png").write_text("words")
    words = refused(
        PictureError, tiny_model_dir, "serving_default", f"content=@{tmp_path / 'text.png'}", "style=@x", "iterations=1"
    )
    assert "text.png is text, not a picture" in words
