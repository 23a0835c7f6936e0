"""What drafting, revising and importing have in common: a definition is judged, checked, and kept in a version."""

import dataclasses
import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit
from performance.foundation.components import formats
from performance.kpis import queries, semantics
from performance.kpis.actions import tying
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Dimension, Kind, MetricVersion
from performance.kpis.models.metrics import KEY_HELP
from performance.kpis.queries import months
from performance.people.models import Person

#: What a version keeps of a Definition as it was given.
KEPT = (
    "description_en",
    "description_zh",
    "dataset",
    "aggregation",
    "expression",
    "time_column",
    "direction",
    "decimals",
    "missing_policy",
    "effective_from",
    "change_note",
    "currency_rule",
    "tie_out",
)


def judge_key(key: str) -> None:
    if not re.match(semantics.KEY_PATTERN, key):
        raise MetricRefused(KEY_HELP, code="key", field="key")


def judge_owners(business_owner: Person, finance_owner: Person) -> None:
    if business_owner.pk == finance_owner.pk:
        message = _("Two different people own a metric, one for each side.")
        raise MetricRefused(message, code="one_owner", field="finance_owner")
    for person, role, field in (
        (business_owner, "business_owner", "business_owner"),
        (finance_owner, "finance_owner", "finance_owner"),
    ):
        if not person.grants.filter(role=role).exists():
            words = {"name": person}
            raise MetricRefused(_("%(name)s does not have this role.") % words, code="role", field=field)


def judge_day(definition: semantics.Definition) -> None:
    """Values are kept by month, so a month has one definition."""
    given = definition.effective_from
    first = months.first_of(given)
    if given == first:
        return
    told: Any = _("A definition comes into force on the first day of a month.")
    if months.calendar().is_weeks:
        words = {"month": months.name(first), "day": first.isoformat()}
        told = _("A definition comes into force on the first day of a month: %(month)s begins on %(day)s.")
        told = told % words
    raise MetricRefused(told, code="effective_from", field="effective_from")


def judge_size(definition: semantics.Definition) -> None:
    """Values are kept for every slice of every month."""
    if definition.kind == "base" and queries.has_too_many_slices(definition):
        words = {"limit": semantics.MOST_SLICES}
        message = _("These dimensions make more than %(limit)s parts. Choose coarser ones, or fewer.") % words
        raise MetricRefused(message, code="too_many_slices", field="dimensions")


def checked(wording: semantics.Wording, *, own_key: str, with_drafts: bool = False) -> semantics.Checked:
    """`with_drafts`: a formula may also name metrics that nobody has signed yet."""
    sheet = queries.sheet_of(wording.dataset) if wording.kind == "base" and wording.dataset else None
    inputs = {} if wording.kind == "base" else queries.inputs_for(own_key, with_drafts=with_drafts)
    return semantics.check(wording, sheet=sheet, inputs=inputs, own_key=own_key)


def checked_here(definition: semantics.Definition, *, own_key: str, by: access.Actor) -> semantics.Checked:
    """What is written down names its currency, and the month in which a year starts: those of the organisation where
    nobody said others."""
    found = checked(definition, own_key=own_key, with_drafts=True)
    here = queries.as_of_here(definition, found, by.organisation)
    tying.judge_account(definition, here.unit, own_key=own_key)
    return here


def judge_inputs(version: MetricVersion) -> None:
    """What two people sign rests on nothing that is not signed itself."""
    unsigned = queries.unsigned_inputs(version)
    if unsigned:
        words = {"metrics": formats.listed(unsigned)}
        message = _("First sign what this formula is computed from: %(metrics)s.") % words
        raise MetricRefused(message, code="unsigned_inputs", field="formula")


def fill(version: MetricVersion, definition: semantics.Definition, checked: semantics.Checked) -> None:
    for name in KEPT:
        setattr(version, name, getattr(definition, name))
    version.kind = checked.kind
    version.unit = str(checked.unit)
    version.accumulation, version.accumulation_months, version.year_starts_in = "", None, None
    version.additivity = checked.additivity
    rules = semantics.allocations_of(definition)
    version.allocations = {key: rule.kept for key, rule in rules.items()}
    version.tie_out_reversed = bool(definition.tie_out) and definition.tie_out_reversed
    version.tie_out_reason = "" if definition.tie_out else definition.tie_out_reason.strip()
    version.tie_out_tolerance = definition.tie_out_tolerance.strip() if definition.tie_out else ""
    version.filters = [dict(given) for given in definition.filters]
    if checked.formula is None:
        version.formula = ""
        version.expression = checked.expression
        version.dimensions = dict(definition.dimensions)
        _know_dimensions(version)
        return
    if definition.kind == Kind.CUMULATIVE:
        version.accumulation = definition.accumulation
        is_rolling = definition.accumulation == semantics.ROLLING
        version.accumulation_months = definition.accumulation_months if is_rolling else None
        version.year_starts_in = None if is_rolling else checked.year_starts_in
    version.formula = checked.formula.text
    version.dataset = None
    version.aggregation = version.expression = version.time_column = ""
    version.filters = []
    chosen = set(definition.dimensions) or set(sorted(checked.shared)[: semantics.MAX_DIMENSIONS])
    version.dimensions = dict.fromkeys(sorted(chosen), "")


def _know_dimensions(version: MetricVersion) -> None:
    """A dimension that is used for the first time takes the name of its column."""
    if version.dataset is None:
        return
    known = set(Dimension.objects.filter(key__in=version.dimensions).values_list("key", flat=True))
    columns = queries.sheet_of(version.dataset).columns
    for key, column_key in version.dimensions.items():
        if key not in known:
            column = columns[column_key]
            Dimension.objects.create(key=key, name_en=column.name_en or key, name_zh=column.name_zh)


def told(version: MetricVersion) -> dict[str, Any]:
    """What the audit keeps of a version."""
    names = [field.name for field in dataclasses.fields(semantics.Definition)]
    return {name: audit.plain(getattr(version, name)) for name in names}
