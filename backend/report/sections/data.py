"""The data: what was read, what was left out, how it became numbers, and the scenarios."""

from __future__ import annotations

from collections.abc import Iterator

from muscope.backend.domain.spec.dataset import DataWarning, Decision, Preprocessing, Task
from muscope.backend.report.blocks import Block, Bullets, Facts, Para, Section, Sub, Table
from muscope.backend.report.material import Material
from muscope.backend.report.words.say import Value, Words

# Columns of a table that are listed; a wide one is described by its counts.
MOST_COLUMNS = 40
MOST_LEVELS = 12


def data(material: Material, words: Words) -> Section:
    """Return the section."""
    return Section("data", words.say("report.section.data"), tuple(_blocks(material, words)))


def _blocks(material: Material, words: Words) -> Iterator[Block]:
    profile = material.data.profile
    yield Facts(tuple(_facts(material, words)))
    yield Para(words.say("ui.privacy"), "hint")
    left_out = [
        (each.name, words.say(f"left_out.{each.left_out}")) for each in profile.columns if each.left_out
    ]
    if left_out:
        yield Sub(words.say("report.data.left_out"))
        yield Facts(tuple(left_out[:MOST_COLUMNS]))
        if len(left_out) > MOST_COLUMNS:
            yield Para(words.say("report.more", count=len(left_out) - MOST_COLUMNS), "hint")
    if material.data.preprocessing is not None:
        yield from _preprocessing(material.data.preprocessing, words)
    read = [_decision(each, words) for each in profile.decisions]
    said = [*read, *(text for each in (*profile.notes, *profile.warnings) if (text := _warning(each, words)))]
    if said:
        yield Sub(words.say("report.data.read"))
        yield Bullets(tuple(said))
    yield Sub(words.say("report.data.scenarios"))
    yield from _scenarios(material, words)


def _facts(material: Material, words: Words) -> Iterator[tuple[str, str]]:
    profile, shape, whole = material.data.profile, material.data.shape, words.numbers.whole
    yield words.say("report.fact.data"), material.data.name
    yield words.say("report.data.task"), words.say(f"ui.task.{shape.task}")
    if profile.label is not None:
        log = words.say("ui.preprocessing.log_label") if shape.is_log_label else ""
        yield words.say("decision.label"), words.noted(profile.label, log)
    used = shape.num_train + shape.num_val
    if profile.num_rows_in_file is not None:
        yield words.say("report.data.rows_in_file"), whole(profile.num_rows_in_file)
        yield words.say("report.data.rows_left"), whole(profile.num_rows_in_file - used)
    yield words.say("report.data.rows_used"), whole(used)
    yield words.say("ui.profile.split"), f"{whole(shape.num_train)} / {whole(shape.num_val)}"
    split = next((each.value for each in profile.decisions if each.option == "split"), None)
    if split is not None:
        yield words.say("decision.split"), _split(split, words)
    yield words.say("report.data.features"), whole(shape.num_features)
    if shape.task is Task.CLASSIFICATION:
        yield words.say("ui.profile.num_classes"), whole(shape.num_outputs)
    if profile.columns:
        missing = sum(each.num_missing for each in profile.columns)
        yield words.say("ui.profile.missing"), whole(missing)


def _split(way: str, words: Words) -> str:
    kind, _, column = way.partition(":")
    return words.say(f"ui.profile.split.{kind}", column=column)


def _preprocessing(found: Preprocessing, words: Words) -> Iterator[Block]:
    figure = words.numbers.figure
    rows: list[tuple[str, ...]] = []
    for each in found.columns[:MOST_COLUMNS]:
        if each.mean is not None:
            rows.append((each.column, figure(each.mean), figure(each.std), figure(each.median)))
        else:
            levels = ", ".join(each.levels[:MOST_LEVELS]) + (" …" if len(each.levels) > MOST_LEVELS else "")
            rows.append((each.column, words.say("ui.preprocessing.categories", levels=levels), "", ""))
    if found.label_scale != 1 or found.is_log_label:
        name = words.say(f"ui.preprocessing.{'log_label' if found.is_log_label else 'label'}")
        rows.append((name, figure(found.label_mean), figure(found.label_scale), "–"))
    if not rows:
        return
    heads = tuple(words.say(f"ui.preprocessing.head.{name}") for name in ("column", "mean", "std", "median"))
    yield Sub(words.say("ui.preprocessing.title"))
    yield Para(words.say("ui.preprocessing.hint"), "hint")
    yield Table(heads, tuple(rows), is_dense=True)
    if len(found.columns) > MOST_COLUMNS:
        yield Para(
            words.say("report.more", count=words.numbers.whole(len(found.columns) - MOST_COLUMNS)), "hint"
        )


def _decision(decision: Decision, words: Words) -> str:
    key = f"decision.{decision.option}"
    name = words.say(key) if words.has(key) else decision.option
    value = _decision_value(decision.option, decision.value, words)
    guessed = words.say("report.data.guessed") if decision.is_guessed else ""
    return words.say("ui.number.detail", name=name, value=value + guessed)


def _decision_value(option: str, value: str, words: Words) -> str:
    if option == "header":
        return (
            words.say("decision.header.none") if value == "0" else words.say("decision.header.row", row=value)
        )
    if option == "task":
        return words.say(f"ui.task.{value}")
    if option == "split":
        return _split(value, words)
    if option == "missing":
        return (
            words.say("decision.missing.value", value=value)
            if value
            else words.say("decision.missing.number")
        )
    if value in ("true", "false"):
        return words.say(f"ui.settings.value.{value}")
    if words.has(f"decision.{option}.{value}"):
        return words.say(f"decision.{option}.{value}")
    return {"\\t": words.say("decision.delimiter.tab"), "space": words.say("decision.delimiter.space")}.get(
        value, value or "–"
    )


def _warning(warning: DataWarning, words: Words) -> str:
    key = f"warning.{warning.code}"
    return words.say(key, **_plain(warning.params)) if words.has(key) else warning.code


def _plain(params: dict[str, Value]) -> dict[str, Value]:
    """Write whole numbers without a point, as the page does."""
    return {
        name: int(value) if isinstance(value, float) and value.is_integer() else value
        for name, value in params.items()
    }


def _scenarios(material: Material, words: Words) -> Iterator[Block]:
    spec, task, numbers = material.spec, material.data.shape.task, words.numbers
    heads = tuple(
        words.say(key)
        for key in (
            "ui.scenarios.head.scenario",
            "ui.settings.num_steps",
            "ui.settings.batch_size",
            "ui.settings.lrs",
        )
    )
    rows = []
    for scenario in spec.scenarios:
        under = spec.under(scenario)
        arm = under.arms[0]
        low, high = numbers.figure(min(arm.lrs)), numbers.figure(max(arm.lrs))
        rates = words.say("ui.number.range", low=low, high=high)
        name = words.scenario(scenario, task)
        rows.append((name, numbers.whole(under.num_steps), numbers.whole(under.batch_size), rates))
    yield Table(heads, tuple(rows))
    kinds = sorted({scenario.kind for scenario in spec.scenarios if scenario.is_judged} - {"as_given"})
    means = []
    for kind in kinds:
        of_numbers = f"ui.scenarios.means.{kind}.numbers"
        is_number = task is Task.REGRESSION and words.has(of_numbers)
        means.append(words.say(of_numbers if is_number else f"ui.scenarios.means.{kind}"))
    if means:
        yield Bullets(tuple(means))
