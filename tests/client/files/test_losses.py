"""The table of losses reads back exactly, and is whole or not there."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from nst_client.errors import FileError
from nst_client.files.losses import check_losses_writable, write_losses


def test_the_table_has_a_name_for_each_column_and_a_line_for_each_iteration(tmp_path: Path):
    write_losses(tmp_path / "losses.csv", np.array([[8, 4, 3, 1], [4.5, 2, 2, 0.5]], np.float32))
    assert (tmp_path / "losses.csv").read_bytes() == (
        b"iteration,total,content,style,total_variation\n0,8,4,3,1\n1,4.5,2,2,0.5\n"
    )


def test_a_run_that_went_on_counts_from_where_it_began(tmp_path: Path):
    write_losses(tmp_path / "losses.csv", np.ones((2, 4), np.float32), first_iteration=120)
    with (tmp_path / "losses.csv").open() as file:
        assert [row["iteration"] for row in csv.DictReader(file)] == ["120", "121"]


def test_every_float32_reads_back_exactly(tmp_path: Path):
    bits = np.random.default_rng(0).integers(0, 2**32, 40_000, np.uint32)
    special = np.array([0.0, -0.0, 1e-45, np.finfo(np.float32).max, np.finfo(np.float32).tiny, np.inf, -np.inf, 0.1])
    losses = np.concatenate([bits.view(np.float32), special.astype(np.float32)]).reshape(-1, 4)
    write_losses(tmp_path / "losses.csv", losses)
    for dtype in (np.float32, np.float64):
        table = np.loadtxt(tmp_path / "losses.csv", dtype, delimiter=",", skiprows=1)
        with np.errstate(invalid="ignore"):
            assert np.array_equal(table[:, 1:].astype(np.float32), losses, equal_nan=True)


def test_no_iterations_leave_the_names(tmp_path: Path):
    write_losses(tmp_path / "losses.csv", np.empty((0, 4), np.float32))
    assert (tmp_path / "losses.csv").read_text() == "iteration,total,content,style,total_variation\n"


def test_a_full_disk_leaves_an_older_table_as_it_was(tmp_path: Path, python):
    (tmp_path / "losses.csv").write_text("an older table")
    done = python(
        "import resource, signal, sys, numpy\n"
        "from pathlib import Path\n"
        "from nst_client.errors import FileError\n"
        "from nst_client.files.losses import write_losses\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    write_losses(Path(sys.argv[1]), numpy.ones((5000, 4), numpy.float32))\n"
        "except FileError as error:\n"
        "    print(error)\n",
        tmp_path / "losses.csv",
    )
    assert done.stdout == f"{tmp_path / 'losses.csv'} cannot be written: File too large.\n", done.stderr
    assert (tmp_path / "losses.csv").read_text() == "an older table"
    assert list(tmp_path.iterdir()) == [tmp_path / "losses.csv"]


@pytest.mark.parametrize("name", ["losses", "losses.png", "losses.csv.gz"])
def test_another_suffix_is_refused_beforehand(tmp_path: Path, name: str):
    with pytest.raises(FileError, match="has no suffix of a table") as caught:
        check_losses_writable(tmp_path / name)
    assert caught.value.remedy == "Use .csv."


def test_a_folder_that_does_not_exist_is_named_beforehand(tmp_path: Path):
    with pytest.raises(FileError, match="There is no folder"):
        check_losses_writable(tmp_path / "new" / "losses.csv")


def test_checking_leaves_nothing_behind_and_minds_no_older_file(tmp_path: Path):
    check_losses_writable(tmp_path / "losses.CSV")
    assert not any(tmp_path.iterdir())
    (tmp_path / "losses.csv").write_text("an older table")
    check_losses_writable(tmp_path / "losses.csv")
    assert (tmp_path / "losses.csv").read_text() == "an older table"
