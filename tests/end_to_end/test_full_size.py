"""The full VGG19, the commands a person types, real processes and a real socket."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from nst_client import read_picture
from nst_export.export import export_version

pytestmark = pytest.mark.slow

NST = [sys.executable, "-m", "nst_client"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}


def nst(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NST, *map(str, arguments)], capture_output=True, text=True, check=False, env=ENVIRONMENT, timeout=600
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, nst("demo", folder, "--weights", "random:0", "--iterations", "60", "--size", "256")


def test_the_demo_names_its_five_pictures(demo):
    folder, done = demo
    assert done.returncode == 0, done.stderr
    files = [Path(line) for line in done.stdout.splitlines()]
    assert files == [folder / f"{name}.png" for name in ("content", "style", "stylised", "strip", "losses")]
    for file in files:
        with Image.open(file) as image:
            image.load()


def test_the_demos_picture_took_colours_from_the_painting_and_kept_the_scene(demo):
    folder, _ = demo
    content, style, result = (
        np.asarray(Image.open(folder / f"{name}.png").convert("RGB").resize((256, 192)), np.float64)
        for name in ("content", "style", "stylised")
    )
    means = [picture.mean(axis=(0, 1)) for picture in (content, style, result)]
    assert np.linalg.norm(means[2] - means[1]) < np.linalg.norm(means[0] - means[1])
    assert np.corrcoef(content.mean(axis=2).ravel(), result.mean(axis=2).ravel())[0, 1] > 0.5


@pytest.fixture(scope="module")
def address(demo):
    folder, _ = demo
    command = [*NST, "serve", str(folder / "model"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        yield re.search(r"127\.0\.0\.1:\d+", process.stdout.readline())[0]
        process.terminate()


def test_the_total_loss_falls_by_more_than_three_times(demo, address, tmp_path):
    folder, _ = demo
    output = tmp_path / "out.jpg"
    done = nst(
        "stylize", folder / "content.png", folder / "style.png", "-o", output, "--server", address,
        "--size", 256, "--iterations", 100, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["losses"]["first"]["total"] > 3 * report["losses"]["last"]["total"]  # it began without a content loss
    with Image.open(output) as image:
        assert image.size == (256, 192)


def test_status_shows_the_version(address):
    done = nst("status", "--server", address)
    assert (done.returncode, done.stdout) == (0, "nst version 1 AVAILABLE\n")


def test_a_picture_made_in_bfloat16_is_as_good(demo, tmp_path):
    """Half the bits in the network, the same recipe: its errors, measured in float32, differ by about 2 %."""
    folder, _ = demo
    content, style = (read_picture(folder / f"{name}.png", 128).pixels for name in ("content", "style"))
    modules = [
        tf.saved_model.load(str(export_version(tmp_path / precision, weights="random:0", precision=precision)))
        for precision in ("float32", "bfloat16")
    ]
    images = [module.stylize(content, style, 40)["image"] for module in modules]
    wanted, got = (modules[0].evaluate(content, style, image) for image in images)
    for name in ("style_errors", "content_error"):
        np.testing.assert_allclose(got[name], wanted[name], rtol=0.06)
