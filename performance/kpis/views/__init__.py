"""Pages of metrics: the board, the library, a definition, its values and rows, drafting, targets,
alerts, saved views."""

from performance.kpis.views.alerts import alert, alerts, hand_over, resolve, take_up
from performance.kpis.views.boards import board, close_month, export_board
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
from performance.kpis.views.saved_views import (
    change_view,
    end_subscription,
    pin_view,
    remove_view,
    save_view,
    saved_view,
    subscribe,
    subscription,
    take_over_view,
)
from performance.kpis.views.targets import import_targets, set_target, targets
from performance.kpis.views.values import rows, values
from performance.kpis.views.watching import (
    alert_rules,
    retire_alert_rule,
    set_alert_rule,
    withdraw_note,
    write_note,
)

__all__ = [
    "alert",
    "alert_rules",
    "alerts",
    "apply_definitions",
    "board",
    "change",
    "change_view",
    "check",
    "check_definitions",
    "close_month",
    "decline",
    "draft",
    "edit",
    "end_subscription",
    "export",
    "export_board",
    "export_version",
    "fields",
    "hand_over",
    "import_targets",
    "library",
    "metric",
    "pack",
    "pack_check",
    "pack_columns",
    "packs_offered",
    "pin_view",
    "read_definitions",
    "remove_view",
    "resolve",
    "retire",
    "retire_alert_rule",
    "revise",
    "rows",
    "save_view",
    "saved_view",
    "set_alert_rule",
    "set_target",
    "sign",
    "submit",
    "subscribe",
    "subscription",
    "take_over_view",
    "take_up",
    "targets",
    "values",
    "withdraw_note",
    "write_note",
]
