"""Pages of metrics: the board, the library, a definition, its values and rows, drafting, targets."""

from performance.kpis.views.boards import board, close_month
from performance.kpis.views.changes import change
from performance.kpis.views.definitions import decline, library, metric, retire, sign, submit
from performance.kpis.views.drafting import check, draft, edit, fields, revise
from performance.kpis.views.targets import import_targets, set_target, targets
from performance.kpis.views.values import rows, values

__all__ = [
    "board",
    "change",
    "check",
    "close_month",
    "decline",
    "draft",
    "edit",
    "fields",
    "import_targets",
    "library",
    "metric",
    "retire",
    "revise",
    "rows",
    "set_target",
    "sign",
    "submit",
    "targets",
    "values",
]
