"""How strong the shipped layers are: as VGG19's own on a photograph, so that absolute losses balance.

ReLU networks can be rescaled layer by layer without changing what they compute; trained layers come out at unit scale,
at which a recipe with absolute losses, such as the preset `eager`, leaves the photograph as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

# The mean entry of the Gram matrix, averaged over positions, as TensorFlow's tutorial "Neural style transfer"
# (tensorflow.org/tutorials/generative/style_transfer) prints it for ImageNet's VGG19: a photograph of a labrador, 512
# pixels, max pooling, the line "mean" of each entry under "Styles:"; and for block5_conv2 the mean activation, under
# "Contents:". Quoted from memory: the page could not be reached to check them.
MEAN_GRAM_ENTRY = {
    "block1_conv1": 263.79,
    "block2_conv1": 9100.9,
    "block3_conv1": 7661.0,
    "block4_conv1": 134288.8,
    "block5_conv1": 1487.0,
}
MEAN_ACTIVATION = {"block5_conv2": 13.764}
PUBLISHED = (*MEAN_GRAM_ENTRY, *MEAN_ACTIVATION)


def mean_gram_entry(features: np.ndarray) -> float:
    """Of float32[positions, channels]: the mean of the entries is the mean square of the channels' mean."""
    return float(np.square(features.mean(1)).mean())


def gain(name: str, features: Sequence[np.ndarray]) -> float:
    """What features float32[positions, channels] of several pictures must be multiplied by to be as strong."""
    if name in MEAN_ACTIVATION:
        return float(MEAN_ACTIVATION[name] / np.mean([picture.mean() for picture in features]))
    return float(np.sqrt(MEAN_GRAM_ENTRY[name] / np.mean([mean_gram_entry(picture) for picture in features])))


def between(known: Mapping[str, float], names: list[str]) -> dict[str, float]:
    """A gain for every layer: where none is known, evenly in the logarithm between its neighbours."""
    places = [place for place, name in enumerate(names) if name in known]
    logarithms = [np.log(known[names[place]]) for place in places]
    return {name: float(np.exp(np.interp(place, places, logarithms))) for place, name in enumerate(names)}
