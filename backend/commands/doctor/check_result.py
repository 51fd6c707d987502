"""One line of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from muscope.backend.catalogue import text
from muscope.backend.errors import MuscopeError, Param

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class CheckResult:
    """Result of one check.

    Attributes:
        check: what was looked at; its name is the text `doctor.<check>`.
        code: its sentence, with what to do, is the text `doctor.<check>.<code>`, or that of
            an error where the code begins with `error.`.
    """

    check: str
    state: State
    code: str
    params: dict[str, Param]

    def sentence(self, language: str) -> str:
        """Return what was found, and what to do."""
        key = self.code if self.code.startswith("error.") else f"doctor.{self.check}.{self.code}"
        return text(key, language, **self.params)


def well(check: str, **params: Param) -> CheckResult:
    """Return that nothing is wrong."""
    return CheckResult(check, "ok", "ok", params)


def warning(check: str, code: str, **params: Param) -> CheckResult:
    """Return something that works and should be known."""
    return CheckResult(check, "warn", code, params)


def failure(check: str, code: str, **params: Param) -> CheckResult:
    """Return something that does not work."""
    return CheckResult(check, "fail", code, params)


def failed(check: str, error: MuscopeError) -> CheckResult:
    """Return an error of ours as what was found."""
    return CheckResult(check, "fail", f"error.{error.code}", error.params)
