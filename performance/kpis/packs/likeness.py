"""When two names mean the same column: alike once letters, plurals and words that only say what sort of column it is are
taken off, in English and Chinese. Pure."""

import re
from collections.abc import Collection, Iterable

from performance.kpis.packs.shapes import DAY, FIGURE, NUMBER, PackColumn, PackTable

#: Words that only say what sort of column it is, by what a pack asks for.
DATES = frozenset(["date", "day", "datetime", "time", "timestamp", "on", "at", "dt"])
IDENTIFIERS = frozenset(
    ["id", "key", "no", "nr", "num", "number", "code", "ref", "sk", "uid", "uuid", "guid"]
)
AMOUNTS = frozenset(["amount", "amt", "value", "total", "sum", "net", "rmb", "cny", "usd", "eur"])
#: The same in Chinese, longest first.
DATES_ZH = ("日期", "时间", "日")
IDENTIFIERS_ZH = ("编号", "编码", "代码", "号码", "号")
AMOUNTS_ZH = ("金额", "合计", "人民币", "额", "元", "净", "总")
ASKED = {DAY: (DATES, DATES_ZH), NUMBER: (AMOUNTS, AMOUNTS_ZH), FIGURE: (AMOUNTS, AMOUNTS_ZH)}

Core = tuple[frozenset[str], str]


def same(name: str) -> str:
    """A name without its spaces, marks and capitals."""
    return re.sub(r"[\W_]+", "", name.lower())


def cores(name: str, column: PackColumn, table_words: Collection[str] = ()) -> set[Core]:
    """What is left of a name: its Latin words, and its Chinese letters; of names in a dataset also without the words of
    the table, which some put before the name of each column. Empty where nothing is left that tells columns apart."""
    plain, chinese = ASKED.get(column.type, (IDENTIFIERS, IDENTIFIERS_ZH))
    latin = frozenset(_words(name)) - plain
    rest = "".join(re.findall(r"[\u4e00-\u9fff]+", name))
    for word in chinese:
        rest = rest.replace(word, "")
    found = {(latin, rest), (latin - frozenset(table_words), rest)}
    return {core for core in found if core[0] or len(core[1]) > 1}


def wanted_of(column: PackColumn) -> set[Core]:
    """What the names of a pack's column come to; arithmetic is no name."""
    names = (column.key, column.name_en, column.name_zh, *column.aliases)
    return {core for name in names if not re.search(r"[*/+-]", name) for core in cores(name, column)}


def is_alike(names: Iterable[str], column: PackColumn, table: PackTable) -> bool:
    """Whether one of the names of a dataset's column may mean this one."""
    wanted, words = wanted_of(column), _words(f"{table.key} {table.name_en}")
    return any(core in wanted for name in names if name for core in cores(name, column, words))


def _words(name: str) -> list[str]:
    """OrderDate, order_dates → order, date."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return [_singular(word) for word in re.findall(r"[a-z0-9]+", apart.lower())]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def kinship(table: PackTable, names: Iterable[str]) -> int:
    """How many words the names of a dataset share with those of a table, Chinese letter by letter."""
    asked = f"{table.key} {table.name_en}"
    given = [name for name in names if name]
    latin = {word for name in given for word in _words(name)} & set(_words(asked))
    chinese = {letter for name in given for letter in name if letter in table.name_zh}
    return len(latin) + len(chinese) // 2
