"""Style transfer as a layer of a Keras model, with other layers around it.

python keras_layer.py models/nst/1 photo.jpg painting.jpg out.png --iterations 200
"""

import argparse

import keras
import numpy as np

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model", help="a version's folder")
parser.add_argument("content")
parser.add_argument("style")
parser.add_argument("output")
parser.add_argument("--iterations", type=int, default=200)
parser.add_argument("--size", type=int, default=512, help="height and width in pixels; 0 keeps the pictures' sizes")
options = parser.parse_args()

# The layer takes one picture of any size, not a batch: the batch's place in the shapes is the picture's height.
content, style = (keras.Input(batch_shape=(None, None, 3), dtype="uint8", name=name) for name in ("content", "style"))
stylize = keras.layers.TFSMLayer(options.model, call_endpoint="stylize")
image = stylize(content, style=style, iterations=np.int32(options.iterations))["image"]  # Keras takes no plain number
image = keras.layers.Rescaling(1 / 255)(image)
model = keras.Model([content, style], image)


def pixels(file: str) -> np.ndarray:
    """uint8[height, width, 3]."""
    size = (options.size, options.size) if options.size else None
    loaded = keras.utils.load_img(file, target_size=size, interpolation="lanczos", keep_aspect_ratio=True)
    return keras.utils.img_to_array(loaded, dtype="uint8")


image = model([pixels(options.content), pixels(options.style)])  # float32[height, width, 3] in 0..1
keras.utils.save_img(options.output, np.round(255 * np.asarray(image)), scale=False)
