"""Whatever a page does, the API does through the same action; whatever a page shows, the API gives."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

from tests.architecture import pages

#: What only a page can mean, and why.
PAGES_ONLY = {
    "okr.restore_cadence": "a page forgets what stood before its change; a call sends the former choices again",
    "people.accept_invitation": "one joins by a link sent to one's own address, before there is a token",
    "people.choose_language": "a browser's choice; a call says Accept-Language",
    "people.digest_of": "the page finds its own new token by what is kept of it; a call names a token by its id",
    "people.setup_link_is_alive": "asked before the form of the link below is shown",
    "people.use_setup_link": "the very first administrator, before anybody can have a token",
}

#: A template of a whole page, rather than a part of one.
PAGE = re.compile(r"([a-z]+/)?[a-z][a-z_]*\.html")


def _apps() -> Iterator[Path]:
    for declared in sorted(settings.BASE_DIR.glob("**/apps.py")):
        if ".venv" not in declared.parts and "node_modules" not in declared.parts:
            yield declared.parent


def _trees(app: Path, drawer: str) -> list[ast.Module]:
    files = [app / f"{drawer}.py", *sorted((app / drawer).glob("**/*.py"))]
    return [ast.parse(file.read_text()) for file in files if file.exists()]


def _called(drawer: str) -> set[str]:
    """`app.action` for each action that modules of this drawer name, through `from … import actions`."""
    found = set()
    for tree in (tree for app in _apps() for tree in _trees(app, drawer)):
        origin = {
            alias.asname or alias.name: (node.module or "").rpartition(".")[2]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if alias.name == "actions"
        }
        found |= {
            f"{origin[node.value.id]}.{node.attr}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in origin
        }
    return found


def test_every_action_of_a_page_is_in_the_api() -> None:
    on_pages = {name for name in _called("views") if name.partition(".")[2].islower()}
    assert len(on_pages) > 80, "the actions were not found"
    assert on_pages - _called("api") == set(PAGES_ONLY)


def _pages() -> set[str]:
    """Templates of whole pages that views name: a template's name that begins with no underscore."""
    return {
        node.value
        for app in [*_apps(), settings.BASE_DIR / "performance" / "config"]
        for drawer in ("views", "shell")
        for tree in _trees(app, drawer)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and PAGE.fullmatch(node.value)
    }


def test_what_every_page_shows_is_in_the_api() -> None:
    shown = _pages()
    assert len(shown) > 100, "the pages were not found"
    assert shown == {*pages.IN_THE_API, *pages.IN_A_BROWSER_ALONE}
    schema = SchemaGenerator().get_schema(request=None, public=True)
    known = {re.sub(r"\{\w+\}", "{}", path).removeprefix("/api/v1/") for path in schema["paths"]}
    assert {page: path for page, path in pages.IN_THE_API.items() if path not in known} == {}
