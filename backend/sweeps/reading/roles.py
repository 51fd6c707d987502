"""Recognition of a sweep's columns by their names, and the mapping a user gives instead.

A role that two columns could fill is asked about, never chosen: a sweep's answer depends on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from muscope.backend.errors import InvalidInput


class ColumnRole(StrEnum):
    """Meaning of a column."""

    SIZE = "size"
    WIDTH = "width"
    DEPTH = "depth"
    LR = "lr"
    LOSS = "loss"
    ACCURACY = "accuracy"
    PERPLEXITY = "perplexity"
    INITIAL_LOSS = "initial_loss"
    SEED = "seed"
    STEP = "step"
    STEPS = "steps"
    TOKENS = "tokens"
    BATCH = "batch"
    PARAMETRIZATION = "parametrization"
    OPTIMIZER = "optimizer"
    DIVERGED = "diverged"
    SHAPE = "shape"
    CONDITION = "condition"
    LABEL = "label"


# Axes with an order, from small to large, in the order in which they are answered.
AXES = (
    ColumnRole.SIZE,
    ColumnRole.WIDTH,
    ColumnRole.DEPTH,
    ColumnRole.BATCH,
    ColumnRole.STEPS,
    ColumnRole.TOKENS,
)
# Roles that any number of columns may have.
MANY = frozenset({ColumnRole.SHAPE, ColumnRole.CONDITION, ColumnRole.LABEL})
NAMES: dict[ColumnRole, str] = {
    ColumnRole.SIZE: "size params n_params num_params parameters num_parameters n_parameters model_size"
    " model_params total_params non_embedding_params",
    ColumnRole.WIDTH: "width d_model dmodel model_dim hidden hidden_size hidden_dim n_embd embed_dim dim",
    ColumnRole.DEPTH: "depth n_layer n_layers num_layers num_hidden_layers layers",
    ColumnRole.LR: "lr learning_rate learningrate eta max_lr lr_max peak_lr peak_learning_rate base_lr",
    ColumnRole.LOSS: "loss val_loss valid_loss validation_loss eval_loss test_loss train_loss final_loss"
    " training_loss final_val_loss final_train_loss smooth_loss smoothed_loss best_loss loss_mean mean_loss"
    " loss_val loss_train nll",
    ColumnRole.ACCURACY: "acc accuracy val_acc val_accuracy test_acc test_accuracy eval_accuracy eval_acc"
    " train_acc train_accuracy top1 top_1",
    ColumnRole.PERPLEXITY: "ppl perplexity val_ppl val_perplexity eval_perplexity test_ppl test_perplexity",
    ColumnRole.INITIAL_LOSS: "initial_loss init_loss loss_at_init",
    ColumnRole.SEED: "seed random_seed rng_seed replicate rep",
    ColumnRole.STEP: "step global_step iteration iter current_step",
    ColumnRole.STEPS: "steps num_steps n_steps max_steps total_steps train_steps training_steps max_iters",
    ColumnRole.TOKENS: "tokens num_tokens n_tokens train_tokens total_tokens training_tokens",
    ColumnRole.BATCH: "batch batch_size bs global_batch global_batch_size train_batch_size",
    ColumnRole.PARAMETRIZATION: "parametrization parameterization parametrisation parameterisation scheme mup"
    " use_mup",
    ColumnRole.OPTIMIZER: "optimizer optimiser optim opt optimizer_name optim_name optimizer_type",
    ColumnRole.DIVERGED: "diverged is_diverged has_diverged divergence",
    ColumnRole.SHAPE: "heads n_head n_heads num_heads ffn d_ff ffn_dim head_dim d_head kv_heads n_kv_heads",
    ColumnRole.LABEL: "name id run run_id run_name run_key project user entity url path file date time"
    " timestamp created created_at runtime duration host hostname state status notes note comment tag tags"
    " group group_name stage reading source sweep sweep_id index hash run_hash experiment experiment_name"
    " experiment_description active",
}
# Names of arms, where no column is called a parametrization.
_ARMS = frozenset({"method", "arm", "variant"})
_ROLE_OF = {name: role for role, names in NAMES.items() for name in names.split()}
_COPY = re.compile(r"_\d+$")
_PREFIXES = ("config_", "summary_", "params_", "hparams_", "metrics_", "args_")
# Sections of nested settings, such as `model.width`; what is measured is not looked for in them.
_SECTION = re.compile(
    r"^(?:(?:config|hparams)\.)?(?:model|optimi[sz]er|optim|train|training|trainer|data)\.(\w+)$"
)
_OF_SECTIONS = frozenset({ColumnRole.LR, ColumnRole.SEED, ColumnRole.OPTIMIZER, ColumnRole.SHAPE, *AXES})
# Of rows; a column with more different values is a result of the runs, not a condition of theirs.
_MOST_DISTINCT = 0.5
_LEAST_ROWS = 8


@dataclass(frozen=True)
class Roles:
    """Columns by role. `ignored` are labels and results, which no comparison holds fixed."""

    single: dict[ColumnRole, str]
    shape: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    given: Mapping[str, ColumnRole] = field(default_factory=dict)


def parse_mapping(text: str, names: Sequence[str]) -> dict[str, ColumnRole]:
    """Return the role of each column named in `size=params,lr=eta`; raises InvalidInput for another form."""
    found: dict[str, ColumnRole] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        role, sign, column = (each.strip() for each in part.partition("="))
        if not sign or role not in set(ColumnRole):
            raise InvalidInput("sweep.unknown_role", given=part, known=", ".join(ColumnRole))
        if column not in names:
            raise InvalidInput("sweep.unknown_column", given=column, known=", ".join(names))
        found[column] = ColumnRole(role)
    return found


def recognise(columns: Mapping[str, Sequence[str]], given: Mapping[str, ColumnRole]) -> Roles:
    """Return the role of every column, those `given` first.

    Raises InvalidInput where two columns could fill one role, where only an accuracy or a perplexity stands
    for the loss, and where a size, an LR or a loss is missing.
    """
    by_role: dict[ColumnRole, list[str]] = {}
    for name, role in given.items():
        by_role.setdefault(role, []).append(name)
    taken = set(by_role) - MANY
    spare: list[str] = []
    for name, cells in columns.items():
        if name in given:
            continue
        role = role_of(name, cells)
        if role in taken:
            spare.append(name)  # the user has named another column for this role
        else:
            by_role.setdefault(role, []).append(name)
    _settle_metric(by_role, spare)
    _settle_arm(by_role)
    _require(by_role, list(columns))
    return Roles(
        single={role: names[0] for role, names in by_role.items() if role not in MANY},
        shape=tuple(by_role.get(ColumnRole.SHAPE, ())),
        conditions=tuple(by_role.get(ColumnRole.CONDITION, ())),
        ignored=(*by_role.get(ColumnRole.LABEL, ()), *spare),
        given=given,
    )


def role_of(name: str, cells: Sequence[str]) -> ColumnRole:
    """Return the role that a column's name, else its number of different values, suggests."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
    for prefix in _PREFIXES:
        plain = plain.removeprefix(prefix)
    # A second column of one name is read as `loss_2`: which of the two counts is to be asked.
    role = _ROLE_OF.get(plain) or _ROLE_OF.get(_COPY.sub("", plain))
    if role is not None:
        return role
    section = _SECTION.match(name.strip().lower())
    if section is not None and _ROLE_OF.get(section[1]) in _OF_SECTIONS:
        return _ROLE_OF[section[1]]
    is_result = len(cells) >= _LEAST_ROWS and len(set(cells)) > _MOST_DISTINCT * len(cells)
    return ColumnRole.LABEL if is_result else ColumnRole.CONDITION


def _settle_metric(by_role: dict[ColumnRole, list[str]], spare: list[str]) -> None:
    """Leave one measured quantity: the loss where there is one, else what the user has named."""
    metrics = [
        role for role in (ColumnRole.LOSS, ColumnRole.ACCURACY, ColumnRole.PERPLEXITY) if role in by_role
    ]
    if ColumnRole.LOSS in metrics:
        for other in metrics[1:]:
            spare.extend(by_role.pop(other))


def _settle_arm(by_role: dict[ColumnRole, list[str]]) -> None:
    """Take a condition called method, arm or variant for the parametrization, where there is no other."""
    named = [name for name in by_role.get(ColumnRole.CONDITION, ()) if name.strip().lower() in _ARMS]
    if len(named) == 1 and ColumnRole.PARAMETRIZATION not in by_role:
        by_role[ColumnRole.CONDITION].remove(named[0])
        by_role[ColumnRole.PARAMETRIZATION] = named


def _require(by_role: Mapping[ColumnRole, list[str]], names: Sequence[str]) -> None:
    for role, found in by_role.items():
        if len(found) > 1 and role not in MANY:
            raise InvalidInput(
                "sweep.several_columns", role=role, columns=", ".join(found), example=f"{role}={found[0]}"
            )
    if ColumnRole.LR not in by_role:
        raise InvalidInput("sweep.no_lr", names=", ".join(names))
    if not by_role.keys() & {ColumnRole.LOSS, ColumnRole.ACCURACY, ColumnRole.PERPLEXITY}:
        raise InvalidInput("sweep.no_loss", names=", ".join(names))
    if not by_role.keys() & set(AXES):
        raise InvalidInput("sweep.no_size", names=", ".join(names))
