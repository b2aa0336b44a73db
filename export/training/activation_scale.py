"""How strong the shipped layers are: as VGG19's own on a photograph, so that absolute losses balance.

ReLU networks can be rescaled layer by layer without changing what they compute; trained layers come out at unit scale,
at which a recipe with absolute losses, such as the preset `eager`, leaves the photograph as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

# The mean entry of the Gram matrix, averaged over positions, that TensorFlow's tutorial "Neural style transfer"
# (tensorflow.org/tutorials/generative/style_transfer) prints for ImageNet's VGG19 under "Styles:", for a photograph of
# a labrador at 512 pixels with max pooling; and for block5_conv2 the mean activation, under "Contents:".
#
# Not verified: these very figures. They are quoted from memory, and the notebook in tensorflow/docs has no outputs.
# Verified: that they are of the right size. Five repositories on GitHub hold the tutorial's notebook as it was run on
# other photographs; below site/en/tutorials/generative/ in (1) wainainapete/Universal-AI-Diploma-Week-5-Generative-
# Adversarial-Neural-Networks-and-NFTS, (2) lawviet123/CS114.K21, (3) Rupesh-rkgit/ML_notebooks, (4) albercej/zug, and
# style_transfer_IT.ipynb in (5) UdayangaAri/TDM-Assignment-Machine-Learning. They print:
#
#                     (1)      (2)      (3)     (4)     (5)     here
#   block1_conv1      553      410      474     276     275      264
#   block2_conv1   14,097   13,030   13,498   7,363   6,762    9,101
#   block3_conv1   12,086   11,872   11,087   5,637   5,748    7,661
#   block4_conv1  214,096  206,142  165,434  97,714  98,688  134,289
#   block5_conv1    1,460    2,054    1,335     650   1,059    1,487
#   block5_conv2     15.4     17.4     11.8     9.6    11.3     13.8
#
# So these lie between photographs, except for block1_conv1's, 4 % below the least of them. A gain is the square root
# of a ratio of Gram entries: with any of these photographs in the labrador's place it would be 0.66 to 1.45 times as
# large.
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
