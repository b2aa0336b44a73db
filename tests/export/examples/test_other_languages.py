"""The examples in other languages make the pictures of `nst stylize`, and say what was wrong."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.export.examples.conftest import EXAMPLES, ITERATIONS, pixels_of, run

pytestmark = pytest.mark.slow

CACHE = Path(__file__).parents[3] / ".venv"  # ignored by git; a second run finds Node's packages and Go's objects there
DEBIANS_GO = Path("/usr/share/gocode")  # Go's own registry, its module proxy, is not in reach everywhere
NEEDS = {"c": "gcc", "shell": "curl", "node": "npm", "go": f"{DEBIANS_GO}/src/google.golang.org/grpc"}
TOO_FEW = "iterations: must be a whole number from 1 to"

Program = Callable[..., str]  # of the six arguments that all of them take, without the first


@pytest.fixture(scope="session")
def c(tiny_model_dir, tmp_path_factory) -> Program:
    program = tmp_path_factory.mktemp("c") / "stylize_encoded"
    folder = Path(tf.sysconfig.get_lib())
    libraries = [folder / f"lib{name}.so.2" for name in ("tensorflow_cc", "tensorflow_framework")]
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", f"-I{folder / 'include'}", f"-Wl,-rpath,{folder}"]
    run("gcc", *flags, "-o", program, EXAMPLES / "stylize_encoded.c", *libraries)
    return lambda *arguments: run(program, tiny_model_dir / "1", *arguments)


@pytest.fixture(scope="session")
def shell(server) -> Program:
    return lambda *arguments: run(EXAMPLES / "stylize_encoded.sh", server.rest_address, *arguments)


@pytest.fixture(scope="session")
def node(server) -> Program:
    """Without npm's registry its packages cannot be installed, and the first run fails with npm's own words."""
    folder = with_descriptors("node", CACHE / "example-node")
    run("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", cwd=folder)
    return lambda *arguments: run("node", folder / "stylize.js", server.address, *arguments)


@pytest.fixture(scope="session")
def go(server) -> Program:
    """With the packages of Debian that the example's head names, found where Go looked before it had modules."""
    path = CACHE / "example-go"
    folder = with_descriptors("go", path / "src" / "stylize")
    run("./generate.sh", cwd=folder)
    run("go", "build", cwd=folder, GO111MODULE="off", GOPATH=f"{path}:{DEBIANS_GO}", GOCACHE=str(path / "cache"))
    return lambda *arguments: run(folder / "stylize", server.address, *arguments)


def with_descriptors(example: str, folder: Path) -> Path:
    """A copy of an example's folder with the protocol that it reads."""
    shutil.copytree(EXAMPLES / example, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    run("sh", "-c", '"$0" "$1" > descriptors.bin', sys.executable, EXAMPLES / "descriptors.py", cwd=folder)
    return folder


@pytest.fixture(params=NEEDS)
def program(request) -> Program:
    """The example in each language; without what it needs it is skipped, as training is without PyTorch."""
    needed = NEEDS[request.param]
    if not shutil.which(needed) and not Path(needed).exists():
        pytest.skip(f"needs {needed}")
    return request.getfixturevalue(request.param)


def test_it_makes_the_picture_of_nst_stylize(program, pictures, tmp_path):
    output = tmp_path / "out.png"
    assert program(pictures.contents[0], pictures.style, output, ITERATIONS, 0) == f"{output}\n"
    np.testing.assert_array_equal(pixels_of(output), pictures.expected[0])


def test_what_the_model_refuses_it_says_in_the_models_words(program, pictures, tmp_path):
    with pytest.raises(AssertionError, match=TOO_FEW):
        program(pictures.contents[0], pictures.style, tmp_path / "out.png", 0, 0)
    assert not (tmp_path / "out.png").exists()


def test_what_is_no_picture_is_said(program, pictures, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(AssertionError, match="content_bytes: "):
        program(broken, pictures.style, tmp_path / "out.png", ITERATIONS, 0)
