"""Writes: definitions and their signatures, values, closed months, targets, names of slices."""

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
from performance.kpis.actions.packs import check_pack, draft_pack
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.actions.targets import TargetColumns, import_targets, set_targets
from performance.kpis.actions.values import close_month, refresh_values
from performance.kpis.documents import DocumentRefused
from performance.kpis.formulas import FormulaRefused
from performance.kpis.semantics import Definition, DefinitionRefused
from performance.kpis.units import UnitRefused

__all__ = [
    "SIGNATURE_WORK",
    "Definition",
    "DefinitionRefused",
    "DocumentRefused",
    "FormulaRefused",
    "ImportRefused",
    "MetricRefused",
    "Outcome",
    "TargetColumns",
    "UnitRefused",
    "check_document",
    "check_pack",
    "close_month",
    "decline_version",
    "draft_metric",
    "draft_pack",
    "edit_draft",
    "import_definitions",
    "import_targets",
    "name_dimension",
    "refresh_labels",
    "refresh_values",
    "retire_metric",
    "revise_metric",
    "set_targets",
    "sign_version",
    "submit_for_review",
]
