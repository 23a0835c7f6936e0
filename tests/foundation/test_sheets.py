"""What an uploaded file is, told by what is in it, whatever it is called."""

import pytest

from performance.foundation import sheets

ROWS = b"number,name\nP001,Bo\n"


@pytest.mark.parametrize("name", ["people.csv", "people.xlsx", "people.png"])
@pytest.mark.parametrize(
    ("start", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"GIF89a", "a picture"),
        (b"RIFF\x01\x01\x01\x01WEBP", "a picture"),
        (b"BM\x8a\x00\x00\x00", "a picture"),
        (b"<svg xmlns=''>", "a picture"),
        (b"%PDF-1.7\n", "a document"),
        (b"{\\rtf1", "a document"),
        (b"\x1f\x8b", "packed archive"),
    ],
)
def test_what_is_no_table_is_refused_in_plain_words(start: bytes, words: str, name: str) -> None:
    with pytest.raises(sheets.SheetRefused, match=words) as refused:
        sheets.read_sheet(start + ROWS, name)
    assert refused.value.field == "file"


def test_characters_that_no_text_has_are_no_table() -> None:
    with pytest.raises(sheets.SheetRefused, match="not a text file"):
        sheets.read_sheet(b"number,name\nP001,\x01\x02\n", "people.csv")


@pytest.mark.parametrize("header", [b"BM", b"RIFF", b"II", b"7z"])
def test_a_column_may_be_called_like_the_beginning_of_another_file(header: bytes) -> None:
    assert sheets.read_sheet(header + b",name\nP001,Bo\n", "people.csv").rows == [(2, ["P001", "Bo"])]
