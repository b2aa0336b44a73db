"""A run that is killed goes on as if it had not been. Needs PyTorch, which the project does not install."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import picture

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.slow

from training.checkpoint import CHECKPOINT, CURVE, cut_curve, read_checkpoint
from training.crops import Crops
from training.errors import TrainingError
from training.picture_cache import Pictures, Source, write_pictures
from training.run import Run, Settings, learning_rate
from training.student import CONVOLUTIONS, Student, folded, pooled
from training.teacher import TAUGHT, Teacher

SETTINGS = Settings(
    steps=4, anneal=2, warm_up=1, batch=2, side=48, statistics_steps=3, judge_every=2, checkpoint_every=2
)


def teacher_arrays() -> dict[str, np.ndarray]:
    """Random filters in the shapes of SqueezeNet 1.1."""
    rng = np.random.default_rng(0)
    shapes = {"conv1": (3, 3, 3, 64)}
    width_in = 64
    for number, squeezed, wide in (
        (2, 16, 64),
        (3, 16, 64),
        (4, 32, 128),
        (5, 32, 128),
        (6, 48, 192),
        (7, 48, 192),
        (8, 64, 256),
    ):
        shapes[f"fire{number}/squeeze1x1"] = (1, 1, width_in, squeezed)
        shapes[f"fire{number}/expand1x1"] = (1, 1, squeezed, wide)
        shapes[f"fire{number}/expand3x3"] = (3, 3, squeezed, wide)
        width_in = 2 * wide
    arrays = {}
    for name, shape in shapes.items():
        arrays[f"{name}/kernel"] = rng.normal(0, (2 / np.prod(shape[:3])) ** 0.5, shape).astype(np.float32)
        arrays[f"{name}/bias"] = np.zeros(shape[3], np.float32)
    return arrays


@pytest.fixture
def pictures(tmp_path):
    (tmp_path / "photographs").mkdir()
    for seed in range(3):
        Image.fromarray(picture(128, 160, seed)).save(tmp_path / "photographs" / f"{seed}.png")
    write_pictures(tmp_path / "cache", [Source(tmp_path / "photographs", 1.0)], most=10)
    return Pictures(tmp_path / "cache")


def run(folder: Path, pictures: Pictures, settings: Settings = SETTINGS) -> Run:
    return Run(folder, Teacher(teacher_arrays()), Crops(pictures), pictures, settings)


def test_every_target_lies_on_its_layers_grid():
    x = torch.zeros(1, 3, 64, 96)
    targets, features = Teacher(teacher_arrays()).targets(x), Student()(x, "average")
    assert tuple(targets) == TAUGHT
    assert {name: value.shape for name, value in targets.items()} == {name: features[name].shape for name in TAUGHT}


def test_half_a_batch_is_averaged_and_the_other_takes_maxima():
    x = torch.arange(8.0).reshape(2, 1, 2, 2)
    assert pooled(x, "both").flatten().tolist() == [1.5, 7.0]
    assert pooled(x, "average").flatten().tolist() == [1.5, 5.5]
    assert pooled(x, "max").flatten().tolist() == [3.0, 7.0]


def test_the_rate_rises_stays_and_falls_to_nothing():
    settings = Settings(steps=1000, anneal=400, warm_up=100, rate=2.0)
    rates = [learning_rate(step, settings) for step in (0, 99, 500, 600, 800, 999)]
    assert rates == pytest.approx([0.02, 2.0, 2.0, 2.0, 1.0, 0.005])


def test_folded_layers_compute_what_the_normalised_ones_do():
    student = Student()
    for norm in student.norms.values():
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        torch.nn.init.normal_(norm.weight, 1, 0.3)
        torch.nn.init.normal_(norm.bias)
    student.eval()
    x = torch.randn(1, 3, 32, 32) * 50
    with torch.no_grad():
        expected, given = student(x, "max"), x
    for name, (kernel, bias) in folded(student.state_dict()).items():
        if name.endswith("conv1") and name != CONVOLUTIONS[0]:
            given = pooled(given, "max")
        weight = torch.from_numpy(kernel).permute(3, 2, 0, 1)
        given = torch.relu(torch.nn.functional.conv2d(given, weight, torch.from_numpy(bias), padding=1))
        torch.testing.assert_close(given, expected[name], rtol=1e-3, atol=1e-3 * float(expected[name].std()))


def test_a_run_stopped_between_checkpoints_ends_where_an_unbroken_one_does(tmp_path, pictures):
    for _ in run(tmp_path / "unbroken", pictures).go():
        pass
    next(run(tmp_path / "broken", pictures).go())  # stops after two steps of four
    for _ in run(tmp_path / "broken", pictures).go():
        pass
    unbroken, broken = (read_checkpoint(tmp_path / name) for name in ("unbroken", "broken"))
    assert broken["step"] == unbroken["step"] == SETTINGS.steps
    for name, value in unbroken["average"].items():
        torch.testing.assert_close(broken["average"][name], value, rtol=1e-2, atol=1e-3)
    lines = [json.loads(line) for line in (tmp_path / "broken" / CURVE).read_text().splitlines()]
    assert [(line["step"], line["pooling"]) for line in lines] == [(s, p) for s in (2, 4) for p in ("average", "max")]
    assert all(line["block1_conv1"] > 0.99 for line in lines)  # it is the teacher's own


def test_a_finished_run_does_nothing_more(tmp_path, pictures):
    for _ in run(tmp_path / "run", pictures).go():
        pass
    before = (tmp_path / "run" / CHECKPOINT).read_bytes()
    assert list(run(tmp_path / "run", pictures).go()) == []
    assert (tmp_path / "run" / CHECKPOINT).read_bytes() == before


PROGRAM = """
import sys
from pathlib import Path
from tests.export.training.test_run import SETTINGS, run
from training.picture_cache import Pictures
if __name__ == "__main__":
    settings = SETTINGS._replace(steps=1000, checkpoint_every=1)
    for line in run(Path(sys.argv[1]), Pictures(Path(sys.argv[2])), settings).go():
        pass
"""


def test_a_killed_program_leaves_a_checkpoint_to_go_on_from(tmp_path, pictures):
    folder = tmp_path / "run"
    path = os.pathsep.join(entry for entry in sys.path if entry)
    arguments = [sys.executable, "-c", PROGRAM, str(folder), str(tmp_path / "cache")]
    with subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": path}, start_new_session=True) as process:
        deadline = time.monotonic() + 120
        while not (folder / CHECKPOINT).exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
    reached = read_checkpoint(folder)["step"]
    assert reached >= 1
    assert run(folder, pictures, SETTINGS._replace(steps=1000)).step == reached


def test_a_damaged_checkpoint_is_refused(tmp_path):
    (tmp_path / CHECKPOINT).write_bytes(b"cut")
    with pytest.raises(TrainingError, match="cannot be read") as refusal:
        read_checkpoint(tmp_path)
    assert refusal.value.remedy == "Remove it to begin again."


def test_a_curve_forgets_what_lies_beyond_the_checkpoint(tmp_path):
    (tmp_path / CURVE).write_text('{"step": 250}\n{"step": 500}\n{"step": 750}\n')
    cut_curve(tmp_path, 500)
    assert (tmp_path / CURVE).read_text() == '{"step": 250}\n{"step": 500}\n'
