"""Cut the fonts of the report from the variable font Noto Sans JP, in the two weights that it uses.

    .venv/bin/python -m scripts.report_fonts 'NotoSansJP[wght].ttf'

The source (SIL Open Font License 1.1, version 2.004, sha256 below) comes with the package justmytype-intl-cjk
0.1.0, folder `fonts/ofl/notosansjp`. Run it again for other characters or another version.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

SOURCE_SHA256 = "c2f3b4d463500a2ddcd3849cded1fceeb9fd6d1c32e6cbecd568453ba50fc68f"
TARGET = Path(__file__).resolve().parent.parent / "backend" / "report" / "fonts"
WEIGHTS = {"Regular": 400, "Bold": 700}
# Latin, Greek, Cyrillic, punctuation, arrows, mathematics, marks, kana, full-width forms.
BLOCKS = (
    *((0x20, 0x7F), (0xA0, 0x250), (0x370, 0x460), (0x2000, 0x20D0), (0x2100, 0x2400), (0x25A0, 0x2700)),
    *((0x3000, 0x3100), (0xFF00, 0xFFF0)),
)


def main(path: str) -> int:
    """Write both weights; refuse another source than the one that was looked at."""
    if hashlib.sha256(Path(path).read_bytes()).hexdigest() != SOURCE_SHA256:
        print(f"{path} is not the font with the sha256 {SOURCE_SHA256}", file=sys.stderr)
        return 1
    font = TTFont(path, recalcTimestamp=False)
    options = subset.Options()
    options.layout_features = ["ccmp", "locl", "mark", "mkmk"]
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = ["*"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=_characters() & set(font.getBestCmap()))
    cutter.subset(font)
    font.save(TARGET / "cut.ttf")
    for name, weight in WEIGHTS.items():
        whole = TTFont(TARGET / "cut.ttf", recalcTimestamp=False)
        instancer.instantiateVariableFont(whole, {"wght": weight}).save(TARGET / f"NotoSansJP-{name}.ttf")
    (TARGET / "cut.ttf").unlink()
    return 0


def _characters() -> set[int]:
    """Return the code points of JIS X 0208 and of the blocks."""
    pairs = (bytes((row, cell)) for row in range(0xA1, 0xFF) for cell in range(0xA1, 0xFF))
    kanji = {ord(text) for pair in pairs if len(text := pair.decode("euc_jp", errors="ignore")) == 1}
    return kanji | {code for first, last in BLOCKS for code in range(first, last)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
