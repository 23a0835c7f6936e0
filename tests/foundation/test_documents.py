"""Documents that we draw say what they are given, in both languages, and come out alike whenever they are made."""

import datetime
import io
import itertools
import time

import pypdf
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from performance.foundation import documents
from performance.foundation.documents import lettering

MADE_AT = datetime.datetime(2026, 4, 2, 9, tzinfo=datetime.UTC)
COLUMNS = [
    documents.Column("Component", 0.6),
    documents.Column("Points", 0.2, True),
    documents.Column("", 0.2),
]


def _document(*names: str) -> documents.Document:
    document = documents.Document(title="Scorecard", foot="Harbour Retail", author="Harbour", made_at=MADE_AT)
    document.title("绩效评分卡", "Harbour Retail")
    rows = [[documents.Cell(name, series=1), "25.1", documents.Bar(0, 25.1)] for name in names]
    document.table(COLUMNS, rows, ["Total", "25.1", documents.Bar(0, 25.1, 0, mark=80)])
    return document


def _read(document: documents.Document) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(document.finished()))


def test_chinese_and_latin_letters_are_read_back_as_they_were_written() -> None:
    read = _read(_document("存货资金周转 Inventory turnover", "净利率 ±0.5 − ≥ €"))
    text = read.pages[0].extract_text()
    for written in ("绩效评分卡", "存货资金周转 Inventory turnover", "净利率 ±0.5 − ≥ €", "25.1", "1 / 1"):
        assert written in text
    assert "〓" not in text


def test_the_font_is_embedded_as_far_as_it_is_used() -> None:
    read = _read(_document("存货"))
    [font] = read.pages[0]["/Resources"]["/Font"].values()
    descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"]
    assert len(descriptor["/FontFile2"].get_data()) < 40_000


def test_the_same_content_gives_the_same_bytes_whenever_it_is_asked_for() -> None:
    first = _document("存货").finished()
    time.sleep(1.1)
    assert _document("存货").finished() == first
    assert pypdf.PdfReader(io.BytesIO(first)).metadata.creation_date == MADE_AT


@pytest.mark.parametrize("name", ["朱镕基", "陶喆", "王堃", "䶮", "李𬭎", "陳偉", "Øster", "Nguyễn"])
def test_names_beyond_the_most_common_characters_are_written(name: str) -> None:
    assert documents.legible(name) == name


def test_a_latin_letter_whose_mark_the_font_lacks_is_written_without_it() -> None:
    assert documents.legible("Žofie") == "Zofie"


def test_a_character_that_the_font_lacks_breaks_nothing_and_is_said_to_be_missing() -> None:
    read = _read(_document("王\U00030edd\U00030edd", "Ada 🦊"))
    text = read.pages[0].extract_text()
    assert "王〓〓" in text
    assert "Ada 〓" in text
    assert "stands for a character" in text


def test_quotation_marks_are_as_wide_as_the_language_writes_them() -> None:
    assert documents.legible("each one’s “best”") == 'each one\'s "best"'
    with translation.override("zh-hans"):
        assert documents.legible("“最佳”") == "“最佳”"


def test_what_is_nothing_to_see_is_left_out() -> None:
    assert documents.legible("a\u200db\ufe0f\u202e c\nd\x00") == "ab c d"


def test_rows_go_on_overleaf_below_the_heads_again() -> None:
    read = _read(_document(*(f"Row {number}" for number in range(60))))
    pages = [page.extract_text() for page in read.pages]
    assert len(pages) > 1
    assert all("Component" in page for page in pages)
    assert sum(page.count("Row ") for page in pages) == 60
    assert f"2 / {len(pages)}" in pages[1]


def test_a_document_says_in_which_language_it_is() -> None:
    with translation.override("zh-hans"):
        assert _read(_document()).trailer["/Root"]["/Lang"] == "zh-CN"
    assert _read(_document()).trailer["/Root"]["/Lang"] == "en"


@given(st.text(st.sampled_from("ab ,.，。（）绩效评分卡"), max_size=60), st.integers(2, 12))
def test_lines_keep_every_letter_and_their_width(text: str, width: int) -> None:
    text = documents.legible(text)
    lines = lettering.broken(text, width, lambda part: float(len(part)))
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(len(line) <= width for line in lines)


def test_chinese_breaks_anywhere_but_before_a_closing_mark() -> None:
    lines = lettering.broken("绩效评分卡，每一行都要写满。Scorecard of", 5, lambda part: float(len(part)))
    assert lines[:2] == ["绩效评分", "卡，每一行"]
    for before, after in itertools.pairwise(lines):
        assert not after.startswith(("，", "。")), (before, after)
