"""The run: batches in, weights out, resumed by the same command."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from training.checkpoint import append_curve, cut_curve, read_checkpoint, write_checkpoint
from training.crops import Crops
from training.judge import Judge, centres, normalised
from training.moving_average import MovingAverage
from training.pace import Pace
from training.picture_cache import Pictures
from training.squared_error import squared_error
from training.student import FIRST, POOLINGS, Student, trained_student
from training.teacher import Teacher

SCALE_PICTURES = 96  # that the targets' root mean squares are measured on
JUDGED, JUDGED_SIDE = 12, 224
AVERAGE_EVERY = 5  # steps: following costs as much as a few per cent of one


class Settings(NamedTuple):
    """What a run is made with."""

    steps: int  # in all; the rate falls over the last `anneal` of them
    anneal: int
    warm_up: int = 100
    rate: float = 2e-3
    batch: int = 6
    side: int = 112  # pixels of a crop
    statistics_steps: int = 3000  # after which the normalisation's statistics stay
    judge_every: int = 500
    checkpoint_every: int = 100


class _Batches(Dataset[np.ndarray]):
    """The n-th batch, made in a process of its own."""

    def __init__(self, crops: Crops, settings: Settings) -> None:
        self._crops, self._settings = crops, settings

    def __getitem__(self, number: int) -> np.ndarray:
        return self._crops.batch(number, size=self._settings.batch, side=self._settings.side)


def learning_rate(step: int, settings: Settings) -> float:
    """Rises, stays, then falls in a straight line to zero: another `steps` changes only its end."""
    rise = min(1.0, (step + 1) / settings.warm_up)
    fall = min(1.0, (settings.steps - step) / settings.anneal)
    return settings.rate * min(rise, fall)


@torch.no_grad()
def target_scales(teacher: Teacher, crops: Crops, side: int) -> dict[str, Tensor]:
    """The root mean square of each channel of each target, float32[1, channels, 1, 1]; silent channels get a floor."""
    targets = teacher.targets(normalised(crops.batch(-1 % 2**32, size=SCALE_PICTURES, side=side)))
    return {
        name: value.square().mean((0, 2, 3), keepdim=True).sqrt().clamp_min(1e-2 * float(value.std()))
        for name, value in targets.items()
    }


class Run:
    """One training run in its folder."""

    def __init__(self, folder: Path, teacher: Teacher, crops: Crops, judged: Pictures, settings: Settings) -> None:
        """Begins, or goes on where the folder's checkpoint ends."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._teacher, self._crops, self._settings = folder, teacher.reduced(), crops, settings
        torch.manual_seed(0)
        self.student = Student().to(memory_format=torch.channels_last)
        saved = read_checkpoint(folder)
        self.scales = target_scales(teacher, crops, settings.side) if saved is None else saved["scales"]
        self._reduced_scales = {name: scale.bfloat16() for name, scale in self.scales.items()}
        kernel, bias = teacher.first_filters()
        scale = self.scales[FIRST].flatten()
        self.student.adopt_first(kernel / scale[:, None, None, None], bias / scale)
        learning = [weight for weight in self.student.parameters() if weight.requires_grad]
        self._optimiser = torch.optim.AdamW(learning, lr=settings.rate, weight_decay=1e-4, fused=True)
        self._average = MovingAverage(self.student)
        self._judge = Judge(teacher, centres(judged, most=JUDGED, side=JUDGED_SIDE), self.scales)
        self.step, self._seconds = 0, 0.0
        if saved is not None:
            self._restore(saved)

    def _restore(self, saved: dict[str, Any]) -> None:
        self.student.load_state_dict(saved["student"])
        self._average.state = saved["average"]
        self._optimiser.load_state_dict(saved["optimiser"])
        self.step, self._seconds = saved["step"], saved["seconds"]
        cut_curve(self._folder, self.step)

    def go(self) -> Iterator[str]:
        """Trains to the end; a line for people at every look at the curve."""
        batches = DataLoader(
            _Batches(self._crops, self._settings),
            batch_size=None,
            sampler=range(self.step, self._settings.steps),
            num_workers=1,
            prefetch_factor=8,
        )
        pace = Pace(torch.get_num_threads())
        for batch in batches:
            began, threads = time.monotonic(), pace.threads()
            torch.set_num_threads(threads)
            self._learn(batch)
            seconds = time.monotonic() - began
            pace.took(threads, seconds)
            self.step += 1
            self._seconds += seconds
            last = self.step == self._settings.steps
            if last or self.step % self._settings.checkpoint_every == 0:
                self._save()
            if last or self.step % self._settings.judge_every == 0:
                yield self._look()

    def _learn(self, batch: Tensor) -> None:
        """One step of the optimiser on uint8[batch, side, side, 3]."""
        bgr = normalised(batch.numpy())
        with torch.no_grad():
            wanted = self._teacher.learnt_targets(bgr)
        self.student.train()
        if self.step >= self._settings.statistics_steps:
            self.student.keep_statistics()
        with torch.autocast("cpu", torch.bfloat16):
            given = self.student(bgr, "both")
        losses = [squared_error(given[name], wanted[name] / self._reduced_scales[name]) for name in wanted]
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate(self.step, self._settings)
        self._optimiser.zero_grad()
        torch.stack(losses).sum().backward()
        self._optimiser.step()
        if self.step % AVERAGE_EVERY == 0:
            self._average.follow(self.student, self.step // AVERAGE_EVERY)

    def _save(self) -> None:
        state = {
            "step": self.step,
            "seconds": self._seconds,
            "student": self.student.state_dict(),
            "average": self._average.state,
            "optimiser": self._optimiser.state_dict(),
            "scales": self.scales,
        }
        write_checkpoint(self._folder, state)

    def _look(self) -> str:
        """One point of the curve for each pooling, of the averaged weights."""
        averaged = trained_student(self._average.state)
        words = []
        for pooling in POOLINGS:
            explained = self._judge.explained(averaged, pooling, reduced=True)
            line = {"step": self.step, "seconds": round(self._seconds, 1), "pooling": pooling}
            append_curve(self._folder, line | {name: round(value, 4) for name, value in explained.items()})
            words.append(f"{pooling} " + " ".join(f"{value:.3f}" for value in explained.values()))
        return f"step {self.step}, {self._seconds:.0f} s, explained variance: " + "; ".join(words)
