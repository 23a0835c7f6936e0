"""The cycle of an address, and the person of a name."""

import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from performance.appraisals import queries
from performance.appraisals.models import Cycle
from performance.foundation import access
from performance.people import models as people
from performance.people import queries as people_queries


def cycle_seen(request: HttpRequest, cycle_id: uuid.UUID) -> Cycle:
    """404 where the reader sees nobody of it."""
    on = people_queries.today(request.actor.organisation)
    return access.get_or_404(queries.cycles_visible_to(request.actor, on), pk=cycle_id)


def one_person(form: Any, matches: list[people.Person]) -> people.Person | None:
    """The person meant, or an error beside the field that says how to go on."""
    if len(matches) == 1:
        return matches[0]
    if matches:
        named = ", ".join(f"{person} ({person.number})" for person in matches[:5])
        form.add_error("person", _("Several people match: %(people)s. Type the number.") % {"people": named})
    else:
        form.add_error("person", _("Nobody has this number or name."))
    return None
