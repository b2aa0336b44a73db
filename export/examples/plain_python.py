"""A picture in the manner of another one, in any Python that has TensorFlow.

python plain_python.py models/nst/1 photo.jpg painting.jpg out.png --iterations 200
"""

import argparse
from pathlib import Path

import tensorflow as tf


def picture(file: str, size: int) -> tf.Tensor:
    """The pixels of a file, uint8[height, width, 3], its longest side `size` pixels long; 0 keeps its size."""
    pixels = tf.io.decode_image(tf.io.read_file(file), channels=3, expand_animations=False)
    if size:
        pixels = tf.image.resize(pixels, [size, size], preserve_aspect_ratio=True, antialias=True)
    return tf.saturate_cast(tf.round(tf.cast(pixels, tf.float32)), tf.uint8)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model", help="a version's folder")
parser.add_argument("content")
parser.add_argument("style")
parser.add_argument("output", type=Path, help="a PNG file")
parser.add_argument("--iterations", type=int, default=200)
parser.add_argument("--size", type=int, default=512)
options = parser.parse_args()

model = tf.saved_model.load(options.model)  # print(model.help().numpy().decode()) says what there is to call
content, style = picture(options.content, options.size), picture(options.style, options.size)
result = model.stylize(content, style, options.iterations)  # and every option by its name: preset="gatys"
options.output.write_bytes(tf.io.encode_png(result["image"]).numpy())
total, *_ = result["losses"][-1].numpy()
print(f"{options.output}: a loss of {total:.4g} in the last iteration")
