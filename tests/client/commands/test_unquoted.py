"""`nst batch -c photos/*.png` without quotes around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from nst_client.cli import app
from nst_client.commands.unquoted import repeated
from tests.client.proxy import NOWHERE


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("-c a -s x -o out", "-c a -s x -o out"),
        ("-c a b c -s x", "-c a -c b -c c -s x"),
        ("-c a -c b c -s x y --size 9", "-c a -c b -c c -s x -s y --size 9"),
        ("--content=a b -s x", "--content=a --content b -s x"),
        ("--style x y", "--style x --style y"),
        ("-o out a", "-o out a"),
        ("a -c b", "a -c b"),
        ("-q -c a - b", "-q -c a -c - -c b"),
        ("-c", "-c"),
    ],
)
def test_words_behind_an_option_that_takes_several_are_its_values(typed: str, meant: str):
    assert " ".join(repeated(typed.split())) == meant


def test_a_glob_that_the_shell_expands_gives_the_pairs_of_a_quoted_one(folders, nst, server):
    contents, styles, out = folders
    photos, paintings = sorted(contents.glob("[ab].png")), sorted(styles.iterdir())
    done = nst("batch", "-c", *photos, "-s", *paintings, "-o", out, "--server", server.address, *OPTIONS)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "4 of 4 pictures are done."), done.stderr
    assert sorted(file.name for file in out.glob("*_*.png")) == ["a_x.png", "a_y.png", "b_x.png", "b_y.png"]


OPTIONS = ["--iterations", 1, "--size", 48]


def test_a_word_that_belongs_to_no_option_is_still_refused(tmp_path: Path):
    done = CliRunner().invoke(app, ["batch", "stray", "-o", str(tmp_path), "--server", NOWHERE])
    assert done.exit_code == 2
    assert "stray" in done.stderr


def test_files_that_are_skipped_are_told_whatever_else_is_printed(folders, nst, server):
    contents, styles, out = folders
    (contents / "IMG_1\n.heic").touch()
    done = nst("batch", "-c", contents, "-s", styles, "-o", out, "--server", server.address, *OPTIONS, "--quiet")
    assert done.returncode == 0
    expected = f"Warning: 1 file skipped, whose suffix is of no format that is read: {contents}/IMG_1?.heic.\n"
    assert done.stderr == expected
