"""What a metric is tied out to: the account is judged when it is named, and the figures before the last signature."""

import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import audit
from performance.foundation.components import formats
from performance.kpis import queries, semantics, units
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import MetricVersion
from performance.kpis.queries import months

NO_REASON = _(
    "Money is tied out to an account of the ledger, or says why it is not: name the account, or state the reason."
)


def judge_account(definition: semantics.Definition, unit: units.Unit, *, own_key: str) -> None:
    """Raises MetricRefused or DefinitionRefused: an account that is not there, rests on what it is to prove, reads the
    same rows, or holds something else."""
    key = definition.tie_out
    if not key:
        return
    semantics.Tolerance.of(definition.tie_out_tolerance)
    account = queries.newest_wording(key)
    if account is None:
        raise _refused(_("There is no metric with the key %(key)s.") % {"key": key}, "unknown_metric")
    if key in queries.keys_resting_on([own_key]):
        raise _refused(_("An account proves nothing about a metric that it is computed from."), "circular")
    if definition.dataset is not None and account.dataset_id == definition.dataset.pk:
        message = _("A ledger is other data than what it proves: this metric reads the same dataset.")
        raise _refused(message, "same_data")
    held = units.parse(account.unit)
    if held != unit:
        words = {"found": held.label, "named": unit.label}
        raise _refused(_("The account holds %(found)s, not %(named)s.") % words, "unit_mismatch")


def judge_signed(version: MetricVersion) -> None:
    """Nothing unsigned proves anything."""
    if version.tie_out and not queries.is_certified(version.tie_out):
        words = {"metric": version.tie_out}
        raise _refused(_("First sign the account that it is tied out to: %(metric)s.") % words, "unsigned")


def judge_reason(version: MetricVersion) -> None:
    """Money is tied out, or says why it is not. Raises MetricRefused."""
    if queries.needs_reason(version):
        raise MetricRefused(NO_REASON, code="no_tie_out", field="tie_out_reason")


def refuse_untied(version: MetricVersion, on: datetime.date) -> dict[str, Any]:
    """A version that names an account is certified only while it agrees with it. Answers with the figures that the log
    keeps. Raises MetricRefused with the months that differ."""
    found = queries.tie_out_of(version, on=on)
    if found is None:
        return {}
    if not found.rows:
        raise _refused(found.why_nothing, "nothing_to_compare")
    if not found.is_passing:
        words = {
            "months": formats.listed(months.name(row.month) for row in found.off),
            "account": found.account,
        }
        message = _("It differs from %(account)s by more than was allowed: %(months)s.") % words
        raise _refused(message, "untied")
    figures = {months.key(row.month): [audit.plain(row.own), audit.plain(row.ledger)] for row in found.rows}
    return {"tie_out": figures}


def _refused(message: Any, code: str) -> MetricRefused:
    return MetricRefused(message, code=code, field="tie_out")
