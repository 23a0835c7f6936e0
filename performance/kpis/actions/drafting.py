"""Many definitions at once: each is new, changed, the same or refused; together they are kept or none is."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit, i18n, refusals
from performance.foundation.components import formats
from performance.kpis import formulas, queries, semantics
from performance.kpis.actions import definitions, wording
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.documents import Entry
from performance.kpis.models import Metric, MetricVersion, VersionState
from performance.kpis.queries import pages
from performance.people.models import Person

#: What makes two wordings different; when one comes into force, and the note on it, do not.
WORDED = (
    "description_en",
    "description_zh",
    "kind",
    "dataset_id",
    "aggregation",
    "expression",
    "time_column",
    "formula",
    "accumulation",
    "accumulation_months",
    "year_starts_in",
    "dimensions",
    "unit",
    "direction",
    "decimals",
    "additivity",
    "missing_policy",
    "currency_rule",
    "allocations",
    "tie_out",
    "tie_out_reversed",
    "tie_out_tolerance",
    "tie_out_reason",
)
#: The definition of an entry; raises Refused where it cannot be made.
Maker = Callable[[Entry], semantics.Definition]


@dataclass(frozen=True)
class Outcome:
    """What an entry comes to. `state`: new, changed, same, skipped or refused. `place`: the word that is refused,
    or "". `changes`: (what, before, after), as on the page of the definition."""

    entry: Entry
    state: str
    message: str = ""
    place: str = ""
    changes: tuple[tuple[str, str | None, str | None], ...] = ()
    version: MetricVersion | None = None
    metric: Metric | None = None

    @property
    def line(self) -> int:
        return self.entry.line_of(self.place)

    @property
    def name(self) -> str:
        return i18n.local(_Named(self.entry.text("name_en"), self.entry.text("name_zh")), "name")

    @property
    def unit(self) -> str:
        return self.version.unit if self.version else ""


@dataclass(frozen=True)
class _Named:
    name_en: str
    name_zh: str


class ImportRefused(MetricRefused):
    """Nothing was kept, because of the outcomes that are refused."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        refused = [one for one in outcomes if one.state == "refused"]
        first = refused[0]
        words = {"metric": first.entry.key, "reason": first.message}
        super().__init__(_("%(metric)s: %(reason)s") % words, code="refused_entries", field="document")
        self.outcomes = list(outcomes)


@dataclass(frozen=True)
class Owners:
    """Who owns what is new. A metric that is there keeps its owners."""

    business: Person | None
    finance: Person | None


class _Undone(Exception):
    """The end of a dry run."""


def dry_run(entries: Sequence[Entry], maker: Maker, **options: Any) -> list[Outcome]:
    """What draft_all would do; nothing is kept of it."""
    outcomes: list[Outcome] = []
    try:
        with transaction.atomic():
            outcomes = _each(entries, maker, **options)
            raise _Undone
    except _Undone:
        return outcomes


def draft_all(entries: Sequence[Entry], maker: Maker, **options: Any) -> list[Outcome]:
    """Drafts of all entries, inputs before what is computed from them. Raises ImportRefused, and then keeps none.

    Options: owners, by, at; is_only_new: what is there already is skipped instead of changed.
    """
    with transaction.atomic():
        outcomes = _each(entries, maker, **options)
        if any(one.state == "refused" for one in outcomes):
            raise ImportRefused(outcomes)
        return outcomes


def keys_of(outcomes: Iterable[Outcome], state: str) -> str:
    """For the log: the keys with this outcome, in one text."""
    return ", ".join(one.entry.key for one in outcomes if one.state == state)


def _each(
    entries: Sequence[Entry],
    maker: Maker,
    *,
    owners: Owners,
    by: access.Actor,
    at: datetime.datetime,
    is_only_new: bool = False,
) -> list[Outcome]:
    """In the order of the entries, though they are drafted in the order of dependence."""
    uses = used_within(entries)
    there = {metric.key: metric for metric in Metric.objects.filter(key__in=uses)}
    done: dict[str, Outcome] = {}
    for entry in in_order(entries, uses):
        metric = there.get(entry.key)
        lacking = sorted(key for key in uses[entry.key] if key not in there and _is_refused(done.get(key)))
        if metric is not None and is_only_new:
            done[entry.key] = Outcome(entry, "skipped", metric=metric)
            continue
        if lacking:
            done[entry.key] = _refused(entry, _on_refused(entry, lacking))
            continue
        try:
            with transaction.atomic():
                done[entry.key] = _one(entry, metric, maker(entry), owners, by, at)
        except refusals.Refused as refused:
            done[entry.key] = _refused(entry, refused)
    return [done[entry.key] for entry in entries]


def _is_refused(outcome: Outcome | None) -> bool:
    """Without an outcome it stands in a circle of formulas."""
    return outcome is None or outcome.state == "refused"


def _on_refused(entry: Entry, lacking: Sequence[str]) -> MetricRefused:
    words = {"metrics": formats.listed(lacking)}
    return MetricRefused(_("It is computed from what is refused: %(metrics)s.") % words, field="formula")


def _refused(entry: Entry, refused: refusals.Refused) -> Outcome:
    return Outcome(entry, "refused", message=str(refused), place=refused.field or "")


def used_within(entries: Iterable[Entry]) -> dict[str, set[str]]:
    """key → the keys of the other entries that its formula names, by key or by name."""
    entries = list(entries)
    names: dict[str, str] = {}
    for key, known in queries.inputs_for(with_drafts=True).items():
        names |= dict.fromkeys((known.name_en, known.name_zh, key), key)
    for entry in entries:
        names |= dict.fromkeys((entry.text("name_en"), entry.text("name_zh"), entry.key), entry.key)
    own = {entry.key for entry in entries}
    return {entry.key: _references(entry, names) & own for entry in entries}


def _references(entry: Entry, names: Mapping[str, str]) -> set[str]:
    """Empty for a formula that cannot be read: it is refused when its turn comes."""
    if entry.is_base:
        return set()
    try:
        used = set(formulas.parse(entry.text("formula"), names).references)
        return used | set(semantics.weighing(entry))
    except formulas.FormulaRefused:
        return set()


def in_order(entries: Sequence[Entry], uses: Mapping[str, set[str]]) -> list[Entry]:
    """Inputs before what is computed from them; a circle of formulas comes last."""
    ordered: list[Entry] = []
    waiting = list(entries)
    while waiting:
        left = {entry.key for entry in waiting}
        ready = [entry for entry in waiting if not uses[entry.key] & left] or waiting
        ordered += ready
        waiting = [entry for entry in waiting if entry not in ready]
    return ordered


def _one(
    entry: Entry,
    metric: Metric | None,
    definition: semantics.Definition,
    owners: Owners,
    by: access.Actor,
    at: datetime.datetime,
) -> Outcome:
    if metric is None:
        version = _drafted(entry, definition, owners, by, at)
        _judge_told(entry, version)
        return Outcome(entry, "new", version=version, metric=version.metric)
    current = _current(metric)
    asked = MetricVersion(metric=metric, number=current.number)
    wording.judge_day(definition)
    checked = wording.checked_here(definition, own_key=metric.key, by=by)
    wording.fill(asked, definition, checked)
    _judge_told(entry, asked)
    if _is_same(current, asked):
        return Outcome(entry, "same", version=current, metric=metric)
    told = pages.version_changes(current, asked)
    if current.state == VersionState.REVIEW:
        message = _("A version waits for signatures. Let both owners sign it, or send it back, first.")
        raise MetricRefused(message, code="conflict", field="key")
    if current.state == VersionState.DRAFT:
        version = definitions.edit_draft(version=current, definition=definition, by=by, at=at)
    else:
        version = definitions.revise_metric(metric=metric, definition=definition, by=by, at=at)
    changes = tuple((str(label), before, after) for label, before, after in told)
    return Outcome(entry, "changed", changes=changes, version=version, metric=metric)


def _drafted(
    entry: Entry,
    definition: semantics.Definition,
    owners: Owners,
    by: access.Actor,
    at: datetime.datetime,
) -> MetricVersion:
    if not entry.text("name_en"):
        raise MetricRefused(_("A new metric needs a name in English."), code="name", field="name_en")
    if owners.business is None or owners.finance is None:
        field = "finance_owner" if owners.business else "business_owner"
        message = _("Name the business owner and the finance owner of what is new.")
        raise MetricRefused(message, code="owners", field=field)
    return definitions.draft_metric(
        key=entry.key,
        name_en=entry.text("name_en"),
        name_zh=entry.text("name_zh"),
        business_owner=owners.business,
        finance_owner=owners.finance,
        definition=definition,
        by=by,
        at=at,
    )


def _current(metric: Metric) -> MetricVersion:
    """What a change starts from: the version being worked on, else the newest signed one, else the newest."""
    if metric.retired_at is not None:
        raise MetricRefused(_("This metric is retired."), code="retired", field="key")
    versions = list(
        MetricVersion.objects.filter(metric=metric).select_related("metric", "dataset").order_by("-number")
    )
    opened = next((version for version in versions if version.is_open), None)
    signed = next((version for version in versions if version.state == VersionState.CERTIFIED), None)
    return opened or signed or versions[0]


def _judge_told(entry: Entry, version: MetricVersion) -> None:
    """What a document says of a definition, beside the definition itself, has to follow from it."""
    for word in ("kind", "additivity"):
        given, found = entry.text(word), getattr(version, word)
        if given and given != found:
            words = {"given": given, "found": found}
            message = _("The document says %(given)s; it is %(found)s.") % words
            raise MetricRefused(message, code="told_otherwise", field=word)


def _is_same(current: MetricVersion, asked: MetricVersion) -> bool:
    plain = all(getattr(current, name) == getattr(asked, name) for name in WORDED)
    return plain and _filters(current) == _filters(asked)


def _filters(version: MetricVersion) -> Any:
    """A number and the text of it pick the same rows."""
    return audit.plain([{name: _texts(value) for name, value in given.items()} for given in version.filters])


def _texts(value: Any) -> Any:
    return [str(one) for one in value] if isinstance(value, list | tuple) else str(value)
