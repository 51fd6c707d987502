"""Optimizers of the adoption kit, as text by kind: torch's own, or the step written out.

Torch has no Lion; its Muon rounds to bfloat16 inside the iteration, and its Adafactor caps the LR at 1/√t. So
these three are written out, in the arithmetic of µScope's training.
"""

from __future__ import annotations

from muscope.backend.domain.spec.optimizer import OptimizerKind

_SGD = '''def optimizer(model, lr=LR, names=None):
    """Return the optimizer of the experiment with the recipe's groups."""
    momentum, nesterov = OPTIMIZER["momentum"], OPTIMIZER["nesterov"]
    return torch.optim.SGD(param_groups(model, lr, names), lr=lr, momentum=momentum, nesterov=nesterov)
'''

_ADAM = '''def optimizer(model, lr=LR, names=None):
    """Return the optimizer of the experiment with the recipe's groups."""
    kind = torch.optim.AdamW if OPTIMIZER["kind"] == "adamw" else torch.optim.Adam
    return kind(param_groups(model, lr, names), lr=lr, betas=OPTIMIZER["betas"])
'''

_LION = '''def direction(group, gradient, state):
    """Return Lion's step (arXiv 2302.06675) for an LR of 1."""
    beta1, beta2 = OPTIMIZER["betas"]
    mean = state.setdefault("mean", torch.zeros_like(gradient))
    signs = mean.lerp(gradient, 1 - beta1).sign_()
    mean.lerp_(gradient, 1 - beta2)
    return signs


def size(group, parameter):
    """Return the factor on the LR."""
    return 1.0
'''

_MUON = '''def direction(group, gradient, state):
    """Return Muon's step of a hidden matrix for an LR of 1; AdamW's of any other tensor."""
    if group["scale"] is None:
        return adam_direction(group, gradient, state)
    momentum = OPTIMIZER["momentum"]
    mean = state.setdefault("mean", torch.zeros_like(gradient))
    mean.lerp_(gradient, 1 - momentum)
    ahead = gradient.lerp(mean, momentum) if OPTIMIZER["nesterov"] else mean
    return orthogonalised(as_matrix(ahead, group["shape"])).view_as(gradient) * group["scale"]


def as_matrix(tensor, shape):
    """Return a weight or kernel as its matrix: inputs by outputs, or the other way round."""
    for matrix in (tensor.flatten(1), tensor.flatten(0, -2)):
        if tuple(matrix.shape) in (tuple(shape), tuple(shape)[::-1]):
            return matrix
    raise ValueError(f"a weight of shape {tuple(tensor.shape)} is no matrix of {shape}")


def orthogonalised(matrix):
    """Return the orthogonal factor by Newton-Schulz iterations, in the precision of the training."""
    wide = matrix.mT if matrix.shape[0] > matrix.shape[1] else matrix
    found = wide / wide.norm().clamp(min=OPTIMIZER["smallest_norm"])
    a, b, c = OPTIMIZER["coefficients"]
    for _ in range(OPTIMIZER["num_iterations"]):
        gram = found @ found.mT
        found = a * found + (b * gram + c * gram @ gram) @ found
    return (found.mT if wide is not matrix else found).contiguous()


def adam_direction(group, gradient, state):
    """Return AdamW's step for an LR of 1."""
    beta1, beta2 = OPTIMIZER["betas"]
    mean = state.setdefault("mean", torch.zeros_like(gradient))
    square = state.setdefault("square", torch.zeros_like(gradient))
    mean.lerp_(gradient, 1 - beta1)
    square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    root = (square / (1 - beta2 ** state["step"])).sqrt_()
    return mean / (1 - beta1 ** state["step"]) / (root + group["eps"])


def size(group, parameter):
    """Return the factor on the LR."""
    return 1.0
'''

_ADAFACTOR = '''def direction(group, gradient, state):
    """Return Adafactor's clipped step (arXiv 1804.04235) for an LR of 1, without torch's cap by 1/sqrt(t)."""
    matrix = gradient.reshape(1, -1) if gradient.ndim < 2 else gradient.flatten(1)
    row = state.setdefault("row", torch.zeros_like(matrix[:, :1]))
    column = state.setdefault("column", torch.zeros_like(matrix[:1]))
    share = state["step"] ** -OPTIMIZER["beta2_decay"]
    squared = matrix.square() + group["eps"]
    row.lerp_(squared.mean(dim=1, keepdim=True), share)
    column.lerp_(squared.mean(dim=0, keepdim=True), share)
    found = matrix * (row / row.mean()).rsqrt() * column.rsqrt()
    clipped = found / (found.square().mean().sqrt() / OPTIMIZER["clipping"]).clamp(min=1.0)
    return clipped.view_as(gradient)


def size(group, parameter):
    """Return the factor on the LR: the size of the weights, where the step is relative to it."""
    if not OPTIMIZER["is_relative"]:
        return 1.0
    return parameter.square().mean().sqrt().clamp(min=group["smallest_rms"])
'''

_WRITTEN = '''

class Steps(torch.optim.Optimizer):
    """Steps by `direction` in groups of one parameter, with decoupled weight decay."""

    def __init__(self, groups, lr):
        super().__init__(groups, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                state["step"] = state.get("step", 0) + 1
                lr = group["lr"] * size(group, parameter)
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.sub_(lr * direction(group, parameter.grad, state))
        return loss


def optimizer(model, lr=LR, names=None):
    """Return the optimizer of the experiment with the recipe's groups."""
    return Steps(param_groups(model, lr, names), lr)
'''

STEPS: dict[OptimizerKind, str] = {
    OptimizerKind.SGD: _SGD,
    OptimizerKind.ADAM: _ADAM,
    OptimizerKind.ADAMW: _ADAM,
    OptimizerKind.LION: _LION + _WRITTEN,
    OptimizerKind.MUON: _MUON + _WRITTEN,
    OptimizerKind.ADAFACTOR: _ADAFACTOR + _WRITTEN,
}
