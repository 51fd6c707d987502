"""Cells that stand for a missing value, in the spellings of spreadsheets, databases and languages."""

from __future__ import annotations

# Nobody means these as a value.
MISSING = frozenset(
    (
        "", "nan", "null", "<na>", "<null>", "(null)", "n/a", "#n/a", "#n/a n/a", "#na", "\\n",
        "na/na", ".",
        "?", "??",
        "…", "...", "**", "***", "欠損", "欠測", "欠損値", "データなし", "未測定", "未回答", "無回答",
    )
)  # fmt: skip
# Missing among numbers; among texts they may be a level of their own: no garage, Namibia.
AMBIGUOUS = frozenset(
    (
        "na", "none", "nil", "-", "--", "---", "–", "—", "―", "ー", "－", "‐", "missing", "unknown", "unk",
        "undefined", "なし", "無し", "無", "不明", "該当なし", "空欄", "未",
    )
)  # fmt: skip
# Marks that stand for no value among numbers, and are plain levels among texts.
MARKS = frozenset(
    ("x", "×", "/", "//", "///", "*", "＊", "△", "○", "・", "nd", "n.d.", "検出限界以下", "定量下限未満")
)
# Errors of spreadsheets: their text says why there is no value.
ERRORS = frozenset(
    (
        "#div/0!",
        "#value!",
        "#ref!",
        "#name?",
        "#num!",
        "#null!",
        "#error!",
        "#spill!",
        "#calc!",
        "#getting_data",
    )
)
INFINITE = frozenset(
    ("inf", "-inf", "+inf", "infinity", "-infinity", "+infinity", "∞", "-∞", "1.#inf", "-1.#inf")
)


def is_missing(cell: str) -> bool:
    """Return whether a cell stands for a missing value among numbers."""
    text = cell.strip()
    if text.lstrip("-")[:1].isdigit():
        return False  # the usual case; no word begins so
    text = text.casefold()
    return text in MISSING or text in AMBIGUOUS or text in MARKS or text in ERRORS
