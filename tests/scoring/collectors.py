"""A source of evidence that tests fill by hand: VALUES[person_id, component key] = value in micro."""

import dataclasses
import datetime
import uuid
from collections.abc import Sequence
from typing import Any

from performance.foundation import evidence

VALUES: dict[tuple[uuid.UUID, str], int | None] = {}
#: The moments that were asked for.
MOMENTS: list[datetime.datetime] = []
#: Where all values come from.
REF = evidence.Ref("Ledger 6401", "总账 6401", "/metrics/", "3")
#: Whether people share the trails.
IS_SHARED = False


def collect(
    *,
    person_ids: Sequence[uuid.UUID],
    period: Any,
    as_of: datetime.datetime,
    components: Sequence[evidence.ComponentRequest],
) -> list[evidence.EvidenceColumn]:
    """Speaks only of what it was told; whoever is absent has no value."""
    MOMENTS.append(as_of)
    found = [
        evidence.Evidence(
            person_id=person_id,
            component_key=component.key,
            value_micro=VALUES[person_id, component.key],
            refs=(REF,),
        )
        for person_id in person_ids
        for component in components
        if (person_id, component.key) in VALUES
    ]
    columns = evidence.columns_from(person_ids, components, found)
    return [dataclasses.replace(column, is_shared=IS_SHARED) for column in columns]
