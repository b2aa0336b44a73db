"""The GPU that TensorFlow computes on, if there is one."""

from __future__ import annotations

import tensorflow as tf


def gpu_name() -> str | None:
    """What its driver calls it; None without one."""
    found = tf.config.list_physical_devices("GPU")
    return str(tf.config.experimental.get_device_details(found[0]).get("device_name", "GPU")) if found else None


def gpu_memory() -> int | None:
    """Bytes that this process had of it at the highest; None without one."""
    found = tf.config.list_logical_devices("GPU")
    return int(tf.config.experimental.get_memory_info("GPU:0")["peak"]) if found else None
