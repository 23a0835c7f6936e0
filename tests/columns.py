"""Columns of evidence read as a person reads them: one row for each person and component."""

import uuid
from collections.abc import Iterable, Sequence

from performance.foundation.evidence import Evidence, EvidenceColumn


def rows_of(columns: Iterable[EvidenceColumn], person_ids: Sequence[uuid.UUID]) -> list[Evidence]:
    """Person by person, in the order of the components."""
    listed = list(columns)
    return [
        Evidence(
            person_id=person_id,
            component_key=column.component_key,
            value_micro=int(column.values_micro[at]) if column.present[at] else None,
            coverage_ppm=int(column.coverage_ppm[at]),
            provisional=bool(column.provisional[at]),
            refs=column.trails[column.trail[at]],
        )
        for at, person_id in enumerate(person_ids)
        for column in listed
    ]
