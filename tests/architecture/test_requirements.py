"""What gets installed is pinned by content, wherever it comes from."""

import re
from pathlib import Path

import pytest
from django.conf import settings

FILES = ("requirements.txt", "requirements-forecast.txt", "requirements-dev.txt")


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_with_hashes_and_names_no_host(name: str) -> None:
    text = (Path(settings.BASE_DIR) / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    requirements = [block for block in blocks if not block.startswith("#")]
    assert requirements
    for block in requirements:
        assert re.match(r"[A-Za-z0-9._-]+==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_each_runtime_requirement_says_why_it_is_there() -> None:
    lines = (Path(settings.BASE_DIR) / "pyproject.toml").read_text().splitlines()
    start = lines.index("dependencies = [")
    listed = lines[start + 1 : lines.index("]", start)]
    for comment, requirement in zip(listed[::2], listed[1::2], strict=True):
        assert comment.strip().startswith("# "), requirement
        assert requirement.strip().startswith('"'), requirement
