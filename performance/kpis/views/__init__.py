"""Pages of metrics: the board, the library, a definition, its values and rows, drafting, targets."""

from performance.kpis.views.boards import board, close_month
from performance.kpis.views.changes import change
from performance.kpis.views.definitions import decline, library, metric, retire, sign, submit
from performance.kpis.views.documents import (
    apply_definitions,
    check_definitions,
    export,
    export_version,
    read_definitions,
)
from performance.kpis.views.drafting import check, draft, edit, fields, revise
from performance.kpis.views.packs import pack, pack_check, pack_columns, packs_offered
from performance.kpis.views.targets import import_targets, set_target, targets
from performance.kpis.views.values import rows, values

__all__ = [
    "apply_definitions",
    "board",
    "change",
    "check",
    "check_definitions",
    "close_month",
    "decline",
    "draft",
    "edit",
    "export",
    "export_version",
    "fields",
    "import_targets",
    "library",
    "metric",
    "pack",
    "pack_check",
    "pack_columns",
    "packs_offered",
    "read_definitions",
    "retire",
    "revise",
    "rows",
    "set_target",
    "sign",
    "submit",
    "targets",
    "values",
]
