"""The loss of one layer: mean squared error inside the outermost ring, where padding shows."""

from __future__ import annotations

import torch
from torch import Tensor


class _SquaredError(torch.autograd.Function):
    """Written out, since autograd would fill and add several float32 arrays of the features' size."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, given: Tensor, wanted: Tensor) -> Tensor:
        error = given.detach() - wanted.to(given.dtype)
        for ring in (error[..., 0], error[..., -1], error[..., 0, :], error[..., -1, :]):
            ring.zero_()
        count = error[..., 1:-1, 1:-1].numel()
        ctx.save_for_backward(error)
        ctx.count = count
        return error.float().square().sum() / count

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor, None]:
        (error,) = ctx.saved_tensors
        return error * (2 * float(gradient) / ctx.count), None


def squared_error(given: Tensor, wanted: Tensor) -> Tensor:
    """float32[], mean of (given - wanted)^2; `given` any dtype[batch, channels, height, width]."""
    loss: Tensor = _SquaredError.apply(given, wanted.contiguous(memory_format=torch.channels_last))
    return loss
