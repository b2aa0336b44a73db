"""Predict over a real socket gives what the SavedModel gives; checks, codes and words are tests/conformance's."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from nst_client import StyleClient


def test_a_served_run_is_the_modules_own(client: StyleClient, tiny_model_dir, content, style):
    options = {"style_weight": 3.0, "learning_rate": 1.0, "tv_weight": 0.0}
    module = tf.saved_model.load(str(tiny_model_dir / "1"))
    expected = module.stylize(content, style, tf.constant(2), **options)
    served = client.stylize(content, style, iterations=2, **options)
    np.testing.assert_allclose(served.losses, expected["losses"], rtol=1e-5)
    np.testing.assert_allclose(served.image.astype(int), expected["image"], atol=1)
