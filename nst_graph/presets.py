"""The recipes: which losses at which layers, which weights, which optimiser, which sizes; a row each.

Pixels are in 0..255 here. Numbers of systems whose pixels are in 0..1 are converted: learning rates times 255,
Adam's epsilon over 255, since gradients shrink by as much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from nst_graph.choices import (
    ContentLoss,
    Init,
    OptimizerName,
    Padding,
    Pooling,
    PresetName,
    StyleLoss,
    Variation,
)

STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))
CHANNELS = (64, 128, 256, 512, 512)  # of the style layers


MAX_LEVELS = 16  # from 2**15 pixels down to 181 in steps of sqrt(2)


class Plan(NamedTuple):
    """How the sizes follow from the content's, which is always the last one."""

    sizes: tuple[int, ...] = ()  # longest sides in pixels; those below the content's are taken
    ratio: float = 0.0  # of a size to the one before it; 0: only `sizes`
    smallest: int = 0  # pixels of the longest side where there is a ratio
    levels: int = MAX_LEVELS  # at most
    first: int = 500  # iterations at the first size
    later: int = 500  # iterations at each other size; the last one goes on as long as the run does


class AdamSettings(NamedTuple):
    """Kingma and Ba (2015)."""

    learning_rate: float  # pixel levels
    beta_1: float = 0.9  # decay of the mean; these three are the paper's own
    beta_2: float = 0.999  # decay of the variance
    epsilon: float = 1e-8  # in units of the gradient; which epsilon it is says `corrected`
    folded: bool = True  # the bias corrections are folded into the step (TensorFlow, Keras); else as in PyTorch


class Preset(NamedTuple):
    """One recipe: a row of numbers."""

    source: str
    content_layers: Mapping[str, float]  # weight of each layer within the content loss
    style_layer_weights: tuple[float, ...]  # of `STYLE_LAYERS` within the style loss
    content_weight: float
    style_weight: float
    tv_weight: float
    content_loss: ContentLoss
    style_loss: StyleLoss
    variation: Variation
    optimizer: OptimizerName
    adam: AdamSettings
    iterations: int  # published, at one size
    plan: Plan = Plan()  # the sizes
    lbfgs_rate: float = 1.0  # learning rate of L-BFGS: a factor on its step
    sgd_rate: float = 1.0  # learning rate of plain gradient descent
    decay_iterations: float = float("inf")  # the learning rate falls as (1 + iteration / these) ** -1/2
    decay_rate: float = 1.0  # and by this factor in an iteration
    average: float = 0.0  # decay of the average over iterations
    init: Init = "content"
    style_scale: float | None = None  # longest side of the style over that of the picture; None: as they were sent
    noise: float = 64.0  # standard deviation of the noise to start from, in pixel levels round the mean colour
    feature_unit: float = 1.0  # features are divided by this before they are compared
    per_pixel: bool = (
        False  # gradients are taken times the number of pixel values, so that one epsilon serves all sizes
    )
    clip: bool = True  # pixels are kept within 0..255 in the loop
    padding: Padding = "zeros"  # round the picture, before the first convolution
    pooling: Pooling | None = "max"  # None: looks well with any


# What torchvision's VGG19 sees as 1: pixels over 255, then over ImageNet's mean standard deviation. Ours, like that of
# Keras and Caffe, sees pixels in 0..255, so that its features are about as many times larger.
TORCHVISION_UNIT = 255 * (0.229 + 0.224 + 0.225) / 3

# Per layer 1/5 of a mean square: the weights of most tutorials.
FIFTHS = (1 / 5,) * 5

PRESETS: Mapping[PresetName, Preset] = {
    # Ours, chosen by looking at four pairs at 384 pixels. Three sizes: at a quarter of the size block5 sees a whole
    # cloud, and paints strokes as large as the painting's; the last size only refines them, so it costs most and
    # needs least. Means and covariances apart, since with Gram matrices alone the colours drift: blue where the
    # painting has yellow. Shallow style layers weigh more since their filters are the ones that random networks share
    # with trained ones; content is held at two depths, so that shapes stay where a random network's deep layer alone
    # would let them go. With an epsilon much below the gradient's own size, 0.04, pixels that hardly matter are moved
    # too: noise; much above it the houses stay a photograph. A learning rate of 20 overshoots into wrong colours, one
    # of 4 takes twice the iterations.
    "nst": Preset(
        source="ours",
        content_layers={"block3_conv1": 0.5, "block4_conv2": 0.5},
        style_layer_weights=tuple(weight / 10.5 for weight in (4, 3, 2, 1, 0.5)),
        content_weight=0.2,
        style_weight=1.0,
        tv_weight=1.0,
        content_loss="relative",
        style_loss="moments-relative",
        variation="squares",
        optimizer="adam",
        adam=AdamSettings(8.0, 0.9, 0.99, 1e-3),
        iterations=200,
        plan=Plan(ratio=2.0, smallest=96, levels=3, first=80, later=50),
        decay_iterations=50.0,
        per_pixel=True,
        padding="replicate",
        pooling=None,
    ),
    "eager": Preset(
        source="Raymond Yuan: Neural style transfer with eager execution and tf.keras (2018)",
        content_layers={"block5_conv2": 1.0},
        style_layer_weights=FIFTHS,
        content_weight=1e3,
        style_weight=1e-2,
        tv_weight=0.0,
        content_loss="mean",
        style_loss="gram",
        variation="squares",
        optimizer="adam",
        adam=AdamSettings(5.0, 0.99, 0.999, 1e-1),
        iterations=1000,
    ),
    "gatys": Preset(
        source="Gatys, Ecker and Bethge (2016), as in leongatys/PytorchNeuralStyleTransfer",
        content_layers={"block4_conv2": 1.0},
        style_layer_weights=tuple(1e3 / channels**2 for channels in CHANNELS),
        content_weight=1.0,
        style_weight=1.0,
        tv_weight=0.0,
        content_loss="mean",
        style_loss="gram",
        variation="squares",
        optimizer="lbfgs",
        adam=AdamSettings(10.0, folded=False),
        iterations=500,
        plan=Plan(sizes=(512,), first=500, later=200),
        clip=False,
    ),
    "jcjohnson": Preset(
        source="jcjohnson/neural-style, with the total variation of ProGamerGov/neural-style-pt",
        content_layers={"block4_conv2": 1.0},
        style_layer_weights=tuple(1 / channels**2 for channels in CHANNELS),
        content_weight=5.0,
        style_weight=100.0,
        tv_weight=1e-3,
        content_loss="mean",
        style_loss="gram",
        variation="absolute",
        optimizer="lbfgs",
        adam=AdamSettings(10.0, folded=False),
        iterations=1000,
        init="noise",
        style_scale=1.0,
        noise=1e-3,
        clip=False,
    ),
    "keras": Preset(
        source="keras.io: Neural style transfer (François Chollet)",
        content_layers={"block5_conv2": 1.0},
        # Its Gram matrices are sums over positions, in units of the picture's size: 1/4 of the positions a block.
        style_layer_weights=tuple(n**2 / (5 * 4 * 9 * 16**block) for block, n in enumerate(CHANNELS)),
        content_weight=2.5e-8,
        style_weight=1e-6,
        tv_weight=1e-6,
        content_loss="sum",
        style_loss="gram",
        variation="power",
        optimizer="sgd",
        adam=AdamSettings(10.0),
        iterations=4000,
        sgd_rate=100.0,
        decay_rate=0.96 ** (1 / 100),
        clip=False,
    ),
    "tensorflow": Preset(
        source="tensorflow.org: Neural style transfer",
        content_layers={"block5_conv2": 1.0},
        style_layer_weights=FIFTHS,
        content_weight=1e4,
        style_weight=1e-2,
        tv_weight=0.0,
        content_loss="mean",
        style_loss="gram",
        variation="absolute",
        optimizer="adam",
        adam=AdamSettings(0.02 * 255, 0.99, 0.999, 1e-1 / 255),
        iterations=1000,
    ),
    "crowson": Preset(
        source="crowsonkb/style-transfer-pytorch",
        content_layers={"block4_conv2": 1.0},
        style_layer_weights=tuple(weight / 341 for weight in (256, 64, 16, 4, 1)),
        content_weight=0.015,
        style_weight=1.0,
        tv_weight=2.0,
        content_loss="mean",
        style_loss="wasserstein",
        variation="stencil",
        optimizer="adam",
        adam=AdamSettings(0.02 * 255, 0.9, 0.99, 1e-8 / 255, folded=False),
        iterations=500,
        plan=Plan(ratio=2**0.5, smallest=128, first=1000, later=500),
        average=0.99,
        style_scale=1.0,
        feature_unit=TORCHVISION_UNIT,
        padding="replicate",
    ),
}
