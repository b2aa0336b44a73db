"""One picture on each replica of a tf.distribute strategy: every GPU of a machine stylises its own at the same time.

python replicas.py models/nst/1 painting.jpg out/ photo1.jpg photo2.jpg photo3.jpg --iterations 200

Without GPUs the processor is divided in two (--replicas), which shows how it is done and is no faster.
"""

import argparse
from pathlib import Path

import tensorflow as tf

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model", help="a version's folder")
parser.add_argument("style")
parser.add_argument("outputs", type=Path, help="a folder for PNG files")
parser.add_argument("contents", nargs="+", type=Path)
parser.add_argument("--iterations", type=int, default=200)
parser.add_argument("--size", type=int, default=512, help="longest side in pixels; 0 keeps the pictures' sizes")
parser.add_argument("--replicas", type=int, default=2, help="where there is no GPU")
options = parser.parse_args()

devices = [f"GPU:{index}" for index, _ in enumerate(tf.config.list_physical_devices("GPU"))]
if not devices:
    parts = [tf.config.LogicalDeviceConfiguration()] * options.replicas
    tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    devices = [f"CPU:{index}" for index in range(options.replicas)]
strategy = tf.distribute.MirroredStrategy(devices)
models = []
for device in devices:  # and not once in strategy.scope(), where the model cannot check that its weights are complete
    with tf.device(device):
        models.append(tf.saved_model.load(options.model))


def stylized_here(*arguments: tf.Tensor) -> tf.Tensor:
    """The PNG file of this replica's content."""
    replica = tf.get_static_value(tf.distribute.get_replica_context().replica_id_in_sync_group)
    return models[replica].stylize_encoded(*arguments)["image_bytes"]


@tf.function
def stylized(content: tf.Tensor, style: tf.Tensor) -> tf.Tensor:
    """The PNG file of each replica's content."""
    return strategy.run(stylized_here, (content, style, options.iterations, options.size))


style = tf.io.read_file(options.style)
options.outputs.mkdir(parents=True, exist_ok=True)
count = strategy.num_replicas_in_sync
for first in range(0, len(options.contents), count):
    files = options.contents[first : first + count]
    encoded = [tf.io.read_file(str(file)) for file in files]
    encoded += encoded[-1:] * (count - len(files))  # every replica runs: those without a picture repeat the last one
    contents = strategy.experimental_distribute_values_from_function(
        lambda context, encoded=encoded: encoded[context.replica_id_in_sync_group]
    )
    for file, png in zip(files, strategy.experimental_local_results(stylized(contents, style)), strict=False):
        (options.outputs / f"{file.stem}.png").write_bytes(png.numpy())
        print(options.outputs / f"{file.stem}.png")
