"""Units and teams with everything under them."""

import uuid

from performance.people import models as people


def below(model: type[people.BusinessUnit] | type[people.Team], top: uuid.UUID) -> list[uuid.UUID]:
    """A unit or team and everything under it. One query."""
    children: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    for key, parent_id in model.objects.values_list("pk", "parent_id"):
        children.setdefault(parent_id, []).append(key)
    found = [top]
    for key in found:
        found += [child for child in children.get(key, ()) if child not in found]
    return found
