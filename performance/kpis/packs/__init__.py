"""Ready packs: families of metrics for a trade, as data, with the step "which of your columns is this?". Pure: the
files beside this one and what callers hand in; no queries."""

from performance.kpis.packs.mapping import (
    Chosen,
    Mapped,
    Possible,
    entries,
    fitting,
    judged,
    possible,
    proposed,
    proposed_tables,
)
from performance.kpis.packs.shapes import (
    DAY,
    FIGURE,
    NAMES,
    NUMBER,
    VALUE,
    Pack,
    PackColumn,
    PackMetric,
    PackTable,
    every,
    load,
)

__all__ = [
    "DAY",
    "FIGURE",
    "NAMES",
    "NUMBER",
    "VALUE",
    "Chosen",
    "Mapped",
    "Pack",
    "PackColumn",
    "PackMetric",
    "PackTable",
    "Possible",
    "entries",
    "every",
    "fitting",
    "judged",
    "load",
    "possible",
    "proposed",
    "proposed_tables",
]
