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
from performance.kpis.views.planning import apply_target_plan, plan_targets, undo_target_plan
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
from performance.kpis.views.scenarios import (
    approve_scenario,
    compare_scenarios,
    decline_scenario,
    propose_scenario,
    reckon_scenario,
    save_scenario,
    scenario,
    scenarios,
    share_scenario,
    withdraw_scenario,
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
from performance.kpis.views.whatif import what_if, what_if_result

__all__ = [
    "alert",
    "alert_rules",
    "alerts",
    "apply_definitions",
    "apply_target_plan",
    "approve_scenario",
    "board",
    "change",
    "change_view",
    "check",
    "check_definitions",
    "close_month",
    "compare_scenarios",
    "decline",
    "decline_scenario",
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
    "plan_targets",
    "propose_scenario",
    "read_definitions",
    "reckon_scenario",
    "remove_view",
    "resolve",
    "retire",
    "retire_alert_rule",
    "revise",
    "rows",
    "save_scenario",
    "save_view",
    "saved_view",
    "scenario",
    "scenarios",
    "set_alert_rule",
    "set_target",
    "share_scenario",
    "sign",
    "submit",
    "subscribe",
    "subscription",
    "take_over_view",
    "take_up",
    "targets",
    "undo_target_plan",
    "values",
    "what_if",
    "what_if_result",
    "withdraw_note",
    "withdraw_scenario",
    "write_note",
]
