"""Fields of a configuration that grow with the size of the model, as they are told to people."""

from __future__ import annotations

from enum import StrEnum

from muscope.backend.domain.spec.dataset import Frozen

CONFIG_FILE, RULE_FILE = "config.json", "muscope.json"  # in the folder of a model


class RuleOrigin(StrEnum):
    """Origin of a field's value."""

    GIVEN = "given"  # by the rule file
    INFERRED = "inferred"  # from the name of the field and the size in the configuration
    REPLACED = "replaced"  # instead of a value that runs cannot be compared under, such as dropout


class RuleLine(Frozen):
    """One field: a number, or an expression such as `4*width`.

    Attributes:
        instead_of: the value in the configuration, of a replaced field.
    """

    field: str
    value: str
    origin: RuleOrigin
    instead_of: str = ""
