"""A host that is told things, and what a worker would have done by now."""

import datetime
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from performance.foundation import tenancy
from performance.inbox import actions, models, tasks
from tests.conftest import Cast
from tests.inbox import hosts


@pytest.fixture
def host(settings: Any) -> Iterator[hosts.Host]:
    """The installation allows this address and no other private one."""
    with hosts.listening() as found:
        settings.ACCORD_EGRESS_ALLOW = [f"127.0.0.1:{found.port}"]
        yield found


@pytest.fixture
def give(cast: Cast, now: datetime.datetime) -> Callable[..., models.WorkItem]:
    """Gives somebody work."""

    def do(to: Any = None, **fields: Any) -> models.WorkItem:
        given = {
            "to": to or cast.employee,
            "kind": "goals.agreement",
            "subject_id": uuid.uuid4(),
            "title_en": "Agree to: Buy the rival <in secret>",
            "title_zh": "请确认：收购竞争对手",
            "url": "/goals/",
            "by": cast.manager,
            "at": now,
        }
        with tenancy.acting_for(cast.organisation):
            return actions.assign_work(**given | fields)

    return do


@pytest.fixture
def webhook(cast: Cast, actor: Any, host: hosts.Host) -> tuple[models.Endpoint, str]:
    """A system that is told of goals, and its secret."""
    with tenancy.acting_for(cast.organisation):
        return actions.add_webhook(
            name="Ticket system",
            address=host.address(),
            areas=["goals"],
            by=actor(cast.administrator),
            at=timezone.now(),
        )


@pytest.fixture
def add_chat(cast: Cast, actor: Any, host: hosts.Host) -> Callable[..., models.Endpoint]:
    def do(channel: str = "slack", person: Any = None, **fields: Any) -> models.Endpoint:
        given = {"name": "My team", "address": host.address(), "secret": "", "tells_title": False}
        with tenancy.acting_for(cast.organisation):
            return actions.add_chat(
                channel=channel, by=actor(person or cast.employee), at=timezone.now(), **given | fields
            )

    return do


@pytest.fixture
def tell(cast: Cast) -> Callable[[], int]:
    """What a worker does when it is nudged."""

    def do() -> int:
        with tenancy.acting_for(cast.organisation):
            return tasks.call_endpoints.apply().get()

    return do


@pytest.fixture
def deliveries(cast: Cast) -> Callable[..., list[models.Delivery]]:
    """Messages to endpoints, in the order that they were asked for."""

    def find(**fields: Any) -> list[models.Delivery]:
        with tenancy.acting_for(cast.organisation):
            found = models.Delivery.objects.filter(**fields).exclude(endpoint=None)
            return list(found.select_related("endpoint", "item").order_by("id"))

    return find
