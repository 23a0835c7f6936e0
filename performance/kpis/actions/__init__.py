"""Writes: definitions and their signatures, values, closed months, targets, forecasts, names of slices, alerts, notes,
saved views and who is mailed them."""

from performance.kpis.actions.alerts import (
    RuleWording,
    hand_over_alert,
    resolve_alert,
    retire_alert_rule,
    set_alert_rule,
    take_up_alert,
)
from performance.kpis.actions.board_files import export_board
from performance.kpis.actions.calendars import follow_fiscal_calendar
from performance.kpis.actions.definitions import (
    SIGNATURE_WORK,
    decline_version,
    draft_metric,
    edit_draft,
    retire_metric,
    revise_metric,
    sign_version,
    submit_for_review,
)
from performance.kpis.actions.dimensions import name_dimension, refresh_labels
from performance.kpis.actions.documents import check_document, import_definitions
from performance.kpis.actions.drafting import ImportRefused, Outcome
from performance.kpis.actions.forecasts import mark_due_forecasts, store_forecasts
from performance.kpis.actions.notes import withdraw_point_note, write_point_note
from performance.kpis.actions.packs import check_pack, draft_pack
from performance.kpis.actions.planning import apply_target_plan, undo_target_plan
from performance.kpis.actions.rates import (
    MOST_CARRIED,
    RateColumns,
    apply_rates,
    discard_rates,
    given_in_dataset,
    given_in_file,
    given_in_text,
    propose_rates,
)
from performance.kpis.actions.readings import run_reading, start_reading, start_readings
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.actions.saved_views import (
    ViewWording,
    change_view,
    forget_person,
    let_views_go,
    pin_view,
    remove_view,
    save_view,
    take_over_view,
    unpin_view,
)
from performance.kpis.actions.scenarios import (
    SCENARIO_WORK,
    approve_scenario,
    decline_scenario,
    propose_scenario,
    reckon_scenario,
    renew_scenario,
    save_scenario,
    share_scenario,
    withdraw_scenario,
)
from performance.kpis.actions.subscriptions import claim_subscription, end_subscription, subscribe
from performance.kpis.actions.targets import TargetColumns, import_targets, set_targets
from performance.kpis.actions.tying import NO_REASON
from performance.kpis.actions.untying import TIE_OUT_WORK, explain_tie_out, watch_tie_outs
from performance.kpis.actions.values import close_month, refresh_values
from performance.kpis.actions.watching import ALERT_WORK, Watched, watch_values
from performance.kpis.documents import DocumentRefused
from performance.kpis.formulas import FormulaRefused
from performance.kpis.semantics import Definition, DefinitionRefused
from performance.kpis.units import UnitRefused

__all__ = [
    "ALERT_WORK",
    "MOST_CARRIED",
    "NO_REASON",
    "SCENARIO_WORK",
    "SIGNATURE_WORK",
    "TIE_OUT_WORK",
    "Definition",
    "DefinitionRefused",
    "DocumentRefused",
    "FormulaRefused",
    "ImportRefused",
    "MetricRefused",
    "Outcome",
    "RateColumns",
    "RuleWording",
    "TargetColumns",
    "UnitRefused",
    "ViewWording",
    "Watched",
    "apply_rates",
    "apply_target_plan",
    "approve_scenario",
    "change_view",
    "check_document",
    "check_pack",
    "claim_subscription",
    "close_month",
    "decline_scenario",
    "decline_version",
    "discard_rates",
    "draft_metric",
    "draft_pack",
    "edit_draft",
    "end_subscription",
    "explain_tie_out",
    "export_board",
    "follow_fiscal_calendar",
    "forget_person",
    "given_in_dataset",
    "given_in_file",
    "given_in_text",
    "hand_over_alert",
    "import_definitions",
    "import_targets",
    "let_views_go",
    "mark_due_forecasts",
    "name_dimension",
    "pin_view",
    "propose_rates",
    "propose_scenario",
    "reckon_scenario",
    "refresh_labels",
    "refresh_values",
    "remove_view",
    "renew_scenario",
    "resolve_alert",
    "retire_alert_rule",
    "retire_metric",
    "revise_metric",
    "run_reading",
    "save_scenario",
    "save_view",
    "set_alert_rule",
    "set_targets",
    "share_scenario",
    "sign_version",
    "start_reading",
    "start_readings",
    "store_forecasts",
    "submit_for_review",
    "subscribe",
    "take_over_view",
    "take_up_alert",
    "undo_target_plan",
    "unpin_view",
    "watch_tie_outs",
    "watch_values",
    "withdraw_point_note",
    "withdraw_scenario",
    "write_point_note",
]
