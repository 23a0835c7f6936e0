"""Reading gettext's catalogues and finding their faults."""

from pathlib import Path

from performance.foundation import catalogues

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def _read(tmp_path: Path, text: str) -> list[catalogues.Entry]:
    file = tmp_path / "django.po"
    file.write_text(HEADER + text, encoding="utf-8")
    return catalogues.read(file)


def test_entries_are_read_with_contexts_plurals_and_continued_lines(tmp_path: Path) -> None:
    entries = _read(
        tmp_path,
        'msgctxt "month"\nmsgid "May"\nmsgstr "五月"\n\n'
        'msgid "%(count)s goal"\nmsgid_plural "%(count)s goals"\nmsgstr[0] "%(count)s 个目标"\n\n'
        'msgid ""\n"long "\n"text"\nmsgstr ""\n"长"\n"文"\n\n'
        '#~ msgid "old"\n#~ msgstr ""\n',
    )
    assert [(entry.msgctxt, entry.msgid, entry.msgid_plural, entry.msgstr) for entry in entries[1:]] == [
        ("month", "May", None, {0: "五月"}),
        (None, "%(count)s goal", "%(count)s goals", {0: "%(count)s 个目标"}),
        (None, "long text", None, {0: "长文"}),
    ]
    assert catalogues.faults(entries) == []


def test_untranslated_and_fuzzy_texts_are_faults(tmp_path: Path) -> None:
    entries = _read(
        tmp_path,
        'msgid "Goal"\nmsgstr ""\n\n#, fuzzy\nmsgid "Team"\nmsgstr "小组"\n\nmsgid "Unit"\nmsgstr "单位"\n',
    )
    assert catalogues.faults(entries) == ["5: not translated: 'Goal'", "9: fuzzy: 'Team'"]


def test_a_lost_placeholder_is_a_fault_but_a_plural_may_drop_its_number(tmp_path: Path) -> None:
    entries = _read(
        tmp_path,
        'msgid "%(name)s agreed"\nmsgstr "已同意"\n\n'
        'msgid "one day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "%(n)s 天"\n\n'
        'msgid "until {day}"\nmsgstr "到 {date}"\n',
    )
    assert catalogues.faults(entries) == [
        "5: placeholders differ (%(name)s): '%(name)s agreed'",
        "12: placeholders differ ({date}, {day}): 'until {day}'",
    ]
