"""Calls that run what a file or a message contains, searched in the syntax trees of the product."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from benchmarks.peer import ROOT
from benchmarks.report import RowResult

PRODUCT = ("backend", "worker", "scripts", "alembic")
BANNED_MODULES = frozenset({"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"})
BANNED_CALLS = frozenset({"eval", "exec", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"})
# Allowed with a word that makes them harmless.
TORCH_LOADS, NUMPY_LOADS = frozenset({"torch.load"}), frozenset({"np.load", "numpy.load"})
FRAME_READS = frozenset({"pd.read_pickle", "pandas.read_pickle"})


def deserialisation() -> RowResult:
    """No call of the product unpickles, evaluates or hands text to a shell."""
    files = [path for top in PRODUCT for path in sorted((ROOT / top).rglob("*.py"))]
    found = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in files
        for line, name in unsafe_calls(path.read_text(encoding="utf-8"))
    ]
    notes = [f"{len(files)} files searched.", *found]
    return RowResult(f"{len(found)}_calls", "0_calls", bool(files) and not found, notes=notes)


def unsafe_calls(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and name of every banned import or call in a source text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, each.name) for each in node.names if _is_banned(each.name))
        elif isinstance(node, ast.ImportFrom) and _is_banned(node.module or ""):
            yield node.lineno, str(node.module)
        elif isinstance(node, ast.Call) and (name := _name(node.func)) and not _is_harmless(name, node):
            yield node.lineno, name


def _is_banned(module: str) -> bool:
    return module.partition(".")[0] in BANNED_MODULES


def _is_harmless(name: str, call: ast.Call) -> bool:
    words = {word.arg: getattr(word.value, "value", None) for word in call.keywords}
    if name in TORCH_LOADS:
        return words.get("weights_only") is True
    if name in NUMPY_LOADS:
        return words.get("allow_pickle") is False
    if name.startswith("subprocess."):
        return words.get("shell", False) is False
    return name not in BANNED_CALLS | FRAME_READS


def _name(called: ast.expr) -> str:
    """Return `module.function` as written; empty for what is called on a value."""
    if isinstance(called, ast.Name):
        return called.id
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return f"{called.value.id}.{called.attr}"
    return ""
