"""Options that are made from tables: how typer takes them, and what a command gets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner
from typing_extensions import TypedDict

import nst_graph
from nst_client.cli import app
from nst_client.commands.connection import Connection, connection_options
from nst_client.commands.options import parameter_of, picture_to_start_from, run_options, spread
from nst_client.contract import OPTIONS, Options
from nst_client.option import Option, options_of

SERVER = "127.0.0.1:1"


class Table(TypedDict, total=False):
    share: Annotated[float, Option("A share.", 0, 1)]
    seed: Annotated[int, Option("A seed.")]
    color: Annotated[str, Option("A colour.")]
    blend: Annotated[list[float], Option("A blend.")]


def run(command, *words: str):
    program = typer.Typer()
    program.command()(command)
    return CliRunner().invoke(program, words)


@pytest.fixture
def got() -> list[object]:
    """What the command was given."""
    return []


@pytest.fixture
def tabled(got):
    """A command with an option for each row of `Table`."""

    def command(*, options: Options) -> None:
        got.append(options)

    return spread(command, "options", [parameter_of(row) for row in options_of(Table).values()], dict)


def test_a_row_of_each_type_is_an_option_of_that_type(tabled, got):
    assert run(tabled, "--share", "1", "--seed", "7", "--color", "luminance", "--blend", "0.7,0.3").exit_code == 0
    assert got == [{"share": 1.0, "seed": 7, "color": "luminance", "blend": [0.7, 0.3]}]
    assert type(got[0]["share"]) is float


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--share", "much", "must be a finite number, got 'much'"),
        ("--seed", "1.5", "must be a whole number of 32 bits, got '1.5'"),
        ("--blend", "a,b", "must be a list of finite numbers"),
    ],
)
def test_a_value_of_another_type_is_wrong_usage(tabled, got, option: str, value: str, words: str):
    done = run(tabled, option, value)
    assert (done.exit_code, got) == (2, [])
    assert option in done.stderr
    assert words in done.stderr


def test_a_command_gets_the_options_that_were_given(got):
    @run_options
    def command(*, options: Options, more: int = 0) -> None:
        got.append((options, more))

    run(command)
    run(command, "--tv-weight", "2", "--more", "3")
    run(command, "--layer-weights", "4,3,2,1,0.5", "--sizes", "64,128", "--preset", "gatys", "--init", "a.png")
    several = {"preset": "gatys", "style_layer_weights": [4.0, 3.0, 2.0, 1.0, 0.5], "sizes": [64, 128], "init": "a.png"}
    assert got == [({}, 0), ({"tv_weight": 2.0}, 3), (several, 0)]


def test_every_option_that_can_be_typed_has_a_flag():
    words = " ".join(CliRunner().invoke(app, ["stylize", "--help"], env={"COLUMNS": "200"}).stdout.split())
    for option in OPTIONS.values():
        assert option.is_array or f"--{option.flag or option.name.replace('_', '-')} " in words, option


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--preset", "monet"],
            "'--preset': must be one of nst, eager, gatys, jcjohnson, keras, tensorflow or crowson, got 'monet'",
        ),
        (["--average", "1"], "'--average': must be from 0 to 0.9999, got '1'"),
        (["--sizes", "0,64"], "'--sizes': must be from 1 to 32768 pixels, got '0,64'"),
    ],
)
def test_a_value_out_of_range_is_wrong_usage_and_told_with_what_is_known(got, words: list[str], said: str):
    @run_options
    def command(*, options: Options) -> None:
        got.append(options)

    done = run(command, *words)
    assert (done.exit_code, got) == (2, [])
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_what_to_start_from_is_a_word_or_a_picture():
    assert picture_to_start_from({"init": "noise"}) == ({"init": "noise"}, None)
    assert picture_to_start_from({"init": "a.png", "seed": 3}) == ({"seed": 3}, Path("a.png"))


@pytest.fixture
def connected(got):
    @connection_options
    def command(*, connection: Connection) -> None:
        got.append(connection)

    return command


def test_a_command_gets_a_connection_as_one_value(connected, got):
    run(connected)
    run(connected, "--server", SERVER, "--server", "b:8500", "--model-name", "art", "--version", "3", "--tls")
    assert got == [Connection(), Connection([SERVER, "b:8500"], "art", version=3, tls=True)]


def test_the_environment_names_servers_and_the_model(connected, got, monkeypatch):
    monkeypatch.setenv("NST_SERVER", "a:8500 b:8500")
    monkeypatch.setenv("NST_MODEL_NAME", "art")
    run(connected)
    assert got == [Connection(["a:8500", "b:8500"], "art")]


@pytest.mark.parametrize("words", [["--server", SERVER], ["--tls"], ["--ca", "a.crt"], ["--key", "a.key"]])
def test_a_model_here_and_a_server_are_not_asked_for_together(connected, got, words: list[str]):
    done = run(connected, "--model-dir", "models/nst", *words)
    assert (done.exit_code, got) == (2, [])
    assert f"{words[0]} is for a server, and --model-dir does without one." in " ".join(done.stderr.split())


def test_a_server_of_the_environment_does_not_forbid_a_model_here(connected, got, monkeypatch):
    monkeypatch.setenv("NST_SERVER", SERVER)
    run(connected, "--model-dir", "models/nst")
    assert got[0].model_dir.name == "nst"


def test_the_version_is_printed_and_nothing_else():
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"nst {nst_graph.__version__}\n")


def test_the_shell_completes_options(nst):
    words = {"_TYPER_COMPLETE_ARGS": "nst stylize --model-", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = nst(_NST_COMPLETE="complete_fish", **words)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["--model-name", "--model-dir"]
