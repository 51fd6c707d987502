"""The question, and the method in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.domain.spec.experiment import (
    Loss,
    Protocol,
    axes_of,
    base_size,
    chosen_arm,
    controls_of,
    target_size,
)
from muscope.backend.domain.spec.families.adapted import Adapted
from muscope.backend.domain.spec.families.base import ModelFamily
from muscope.backend.domain.spec.families.brought import Brought
from muscope.backend.domain.spec.metrics import Metric
from muscope.backend.domain.spec.size import Axis
from muscope.backend.report.blocks import Block, Bullets, Facts, Para, Section
from muscope.backend.report.material import Material
from muscope.backend.report.words.say import Words


def question(material: Material, words: Words) -> Section:
    """Return what was asked, and by which yardstick it is answered."""
    return Section("question", words.say("report.section.question"), tuple(_question(material, words)))


def _question(material: Material, words: Words) -> Iterator[Block]:
    spec, verdict = material.spec, material.verdict
    base, target, fine = base_size(spec), target_size(spec), words.numbers.fine_percent
    deep = Axis.DEPTH in axes_of(spec)
    yield Para(
        words.say(
            "report.question.asked",
            base=words.size(base.width, base.depth if deep else None),
            target=words.size(target.width, target.depth if deep else None),
        ),
        "lead",
    )
    yield Para(words.say("report.question.why"))
    limits = verdict.thresholds
    if verdict.deciding is not None:
        yield Para(
            words.say(
                "report.question.decides",
                loss=words.say(f"loss.{verdict.deciding.loss}"),
                unit=words.say(f"report.unit.{verdict.deciding.unit}"),
                limit=fine(verdict.deciding.limit),
            )
        )
    yield Para(words.say("report.question.margin", factor=words.numbers.as_factor(limits.min_margin)))
    yield Para(
        words.say(
            "ui.trust.fixed",
            version=verdict.rule_version,
            sha256=verdict.spec_sha256[:12],
            created=words.moment(material.created_at),
            started=words.moment(material.started_at),
        )
    )


def method(material: Material, words: Words) -> Section:
    """Return how it was found out."""
    spec = material.spec
    key = "staged" if spec.protocol is Protocol.STAGED else "full"
    steps = [
        words.say("report.method.grid"),
        words.say(f"report.method.{key}"),
        words.say("report.method.seeds"),
    ]
    names = [words.say(f"figure.arm.{arm}") for arm in controls_of(spec)]
    arm = words.say(f"figure.arm.{chosen_arm(spec)}")
    if names:
        steps.append(words.say("report.method.control", arm=arm, controls=words.numbers.listed(names)))
    else:
        steps.append(words.say("report.method.no_control", arm=arm))
    steps += [words.say("report.method.sharpness"), words.say("report.method.judged")]
    if spec.settle is not None:
        steps.append(words.say("report.method.settle", seeds=words.numbers.whole(spec.settle.max_seeds)))
    blocks = (Bullets(tuple(steps), is_numbered=True), Facts(tuple(_conditions(material, words))))
    return Section("method", words.say("report.section.method"), blocks)


def _conditions(material: Material, words: Words) -> Iterator[tuple[str, str]]:
    spec, numbers = material.spec, words.numbers
    arm = spec.arm(chosen_arm(spec))
    optimizer, schedule = spec.optimizer, spec.optimizer.schedule
    yield words.say("ui.settings.model.family"), words.say(f"ui.family.{spec.model.name}")
    yield from _model_options(spec.model, words)
    yield words.say("ui.settings.widths"), words.sizes(tuple(sorted(spec.widths)))
    yield words.say("ui.settings.depths"), words.sizes(tuple(sorted(spec.depths)))
    yield words.say("ui.settings.lrs"), words.rates(tuple(sorted(arm.lrs)))
    yield words.say("ui.settings.num_seeds"), numbers.whole(len(spec.seeds))
    yield words.say("ui.settings.loss"), words.say(f"ui.loss.{spec.loss}")
    yield from _bits_per_byte(material, words)
    yield words.say("ui.settings.optimizer.kind"), words.say(f"ui.optimizer.{optimizer.kind}")
    yield words.say("ui.settings.optimizer.schedule.kind"), words.say(f"ui.settings.value.{schedule.kind}")
    yield words.say("ui.settings.num_steps"), numbers.whole(spec.num_steps)
    yield words.say("ui.settings.batch_size"), numbers.whole(spec.batch_size)
    yield words.say("ui.settings.protocol"), words.say(f"ui.settings.value.{spec.protocol}")


def _model_options(model: ModelFamily, words: Words) -> Iterator[tuple[str, str]]:
    """Yield the options in which a model differs from its family's usual network; of adapters, all."""
    if isinstance(model, Adapted):
        yield from _adapters(model, words)
    if isinstance(model, Brought):
        return
    changed = model.model_dump(mode="json", exclude_defaults=True, exclude={"family", "branch_exponent"})
    for name, value in changed.items():
        is_number = isinstance(value, int) and not isinstance(value, bool)
        said = (
            words.numbers.whole(value) if is_number else words.say(f"ui.settings.value.{str(value).lower()}")
        )
        yield words.say(f"ui.settings.model.{name}"), said


def _adapters(model: Adapted, words: Words) -> Iterator[tuple[str, str]]:
    """Yield the parts that are trained, and the frozen network below them."""
    size = words.say(
        "report.adapters.network.size",
        name=model.network,
        width=words.numbers.plain(model.network_width or 0),
        layers=words.numbers.whole(len(model.layers)),
    )
    frozen = "random" if model.weights_sha256 is None else "given"
    scale = words.say(f"figure.arm.{model.scale.arm}")
    yield words.say("report.adapters.network"), size
    yield words.say("report.adapters.frozen"), words.say(f"report.adapters.frozen.{frozen}")
    yield words.say("report.adapters.scale"), f"{scale}, α = {words.numbers.figure(model.alpha)}"
    yield words.say("report.adapters.init"), words.say(f"report.adapters.init.{model.init}")
    if model.lr_ratio != 1.0:
        yield words.say("report.adapters.lr_ratio"), words.numbers.figure(model.lr_ratio)


def _bits_per_byte(material: Material, words: Words) -> Iterator[tuple[str, str]]:
    """Yield the best validation loss of each size of a text in the unit in which vocabularies compare."""
    text = material.data.profile.text
    if text is None or material.spec.loss is not Loss.CROSS_ENTROPY:
        return
    for size in material.verdict.arm.sizes:
        for each in size.losses:
            if each.loss is Metric.VAL_LOSS and each.best_loss is not None:
                name = words.say("report.bits_per_byte", size=words.size(size.width, size.depth))
                yield name, words.numbers.figure(text.bits_per_byte(each.best_loss))
