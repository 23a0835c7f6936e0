"""Targets set in one go as a plan showed them, and taken back."""

import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, duties, stale
from performance.kpis import queries, semantics
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.actions.targets import set_targets
from performance.kpis.models import Grain, Metric, Target, TargetPlan
from performance.kpis.queries import months, planning


def apply_target_plan(
    *,
    metric: Metric,
    asked: planning.SpreadAsked | planning.CascadeAsked,
    seen: str,
    by: access.Actor,
    at: datetime.datetime,
) -> TargetPlan:
    """Sets every target of the plan, or none. `seen` is the digest of the plan that was looked at.

    Raises PlanRefused as the preview does, MetricRefused where something has changed since it was looked at, and
    ScoredRefused for whoever is scored by the metric.
    """
    with transaction.atomic():
        # One plan of a metric after another: the second sees what the first has set.
        Metric.objects.select_for_update(of=("self",)).get(pk=metric.pk)
        plan = planning.plan_of(metric, asked, queries.sight_of(by))
        if plan.digest != seen:
            message = _("Targets or values have changed since you looked. Look at the new plan.")
            raise MetricRefused(message, code="conflict")
        if not plan.number_changed:
            raise MetricRefused(_("The plan changes nothing."), code="no_change")
        kept = TargetPlan.objects.create(
            metric=metric,
            kind=plan.kind,
            what=plan.what,
            way=plan.way,
            slice=plan.slice,
            cut=plan.cut,
            first_month=plan.rows[0].month,
            last_month=plan.rows[-1].month,
            rows=[
                {
                    "month": f"{row.month}",
                    "slice": row.slice,
                    "before": audit.plain(row.before),
                    "after": audit.plain(row.after),
                }
                for row in plan.rows
            ],
            applied_by=by.person,
            applied_at=at,
        )
        said = {"what": plan.what, "way": plan.way, "kind": plan.kind, "cut": plan.cut}
        changes = {name: value for name, value in said.items() if value}
        audit.record(by=by, action="kpis.apply_target_plan", subject=kept, at=at, changes=changes)
        set_targets(
            metric=metric,
            kind=plan.kind,
            rows=[(row.month, row.slice, row.after) for row in plan.rows],
            by=by,
            at=at,
        )
    return kept


def undo_target_plan(*, plan: TargetPlan, by: access.Actor, at: datetime.datetime) -> TargetPlan:
    """Puts back what stood before the plan. Declines once one of its targets has been changed since."""
    metric = plan.metric
    duties.refuse_scored_by(by, queries.keys_resting_on([metric.key]))
    with transaction.atomic():
        kept = TargetPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
        if kept.undone_at is not None:
            raise MetricRefused(_("This plan has been taken back already."), code="conflict")
        places = {
            (datetime.date.fromisoformat(row["month"]), semantics.slice_key(row["slice"])): row
            for row in kept.rows
        }
        standing = {
            (one.period_start, one.slice_key): one
            for one in Target.objects.select_for_update(of=("self",)).filter(
                metric=metric,
                kind=kept.kind,
                grain=Grain.MONTH,
                period_start__in={month for month, _slice in places},
                slice_key__in={text for _month, text in places},
            )
        }
        if any(
            place not in standing or standing[place].value != Decimal(row["after"])
            for place, row in places.items()
        ):
            message = _("One of these targets has been changed since. Change them one by one.")
            raise MetricRefused(message, code="conflict")
        gone = [standing[place].pk for place, row in places.items() if row["before"] is None]
        back = [(place, Decimal(row["before"])) for place, row in places.items() if row["before"] is not None]
        Target.objects.filter(pk__in=gone).delete()
        for place, value in back:
            standing[place].value, standing[place].set_by, standing[place].set_at = value, by.person, at
        Target.objects.bulk_update([standing[place] for place, _value in back], ["value", "set_by", "set_at"])
        kept.undone_by, kept.undone_at = by.person, at
        kept.save(update_fields=["undone_by", "undone_at"])
        changes = {
            f"{months.key(month)} {text}": [places[month, text]["after"], places[month, text]["before"]]
            for month, text in places
        }
        audit.record(by=by, action="kpis.undo_target_plan", subject=kept, at=at)
        audit.record(by=by, action="kpis.set_targets", subject=metric, at=at, changes=changes)
        stale.mark("score_inputs", [metric.pk], at=at)
        stale.mark("metric_watch", [metric.pk], at=at)
    return kept
