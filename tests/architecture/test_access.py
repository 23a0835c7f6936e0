"""Every address says who may enter, and means it."""

import inspect
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from performance.foundation import access, middleware

OPEN_TO_EVERYBODY = ("allauth", "django", "performance.foundation", "performance.people")


def patterns(resolver: Any = None, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern.callback


def test_each_address_declares_its_access_and_few_are_open_to_everybody() -> None:
    undeclared, open_doors = [], []
    for route, view in patterns():
        declared = access.declared_access(view)
        if declared is None:
            undeclared.append(f"{route} ({view.__module__})")
        elif declared.level == "public" and not view.__module__.startswith(OPEN_TO_EVERYBODY):
            open_doors.append(f"{route} ({view.__module__})")
    assert undeclared == []
    assert open_doors == []


def test_a_view_without_a_declaration_is_not_served() -> None:
    def forgotten(request: Any) -> None: ...

    gate = middleware.AccessDeclared(lambda request: pytest.fail("served"))  # type: ignore[arg-type, return-value]
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured):
        gate.process_view(RequestFactory().get("/"), forgotten, (), {})


#: Pages that are read as well as written on; what their reader may not do, they show as not to be done.
READ_TOO = {
    "feedback.views.pulses.pulse": "a card of the home page, without its button for whoever only reads",
    "feedback.views.requests.feedback_request": "whoever asked reads how it stands, and may only read by now",
    "okr.views.rhythm.rhythm": "the rhythm is everybody's to know",
    "okr.views.policies.policy": "how progress is counted",
    "performance.appraisals.views.publishing.publish": "which waves were published, which an audit reads",
    "performance.appraisals.views.reviews.review": "a review, which its readers open too",
    "performance.appraisals.views.stages.peers": "who writes of somebody",
    "performance.appraisals.views.templates.template": "what a published version asks",
    "performance.appraisals.views.templates.templates": "which templates there are",
    "performance.inbox.views.overdue.overdue_rule": "when things are overdue",
    "performance.inbox.views.webhooks.webhooks": "which systems are told, which an audit reads",
    "performance.people.views.settings.periods": "which periods there are",
    "performance.people.views.settings.settings": "the organisation's settings, which an audit reads",
    "performance.people.views.settings.calendar": "the work calendar",
    "performance.people.views.settings.roles": "who holds which role",
}


def _pages_with_a_form() -> Iterator[tuple[str, Any, Any]]:
    """(name, pattern's view, its declaration) of our pages that answer GET and take a POST."""
    for route, view in patterns():
        page, declared = inspect.unwrap(view), access.declared_access(view)
        if (
            route.startswith("/api/")
            or inspect.isclass(page)
            or declared is None
            or declared.level == "public"
        ):
            continue
        if not page.__module__.startswith(("okr.", "feedback.", "performance.")):
            continue
        source = inspect.getsource(page)
        takes = "request.POST" in source or "request.method" in source or '"POST"' in source
        if takes and "@require_POST" not in source and "@require_GET" not in source:
            yield f"{page.__module__}.{page.__name__}", view, declared


def test_a_page_that_is_there_for_writing_is_declared_so() -> None:
    found = {name: declared for name, _view, declared in _pages_with_a_form()}
    assert len(found) > 30, "the pages were not found"
    assert {name for name, declared in found.items() if not declared.writes} == set(READ_TOO)


def test_the_auditor_opens_no_form_whose_sending_is_refused(cast: Any, client_for: Any) -> None:
    """Asked for by every address of the site that is there for writing; whatever it names need not exist."""
    auditor, opened, asked = client_for(cast.auditor), [], 0
    declared = {route: access.declared_access(view) for route, view in patterns()}
    for route, one in declared.items():
        if one is None or not one.writes:
            continue
        address = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), route)
        address = re.sub(r"<(str|slug):\w+>", "sql", address)
        asked += 1
        answers = (auditor.get(address), auditor.post(address))
        opened += [
            (address, answer.status_code) for answer in answers if answer.status_code not in (403, 405)
        ]
    assert asked > 25
    assert opened == []
