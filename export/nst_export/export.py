"""Weights and presets in, a SavedModel version directory out."""

from __future__ import annotations

import logging
import re
import shutil
from datetime import datetime, timezone
from pathlib import Path

import keras
import tensorflow as tf
from tensorflow.python.saved_model.pywrap_saved_model import fingerprinting

import nst_graph
from nst_export.errors import VersionError
from nst_export.processor import precision_for, this_cpuinfo, why_slow
from nst_export.saved_model.model_card import CONTRACT, ModelCard, card_text, json_value, write_card
from nst_export.saved_model.model_folder import unusable_path
from nst_export.saved_model.new_version import new_version, next_version
from nst_export.saved_model.slimming import slim
from nst_export.saved_model.version_folder import FINGERPRINT_FILE
from nst_export.saved_model.warmup_records import write_warmup_requests
from nst_export.warmup import warmup_requests
from nst_export.weights import fill_weights
from nst_graph.choices import Pooling, Precision, PrecisionOrAuto, PresetName
from nst_graph.execution import DEFAULT_EXECUTION, Execution
from nst_graph.limits import DEFAULT_LIMITS, MIN_SIDE, Limits
from nst_graph.options import OPTIONS
from nst_graph.presets import PRESETS, Preset
from nst_graph.style_transfer import StyleTransfer, network_for

logger = logging.getLogger(__name__)

DEFAULT_POOLING: Pooling = "max"  # as VGG19 was trained, and as all published recipes have it

# The gradients are in the graph; TensorFlow would save the functions that made them too, and whoever loads such a model
# in Python could never free it: `tf.saved_model.load` registers them for good, and they hold every graph of the model.
SAVE_OPTIONS = tf.saved_model.SaveOptions(experimental_custom_gradients=False)

OP_NAME = re.compile(r" \[Op:\w+\]$")  # what TensorFlow appends to the reason


def export_version(
    model_dir: Path,
    *,
    weights: str = "imagenet",
    preset_name: PresetName | None = None,
    pooling: Pooling | None = None,
    precision: PrecisionOrAuto = "float32",
    limits: Limits = DEFAULT_LIMITS,
    execution: Execution = DEFAULT_EXECUTION,
    version: int | None = None,
    width_divisor: int = 1,
) -> Path:
    """Writes `model_dir/version`, whole or not at all, and returns it.

    Args:
        model_dir: the model's folder; its name is the model's name.
        weights: see `nst_export.weights.fill_weights`.
        preset_name: the only preset of the model; by default it holds all that its pooling can serve.
        pooling: in place of the preset's own, or of `DEFAULT_POOLING`.
        precision: dtype of the network alone; picture, optimiser, Gram sums and losses are float32. With auto what
            suits this processor: see `nst_export.processor.precision_for`.
        limits: what the model will accept.
        execution: how the server that loads it will run it.
        version: its number; by default the next free one.
        width_divisor: see `nst_graph.vgg19.vgg19`.

    Raises:
        ExportError: nothing was written; its text says why.
    """
    fault = unusable_path(model_dir)
    if fault:
        raise VersionError(*fault)
    presets, pooling = _presets(preset_name, pooling)
    dtype, precision_reason = _precision(precision)
    name = model_dir.resolve().name
    target = model_dir / str(next_version(model_dir) if version is None else version)
    with new_version(target) as staging:
        network = network_for(presets, pooling=pooling, width_divisor=width_divisor)
        record = fill_weights(network, weights)
        card = ModelCard(
            contract=CONTRACT,
            name=name,
            created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            weights=json_value(record),
            precision=dtype,
            precision_reason=precision_reason,
            pooling=pooling,
            presets={name: json_value(preset) for name, preset in presets.items()},
            options=[json_value(row) for row in OPTIONS],
            limits={"min_side": MIN_SIDE, **json_value(limits)},
            execution=json_value(execution),
            versions=_versions(),
        )
        if dtype != "float32":
            like = network_for(presets, pooling=pooling, precision=dtype, width_divisor=width_divisor)
            network = _converted(network, like)
        module = StyleTransfer(network, presets, limits=limits, execution=execution, model_card=card_text(card))
        _write(module, card, staging)
    return target


def _precision(choice: PrecisionOrAuto) -> tuple[Precision, str]:
    """See `precision_for`; says what a caller may not know."""
    cpuinfo = this_cpuinfo()
    precision, reason = precision_for(choice, cpuinfo)
    slow = why_slow(precision, cpuinfo)
    if choice == "auto":
        logger.warning("The precision is %s (%s).", precision, reason)
    if slow:
        logger.warning("This model is for another machine or a GPU: %s.", slow)
    return precision, reason


def _presets(name: PresetName | None, pooling: Pooling | None) -> tuple[dict[str, Preset], Pooling]:
    """The presets of a model, the default one first, and the pooling of its network."""
    if name is not None:
        return {name: PRESETS[name]}, pooling or PRESETS[name].pooling or DEFAULT_POOLING
    pooling = pooling or DEFAULT_POOLING
    return {name: preset for name, preset in PRESETS.items() if preset.pooling in (None, pooling)}, pooling


def _converted(network: keras.Model, like: keras.Model) -> keras.Model:
    like.set_weights(network.get_weights())
    return like


def _versions() -> dict[str, str]:
    return {"nst_serving": nst_graph.__version__, "tensorflow": tf.__version__, "keras": keras.__version__}


def _write(module: StyleTransfer, card: ModelCard, folder: Path) -> None:
    try:
        tf.saved_model.save(module, str(folder), signatures=module.signatures, options=SAVE_OPTIONS)
        slim(folder)
        (folder / FINGERPRINT_FILE).write_bytes(fingerprinting.CreateFingerprintDef(str(folder)))
        write_warmup_requests(folder, warmup_requests(module, card.name))
    except tf.errors.OpError as error:  # how TensorFlow's file writers report a full or read-only disk
        reason = OP_NAME.sub("", str(error.message).splitlines()[0]).rsplit("; ", 1)[-1]
        remedy = "Check the free space on its disk."
        raise VersionError(f"The SavedModel cannot be written: {reason}.", remedy) from error
    shutil.rmtree(folder / "assets", ignore_errors=True)  # always written, always empty here
    write_card(folder, card)
