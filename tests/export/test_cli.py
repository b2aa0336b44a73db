"""`nst export`: one line on stdout, explanations on stderr, exit codes 0, 1 and 2."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from nst_client.cli import app
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import network_for

# Keras' own writer does not know yet what NumPy 2 expects of `__array__`.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2**20, 2**20))
from nst_client.cli import main
sys.argv = ["nst", *sys.argv[1:]]
main()
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A weights file of full width, which the command line demands."""
    file = tmp_path_factory.mktemp("weights") / "untrained.weights.h5"
    network_for(PRESETS, pooling="max").save_weights(file)
    return file


@pytest.mark.slow
def test_success_prints_the_folder_and_nothing_else(run_python, tmp_path, weights):
    folder = tmp_path / "models" / "nst"
    finished = run_python(
        *["-m", "nst_client", "export", folder, "--weights", weights, "--max-pixels", 10_000, "--version", 5],
        *["--exclusive", "--max-seconds", 60],
    )
    assert finished.stderr == ""
    assert finished.stdout == f"{folder / '5'}\n"
    assert finished.returncode == 0
    card = json.loads((folder / "5" / "assets.extra" / "model_card.json").read_text())
    assert card["weights"]["source"] == "file:untrained.weights.h5"
    assert card["limits"]["max_pixels"] == 10_000
    assert card["execution"] == {"exclusive": True, "max_seconds": 60.0, "xla": False}


def test_bad_weights_are_explained_in_two_lines_and_leave_nothing(run_python, tmp_path):
    finished = run_python("-m", "nst_client", "export", tmp_path / "new" / "nst", "--weights", tmp_path / "absent.h5")
    what, remedy = finished.stderr.splitlines()
    assert what == f"WeightsError: There is no weights file at {tmp_path / 'absent.h5'}."
    assert "--weights trained" in remedy
    assert (finished.returncode, finished.stdout) == (1, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_full_disk_is_explained_in_two_lines_and_leaves_nothing(run_python, tmp_path, weights):
    finished = run_python("-c", LIMITED, "export", tmp_path / "new" / "nst", "--weights", weights)
    assert finished.stderr.splitlines() == [
        "VersionError: The SavedModel cannot be written: File too large.",
        "Check the free space on its disk.",
    ]
    assert (finished.returncode, finished.stdout) == (1, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["{}", "--preset", "other"],
        ["{}", "--precision", "float8"],
        ["{}", "--pooling", "median"],
        ["{}", "--max-pixels", "1023"],
        ["{}", "--max-pixels", "2147483648"],
        ["{}", "--max-iterations", "0"],
        ["{}", "--max-iterations", "2147483648"],
        ["{}", "--max-seconds", "0"],
        ["{}", "--max-seconds", "-1"],
        ["{}", "--max-seconds", "nan"],
        ["{}", "--max-seconds", "inf"],
        ["{}", "--version", "0"],
        ["{}", "--version", "9223372036854775808"],
        ["{}", "--colour", "blue"],
    ],
    ids=" ".join,
)
def test_wrong_usage_exits_with_2_and_writes_nothing(tmp_path, arguments):
    finished = CliRunner().invoke(app, ["export", *(argument.format(tmp_path / "nst") for argument in arguments)])
    assert finished.exit_code == 2
    assert finished.stdout == ""
    assert "Usage:" in finished.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_option_and_does_not_load_tensorflow(run_python):
    program = """
import sys
from nst_client.cli import main
sys.argv = ["nst", "export", "--help"]
try:
    main()
finally:
    assert not {"tensorflow", "keras"} & set(sys.modules), "loaded"
"""
    finished = run_python("-c", program, COLUMNS="120")
    assert (finished.returncode, finished.stderr) == (0, "")
    for option in ("weights", "preset", "pooling", "precision", "max-pixels", "max-iterations", "version"):
        assert f"--{option}" in finished.stdout
    for option in ("exclusive", "max-seconds", "xla"):
        assert f"--{option}" in finished.stdout
