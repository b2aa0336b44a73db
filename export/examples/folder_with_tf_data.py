"""A folder of pictures as a tf.data pipeline: files in, stylised files out.

python folder_with_tf_data.py models/nst/1 photos/ painting.jpg out/ --iterations 200

The model reads JPEG and PNG itself, turns photos upright, scales them and writes PNG.
"""

import argparse
from pathlib import Path

import tensorflow as tf

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model", help="a version's folder")
parser.add_argument("contents", type=Path, help="a folder of JPEG and PNG files")
parser.add_argument("style")
parser.add_argument("outputs", type=Path, help="a folder for PNG files")
parser.add_argument("--iterations", type=int, default=200)
parser.add_argument("--size", type=int, default=512, help="longest side in pixels; 0 keeps the pictures' sizes")
options = parser.parse_args()

model = tf.saved_model.load(options.model)
style = tf.io.read_file(options.style)


def stylized(file: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A file's name, and the PNG file that comes of it."""
    result = model.stylize_encoded(tf.io.read_file(file), style, options.iterations, options.size)
    return file, result["image_bytes"]


files = sorted(str(file) for file in options.contents.iterdir() if file.suffix.lower() in {".jpg", ".jpeg", ".png"})
options.outputs.mkdir(parents=True, exist_ok=True)
# One run keeps all processors or the GPU busy: more at a time (num_parallel_calls) would take memory and save no time.
pictures = tf.data.Dataset.from_tensor_slices(files).map(stylized).prefetch(1)
for file, png in pictures:
    output = options.outputs / f"{Path(file.numpy().decode()).stem}.png"
    output.write_bytes(png.numpy())
    print(output)
