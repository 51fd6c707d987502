"""Text of the adoption kit; braces of Python are doubled, the others are filled in."""

TEMPLATE = '''"""Recipe of uScope for "{name}": init, learning rates and weight decay at one size.

Needs torch only.

    import recipe

    model = MyNetwork(width=recipe.WIDTH)
    recipe.init_(model)
    optimizer = recipe.optimizer(model)
    scheduler = recipe.scheduler(optimizer, num_steps=...)

Parameters are found by name. Where yours have other names, give `names`, from yours to those of TENSORS:

    recipe.init_(model, names={{"embed.weight": "input"}})

In your forward pass, multiply every residual branch by BRANCH_MULT, attention logits q.k by ATTENTION_SCALE,
and outputs by READOUT_MULT; it is 1 unless they are read out with the embedding matrix.
It needs no other multipliers: those of the parametrization are part of the numbers below.
"""

import math

import torch

PARAMETRIZATION = "{arm}"
WIDTH, DEPTH = {width}, {depth}
BASE_WIDTH, BASE_DEPTH = {base_width}, {base_depth}
LR = {lr}
NUM_STEPS = {num_steps}
BRANCH_MULT = {branch_mult}
READOUT_MULT = {readout_mult}
ATTENTION_SCALE = {scales}
OPTIMIZER = {settings}
GROUP_KEYS = {group_keys}
TENSORS = {tensors}


def constants(model, names=None):
    """Return the parameters with their constants; raises KeyError for one that the recipe does not know."""
    known = {{}}
    for name, parameter in model.named_parameters():
        key = (names or {{}}).get(name, name)
        if key not in TENSORS:
            raise KeyError(f"no constants for {{name!r}}: give it a name of {{sorted(TENSORS)}} in `names`")
        known[name] = (parameter, TENSORS[key])
    missing = set(TENSORS) - {{(names or {{}}).get(name, name) for name in known}}
    if missing:
        raise KeyError(f"the model has no parameters for {{sorted(missing)}}")
    return known


@torch.no_grad()
def init_(model, names=None, normal=None):
    """Draw or rescale every parameter in place; normal(name, shape) gives other standard normals.

    A model that was described by its own `build` keeps the entries that it was built with, times a factor.
    """
    for name, (parameter, told) in constants(model, names).items():
        if told["init_factor"] is not None:
            parameter.mul_(told["init_factor"])
            continue
        drawn = torch.randn_like(parameter) if normal is None else normal(name, parameter.shape)
        parameter.copy_(told["init_mean"] + told["init_std"] * drawn.to(parameter))


def param_groups(model, lr=LR, names=None):
    """Return one group a parameter for an optimizer of torch."""
    groups = []
    for name, (parameter, told) in constants(model, names).items():
        group = {{"params": [parameter], "name": name}}
        group |= {{"lr": lr * told["lr_mult"]}} | {{key: told[key] for key in GROUP_KEYS}}
        groups.append(group)
    return groups


{steps}

def scheduler(optimizer, num_steps=NUM_STEPS):
    """Return the schedule of the experiment, stretched to so many steps; step it once per update."""
    told = OPTIMIZER["schedule"]
    warmup = math.ceil(told["warmup_fraction"] * num_steps)

    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        if told["kind"] == "constant":
            return 1.0
        progress = min(1.0, (step - warmup) / max(1, num_steps - warmup))
        is_cosine = told["kind"] == "cosine"
        remaining = 0.5 * (1 + math.cos(math.pi * progress)) if is_cosine else 1.0 - progress
        return told["final_fraction"] + (1.0 - told["final_fraction"]) * remaining

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
'''
