"""Files that cannot be a model: each is refused with what is wrong and where."""

from __future__ import annotations

import pytest

from muscope.backend.errors import MuscopeError
from muscope.worker.brought.check.sweep import measure
from tests.worker.brought.asking import question
from tests.worker.brought.toys import NETWORK, write

REFUSED = {
    "no build": ("x = 1", "brought.no_build"),
    "a syntax error": ("def build(width:", "brought.function_fails"),
    "an exit while importing": ("import sys\nsys.exit(3)", "brought.file_exits"),
    "build of no argument": ("def build():\n    pass", "brought.build_arguments"),
    "build of a number": ("def build(width):\n    return 1", "brought.build_not_module"),
    "build that fails": (NETWORK + "\ndef build(width):\n    return Net(10 // 0)", "brought.fails_at_width"),
    "a width that is ignored": (NETWORK + "\ndef build(width):\n    return Net(8)", "brought.ignores_width"),
    "a tensor of large models only": (
        NETWORK + "\ndef build(width):\n    net = Net(width)\n"
        "    net.late = nn.Linear(2, width) if width > 32 else None\n    return net",
        "brought.tensor_comes_and_goes",
    ),
    "no batches": (NETWORK.replace("def batches", "def other"), "brought.needs_batches"),
    "batches that end at once": (NETWORK + "\ndef batches(split, seed):\n    return []", "brought.no_batch"),
    "a loss without gradient": (
        NETWORK + "\ndef loss(model, batch):\n    return model(batch[0]).mean().detach()",
        "brought.loss_not_scalar",
    ),
    "a loss of many numbers": (
        NETWORK + "\ndef loss(model, batch):\n    return model(batch[0])",
        "brought.loss_not_scalar",
    ),
    "a loss that is a number": (
        NETWORK + "\ndef loss(model, batch):\n    return model(batch[0]).mean().item()",
        "brought.loss_not_tensor",
    ),
    "an output of no tensor": (
        NETWORK.replace("return self.head(self.last(h))", "return 'logits'"),
        "brought.output_not_tensor",
    ),
    "a pass with random numbers of its own": (
        NETWORK.replace(
            "h = self.embed(tokens)", "import random\n        h = self.embed(tokens) * random.random()"
        ),
        "brought.not_repeatable",
    ),
    "outputs that are not finite": (
        NETWORK.replace("h = self.embed(tokens)", "h = self.embed(tokens) * float('inf')"),
        "brought.not_finite",
    ),
    "sizes that are no numbers": (NETWORK + "\nsizes = ['small', 'large']", "brought.sizes_not_numbers"),
    "an optimizer that is none": (
        NETWORK + "\ndef optimizer(model, width, lr):\n    return lr",
        "brought.not_an_optimizer",
    ),
}


@pytest.mark.parametrize(("text", "code"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_no_model_is_refused_with_its_reason(tmp_path, text, code):
    with pytest.raises(MuscopeError) as refused:
        measure(question(write(tmp_path, text)))

    assert refused.value.code == code


def test_a_failing_build_names_the_exception_and_the_width(tmp_path):
    text = (
        NETWORK + "\ndef build(width):\n    if width == 64:\n        raise ValueError('no heads')\n"
        "    return Net(width)"
    )

    with pytest.raises(MuscopeError) as refused:
        measure(question(write(tmp_path, text)))

    assert refused.value.params == {
        "function": "build",
        "width": 64,
        "error": "ValueError",
        "message": "no heads",
    }


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MuscopeError) as refused:
        measure(question(tmp_path / "none.py"))

    assert refused.value.code == "brought.no_file"


def test_a_package_is_loaded_with_its_own_modules(tmp_path):
    package = tmp_path / "mine"
    package.mkdir()
    write(package, NETWORK, "network.py")
    write(package, "from .network import batches, build", "__init__.py")

    measured = measure(question(package))

    assert measured.rows[0].name == "embed.weight"
