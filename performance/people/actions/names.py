"""How a name is sorted and written in Latin letters. Pure."""

import re

from pypinyin import Style, lazy_pinyin

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")

# Surnames whose sound differs from the everyday reading of the character.
SURNAMES = {
    "单": "shan",
    "曾": "zeng",
    "解": "xie",
    "仇": "qiu",
    "查": "zha",
    "朴": "piao",
    "盖": "ge",
    "区": "ou",
    "缪": "miao",
    "乐": "yue",
    "翟": "zhai",
    "覃": "qin",
    "冼": "xian",
    "晁": "chao",
    "尉迟": "yuchi",
    "万俟": "moqi",
    "长孙": "zhangsun",
    "令狐": "linghu",
    "欧阳": "ouyang",
    "司马": "sima",
    "上官": "shangguan",
    "诸葛": "zhuge",
    "慕容": "murong",
    "夏侯": "xiahou",
}


def is_chinese(text: str) -> bool:
    return bool(HAN.search(text))


def sorting_name(name_en: str, name_zh: str = "") -> str:
    """Chinese names by pinyin, others in lower case: what the directory sorts and searches by."""
    chinese = name_zh or (name_en if is_chinese(name_en) else "")
    if chinese:
        surname, given = _pinyin(chinese)
        return " ".join(part for part in (surname, given) if part)[:160]
    return " ".join(name_en.lower().split())[:160]


def romanised(name_zh: str) -> str:
    """林悦 → Lin Yue."""
    surname, given = _pinyin(name_zh)
    return " ".join(part.capitalize() for part in (surname, given) if part)


def _pinyin(name: str) -> tuple[str, str]:
    plain = "".join(name.split())
    for length in (2, 1):
        surname = plain[:length]
        if surname in SURNAMES and len(plain) > length:
            return SURNAMES[surname], _sounds(plain[length:])
    if len(plain) < 2:
        return _sounds(plain), ""
    return _sounds(plain[:1]), _sounds(plain[1:])


def _sounds(characters: str) -> str:
    return "".join(lazy_pinyin(characters, style=Style.NORMAL, v_to_u=False)).lower()
