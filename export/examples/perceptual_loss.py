"""The errors of `evaluate` as a perceptual loss in a training loop: a small network learns a manner of painting.

python perceptual_loss.py models/nst/1 photo.jpg painting.jpg out.png --updates 200

The network sees the photo and returns a picture; the loaded model says how far that is from the photo's content and
from the painting's style, and the gradient of it trains the network. VGG19 itself is left as it is.
"""

import argparse

import keras
import tensorflow as tf

STYLE_WEIGHT = 1.0  # of the mean of the five style errors, beside the content error

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model", help="a version's folder")
parser.add_argument("content")
parser.add_argument("style")
parser.add_argument("output", help="a PNG file")
parser.add_argument("--updates", type=int, default=200, help="of the network")
parser.add_argument("--size", type=int, default=256, help="longest side in pixels; 0 keeps the pictures' sizes")
options = parser.parse_args()


def picture(file: str) -> tf.Tensor:
    """float32[height, width, 3] in 0..255."""
    pixels = tf.io.decode_image(tf.io.read_file(file), channels=3, expand_animations=False)
    if options.size:
        pixels = tf.image.resize(pixels, [options.size] * 2, preserve_aspect_ratio=True, antialias=True)
    return tf.clip_by_value(tf.cast(pixels, tf.float32), 0, 255)


content, style = picture(options.content), picture(options.style)
yardstick = tf.saved_model.load(options.model)
keras.utils.set_random_seed(0)
network = keras.Sequential(
    [
        keras.Input((None, None, 3)),
        keras.layers.Rescaling(1 / 127.5, offset=-1),
        keras.layers.Conv2D(16, 9, padding="same", activation="relu"),
        keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
        keras.layers.Conv2D(3, 9, padding="same", activation="sigmoid"),
        keras.layers.Rescaling(255),
    ]
)
optimizer = keras.optimizers.Adam(0.003)


@tf.function
def update() -> tf.Tensor:
    """Trains the network once and returns the loss before it."""
    with tf.GradientTape() as tape:
        image = network(content[tf.newaxis])[0]  # of a batch each picture is a call of its own
        errors = yardstick.evaluate(content, style, image)  # all float32: pixels as uint8 have no gradient
        loss = errors["content_error"] + STYLE_WEIGHT * tf.reduce_mean(errors["style_errors"])
    optimizer.apply(tape.gradient(loss, network.trainable_variables), network.trainable_variables)
    return loss


for number in range(options.updates):
    loss = update()
    if number % 10 == 0:
        print(f"{number}: {loss:.4f}")
image = tf.saturate_cast(tf.round(network(content[tf.newaxis])[0]), tf.uint8)
tf.io.write_file(options.output, tf.io.encode_png(image))
errors = yardstick.evaluate(tf.cast(tf.round(content), tf.uint8), tf.cast(tf.round(style), tf.uint8), image)
print(f"{options.output}: content {errors['content_error']:.4f}, style {tf.reduce_mean(errors['style_errors']):.4f}")
