"""An exponential moving average of a network's weights: less noisy than the last ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MovingAverage:
    """Follows a network, faster at the beginning."""

    def __init__(self, network: nn.Module, decay: float = 0.99) -> None:
        """Begins at the network's weights."""
        self._decay = decay
        self.state: dict[str, Tensor] = {name: value.clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """One step: `decay` of the average so far, the rest of the network; fewer of the past while it is young."""
        decay = min(self._decay, (1 + step) / (10 + step))
        pairs = [(self.state[name], value) for name, value in network.state_dict().items() if value.is_floating_point()]
        torch._foreach_lerp_([old for old, _ in pairs], [new for _, new in pairs], 1 - decay)
