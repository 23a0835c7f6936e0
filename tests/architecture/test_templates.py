"""Templates under the strict content policy: nothing inline, nothing from another host."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
FORBIDDEN = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "a style element": re.compile(r"<style[\s>]", re.I),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")[^>]*>", re.I),
    "a script URL": re.compile(r"javascript:", re.I),
    "script inside hx-": re.compile(r"\shx-on|\shx-vals\s*=\s*[\"']js:|\shx-vars", re.I),
    "another host": re.compile(
        r"<(?:script|link|img|iframe|source|video|use)\b[^>]*(?:https?:)?//[a-z0-9]", re.I
    ),
}


def _templates() -> Iterator[Path]:
    yield from sorted(path for path in TEMPLATES.rglob("*") if path.suffix in {".html", ".svg"})


def _markup(path: Path) -> str:
    """The page's own markup: template tags are blanked, keeping the places of everything else."""
    tags = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.S)
    return tags.sub(
        lambda tag: re.sub(r"[^\n]", "~", tag.group(0)),
        path.read_text(encoding="utf-8"),
    )


@pytest.mark.parametrize("wrong", FORBIDDEN)
def test_no_template_has(wrong: str) -> None:
    found = [
        f"{path.relative_to(TEMPLATES)}:{text[: match.start()].count(chr(10)) + 1}: {match.group(0)[:80]}"
        for path in _templates()
        if path.parts[-2] != "email"
        for text in [_markup(path)]
        for match in FORBIDDEN[wrong].finditer(text)
    ]
    assert found == []


def test_whatever_asks_first_says_what_is_about_to_happen_and_names_its_verb() -> None:
    asking = [
        (path.relative_to(TEMPLATES), tag)
        for path in _templates()
        for tag in re.findall(r"<[a-z]+\b[^>]*\sdata-confirm=[^>]*>", _markup(path))
    ]
    assert asking
    assert [
        f"{path}: {tag[:120]}"
        for path, tag in asking
        if not all(re.search(rf"{name}=\"[^\"]", tag) for name in ("data-confirm-title", "data-confirm-yes"))
    ] == []


def test_there_are_templates_to_look_at() -> None:
    assert any(_templates())
