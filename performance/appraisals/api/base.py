"""What every endpoint of appraisals shares."""

import datetime
import uuid

from rest_framework.request import Request

from performance.appraisals import queries
from performance.appraisals.models import Cycle, CycleEntry
from performance.foundation import access, api
from performance.people import queries as people_queries


class AppraisalsView(api.TenantView):
    scope_read = "performance:read"
    scope_write = "performance:write"

    def cycle(self, request: Request, cycle_id: uuid.UUID) -> Cycle:
        on = people_queries.today(request.actor.organisation)
        return access.get_or_404(queries.cycles_visible_to(request.actor, on), pk=cycle_id)

    def today(self, request: Request) -> datetime.date:
        return people_queries.today(request.actor.organisation)

    def entry(self, request: Request, entry_id: uuid.UUID) -> CycleEntry:
        on = people_queries.today(request.actor.organisation)
        entries = queries.entries_visible_to(request.actor, on).select_related("cycle__period", "person")
        return access.get_or_404(entries, pk=entry_id)
