"""Models for the tests, each exported once in a run: it takes seconds, and every worker would do it again."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf
from filelock import FileLock

from nst_export.export import export_version
from nst_export.saved_model.model_card import CONTRACT, ModelCard, card_text, write_card
from nst_graph.choices import PresetName
from nst_graph.limits import Limits
from nst_graph.presets import PRESETS
from nst_graph.style_transfer import network_for

WIDTH_DIVISOR = 16
LIMITS = Limits(max_pixels=128 * 128, max_iterations=100_000)  # no test waits for as many: it stops such a run


def write_light_version(version_dir: Path) -> Path:
    """A version that answers `describe` and nothing else: it loads in milliseconds, where ours takes a second."""
    facts = {name: {} for name in ModelCard._fields} | {"contract": CONTRACT, "name": "light", "options": []}
    texts = dict.fromkeys(("created", "precision", "precision_reason", "pooling"), "")
    card = ModelCard(**facts | texts)
    module = tf.Module()
    module.weights = tf.Variable(tf.range(10_000.0))
    module.describe = tf.function(lambda: {"model_card": tf.constant(card_text(card))}, input_signature=[])
    tf.saved_model.save(module, str(version_dir), signatures={"describe": module.describe})
    write_card(version_dir, card)
    return version_dir


class Exports:
    """Models in a folder that all workers of a run share. Tests that change one make a copy of it first."""

    def __init__(self, tmp_path_factory: pytest.TempPathFactory) -> None:
        base = tmp_path_factory.getbasetemp()
        self._folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "exports"
        self._folder.mkdir(exist_ok=True)

    def __call__(self, name: str, **options: Any) -> Path:
        """The folder of the model `name`, with version 1 in it. `options` are those of `export_version`."""
        model_dir = self._folder / name
        with FileLock(f"{model_dir}.lock"):
            if not model_dir.exists():
                export_apart(
                    model_dir, **{"weights": "random:0", "limits": LIMITS, "width_divisor": WIDTH_DIVISOR} | options
                )
        return model_dir


def export_apart(model_dir: Path, **options: Any) -> Path:
    """What `export_version` does, in a process of its own.

    An export takes half a gigabyte, and TensorFlow keeps two fifths of it while the process lives.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as process:
        return process.submit(export_version, model_dir, **options).result()


def network_of(preset: PresetName, **options: Any) -> keras.Model:
    """An untrained network as a model of this preset alone has it; `options` are those of `network_for`."""
    return network_for({preset: PRESETS[preset]}, **{"pooling": PRESETS[preset].pooling or "average"} | options)
