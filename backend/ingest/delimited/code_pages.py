"""Finds the likeliest of several code pages by the characters that a file's cells would have in each.

A decoder that raises no error proves nothing: CP932 reads almost any bytes as half-width kana. So every page
has characters that are frequent in its languages, others that are rare, and a score per byte; each cell
counts once, however often it occurs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterable

# Names shown to the owner, and codecs, in the order in which equal scores are resolved.
CODE_PAGES = {
    "CP932": "cp932",
    "EUC-JP": "euc_jis_2004",
    "Windows-1252": "cp1252",
    "CP949": "cp949",
    "GB18030": "gb18030",
    "Big5": "big5hkscs",
    "Windows-1251": "cp1251",
    "Windows-1250": "cp1250",
    "KOI8-R": "koi8-r",
    "Windows-1253": "cp1253",
    "Windows-1254": "cp1254",
    "ISO-8859-1": "latin-1",
}
# Mean score of a byte from which on a page fits at all.
LEAST_FIT = 0.25
_FRAME = -8.0
GOOD, FAIR, ODD, WRONG = 2.0, 1.0, -1.0, -3.0
# Characters that are frequent in headings, names and categories: the three national standards share their
# bytes, so that only frequency tells Chinese from Japanese without kana.
_FREQUENT_JAPANESE = frozenset(
    "東京大阪名古屋福岡札幌仙台広島神戸横浜都府道県市区町村郡丁目番地域国本店舗支社部課係長員年月日時分秒週曜"
    "売上利益数量価格金額単円原在庫商品製造工場機械材料種類型式規格寸法厚幅高低大小中長短重軽温度湿圧力速度電流抵抗"
    "結果判定良不可否合格否正常異常有無男女性別顧客会社業態所得予算実績計画合計平均最初終期間前後左右内外入出開始"
    "人口世帯産率指標値差比回転数色赤青緑黄白黒新旧天気晴曇雨雪風向花学校生教科目点氏名姓住所電話備考欠損測検査"
    "作成更新日付内容項目表章系列全体手法処理工程順位級区分類等主要要因一二三四五六七八九十百千万億月火水木金土"
)
_FREQUENT_CHINESE = frozenset(
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过"
    "家十用发天如然作方成者多日都三小二无同么经法当起与好看学进种将还分此心前面又定见只主没公从"
    "北京海广州深圳津重庆杭南武汉西安省市区县城男女类别级价格数量销售额产品名称部门期月是否高低优良差合计金单位客户"
    "编号备注状态电话址姓性龄温度湿压力速率红蓝绿黄白黑长宽厚新旧晴阴雨雪值标检验质"
)
_FREQUENT_KOREAN = frozenset(
    "서울부산대구인천광주대전울산세종경기강원충청전라북남제주도시군구동면지역매출분류등급남녀이름날짜금액수량제품가격"
    "고객회사부서번호코드상태정상불량합계평균최대소온도습압력속시간년월일요좋음나쁨보통예아니오학교나다라마바사자차카"
    "타파하은는을를의에로과와한국사람있없여원개점수율명성별연령품목색빨강파랑초록검정흰"
)
_JAPANESE_SIGNS = "　、。・「」『』（）℃％①②③④⑤⑥⑦⑧⑨⑩㈱№△▲▽▼○●◎◯×※〜～ー―－→←↑↓／＋＝＃＆＊"
_QUOTES = "‘’“”–—…•€°£®™²³µ·×"
_WESTERN = "àâäáãåæçéèêëíìîïñóòôöõøœßúùûüýÿ"
_EASTERN = "ąćęłńóśźżáčďéěíňřšťúůýžőűăâîșț"
_TURKISH = "çğıöşüâîû"
# The letters of two alphabets that share all their bytes, the most frequent first.
_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"
_GREEK = "αοιετσνηυςρπκμλάίόέήύωώγδχθφβξζψϊϋΐΰ"
_NUM_FREQUENT, _NUM_USUAL = 12, 22


def likeliest(cells: Collection[bytes], names: Iterable[str]) -> str | None:
    """Return the name of the page that fits the cells best, of equals the first; None where none fits."""
    scores = {name: sum(_score(cell, name) for cell in cells) for name in names}
    best = max(scores, key=lambda name: scores[name], default=None)
    num_bytes = sum(byte >= 0x80 for cell in cells for byte in cell)
    return best if best is not None and scores[best] >= LEAST_FIT * num_bytes else None


def _score(cell: bytes, name: str) -> float:
    """Return the fit of one cell, weighted by its bytes that are not ASCII."""
    try:
        text = cell.decode(CODE_PAGES[name])
    except UnicodeDecodeError:
        return WRONG * len(cell)
    marks = [_of_character(char, text, place, name) for place, char in enumerate(text) if not char.isascii()]
    num_bytes = sum(byte >= 0x80 for byte in cell)
    return num_bytes * sum(marks) / len(marks) if marks else 0.0


def _of_character(char: str, text: str, place: int, name: str) -> float:
    if unicodedata.category(char) in {"Co", "Cn", "Cc"}:
        return WRONG
    return _BY_PAGE[name](char, text, place)


def _japanese(char: str, text: str, place: int) -> float:
    code = ord(char)
    if 0x3041 <= code <= 0x30FE or char in "々〆":
        return GOOD
    if 0xFF61 <= code <= 0xFF9F:  # half-width kana: words of them, or Latin letters misread
        near = [each for each in text[max(0, place - 1) : place + 2] if not each.isdigit()]
        return 0.45 if sum(0xFF61 <= ord(each) <= 0xFF9F for each in near) == len(near) > 1 else -2.0
    if _is_han(code):
        return _of_han(char, _FREQUENT_JAPANESE, _row(char, "euc_jp") in range(0xB0, 0xD0))
    return FAIR if 0xFF00 <= code <= 0xFF5E or char in _JAPANESE_SIGNS else ODD


def _korean(char: str, _text: str, _place: int) -> float:
    if 0xAC00 <= ord(char) <= 0xD7A3:
        return _of_han(char, _FREQUENT_KOREAN, _row(char, "euc_kr") in range(0xB0, 0xC9))
    return ODD


def _simplified(char: str, _text: str, _place: int) -> float:
    if _is_han(ord(char)):
        return _of_han(char, _FREQUENT_CHINESE, _row(char, "gb2312") in range(0xB0, 0xD8))
    return 0.5 if 0xFF00 <= ord(char) <= 0xFF5E or char in "，。、（）" else ODD


def _traditional(char: str, _text: str, _place: int) -> float:
    if _is_han(ord(char)):
        return 0.6 if _row(char, "big5") in range(0xA4, 0xC7) else ODD
    return ODD


def _of_han(char: str, frequent: frozenset[str], is_of_first_level: bool) -> float:
    return GOOD if char in frequent else 0.6 if is_of_first_level else ODD


def _alphabet(usual: str) -> Callable[[str, str, int], float]:
    """Return the score of a page for one Latin alphabet: accents stand alone in words of ASCII letters."""

    def score(char: str, text: str, place: int) -> float:
        before, after = text[max(0, place - 1) : place], text[place + 1 : place + 2]
        if char in _QUOTES:
            return _of_sign(before, after)
        if char.lower() not in usual:
            return ODD
        if char.isupper() and before.islower():
            return -2.0
        is_crowded = (before and not before.isascii()) or (after and not after.isascii())
        return 0.4 if is_crowded else 1.6

    return score


def _cyrillic(char: str, text: str, place: int) -> float:
    before, after = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    if 0x2500 <= ord(char) <= 0x25A0:
        return _FRAME  # of KOI8-R; where half-width kana are misread
    if not 0x0410 <= ord(char) <= 0x044F and char not in "ёЁ":
        return _of_sign(before, after) if char in _QUOTES else ODD
    return _of_script(char, before, after, _RUSSIAN)


def _greek(char: str, text: str, place: int) -> float:
    before, after = text[max(0, place - 1) : place], text[place + 1 : place + 2]
    if not 0x0370 <= ord(char) <= 0x03FF:
        return _of_sign(before, after) if char in _QUOTES else ODD
    return _of_script(char, before, after, _GREEK)


def _of_script(char: str, before: str, after: str, by_frequency: str) -> float:
    """Return the score of a letter of another script: not among Latin ones, nor large after small."""
    is_mixed = any(each.isascii() and each.isalpha() for each in (before, after))
    if is_mixed or (char.isupper() and before.islower()):
        return -2.0
    place = by_frequency.find(char.lower())
    fit = 0.2 if place < 0 or place >= _NUM_USUAL else 1.9 if place < _NUM_FREQUENT else 1.2
    return fit if char.islower() else min(fit, 0.8)


def _of_sign(before: str, after: str) -> float:
    """Return the score of a quote or sign: at the border of a word, or an apostrophe between letters."""
    is_inside = before.isalpha() and after.isalpha()
    is_apostrophe = is_inside and before.isascii() and after.isascii()
    return 0.5 if is_apostrophe or not is_inside else ODD


def _is_han(code: int) -> bool:
    return 0x4E00 <= code <= 0x9FFF


def _row(char: str, codec: str) -> int:
    """Return the first byte of a character in a national standard: its row; 0 where it is not in it."""
    try:
        return char.encode(codec)[0]
    except UnicodeEncodeError:
        return 0


_BY_PAGE: dict[str, Callable[[str, str, int], float]] = {
    "CP932": _japanese,
    "EUC-JP": _japanese,
    "CP949": _korean,
    "GB18030": _simplified,
    "Big5": _traditional,
    "Windows-1252": _alphabet(_WESTERN),
    "ISO-8859-1": _alphabet(_WESTERN),
    "Windows-1250": _alphabet(_EASTERN),
    "Windows-1254": _alphabet(_TURKISH),
    "Windows-1251": _cyrillic,
    "KOI8-R": _cyrillic,
    "Windows-1253": _greek,
}
