"""Views of the board under a name: kept, shared, pinned, taken over, let go."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from performance.foundation import access, audit
from performance.kpis import rules
from performance.kpis.actions.refused import MetricRefused
from performance.kpis.models import Basis, Dimension, HeatShown, Metric, SavedView, Subscription, ViewPin
from performance.kpis.queries import months
from performance.kpis.queries.saved_views import MOST_PINS
from performance.people import models as people_models
from performance.people import queries as people

#: Views that one person keeps.
MOST_VIEWS = 50


@dataclass(frozen=True)
class ViewWording:
    """What a view shows. `month` None: always the latest; `metric` None: the first of the board."""

    month: datetime.date | None = None
    metric: Metric | None = None
    slice: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""
    basis: str = Basis.TARGET
    heat: str = HeatShown.VALUE


def save_view(
    *, name: str, is_shared: bool, wording: ViewWording, by: access.Actor, at: datetime.datetime
) -> SavedView:
    """Keeps a view and pins it for its owner while there is room. Raises MetricRefused: name, taken, too_many, slice."""
    name = _named(name)
    given = _checked(wording)
    with transaction.atomic():
        if SavedView.objects.filter(owner=by.person, removed_at=None).count() >= MOST_VIEWS:
            raise MetricRefused(_("You keep fifty views already. Remove one first."), code="too_many")
        view = SavedView(owner=by.person, name=name, is_shared=is_shared, created_at=at, **given)
        _write(view)
        if ViewPin.objects.filter(person=by.person).count() < MOST_PINS:
            ViewPin.objects.create(view=view, person=by.person, pinned_at=at)
        _record("kpis.save_view", view, by, at)
    return view


def change_view(
    *,
    view: SavedView,
    name: str,
    is_shared: bool,
    wording: ViewWording | None = None,
    by: access.Actor,
    at: datetime.datetime,
) -> SavedView:
    """Another name, other readers, other filters (as before without `wording`). What is shared no more leaves the
    navigation and the mail of everybody else."""
    name = _named(name)
    given = _checked(wording) if wording else {}
    with transaction.atomic():
        view = _locked(view)
        for key, value in {"name": name, "is_shared": is_shared, **given}.items():
            setattr(view, key, value)
        _write(view)
        if not is_shared:
            _let_go(view, at, keep=by.person)
        _record("kpis.change_view", view, by, at)
    return view


def remove_view(*, view: SavedView, by: access.Actor, at: datetime.datetime) -> None:
    """Shown, pinned and mailed no more."""
    with transaction.atomic():
        view = _locked(view)
        view.removed_at = at
        view.save(update_fields=["removed_at"])
        _let_go(view, at)
        _record("kpis.remove_view", view, by, at)


def take_over_view(*, view: SavedView, by: access.Actor, at: datetime.datetime) -> SavedView:
    """A shared view whose owner has left becomes one's own. Raises MetricRefused: not_left, taken."""
    with transaction.atomic():
        view = _locked(view)
        if not rules.can_take_over_view(by, view, people.day_at(by.organisation, at)):
            raise MetricRefused(_("Its owner is still here."), code="not_left")
        before, view.owner = view.owner, by.person
        _write(view)
        changes = {"owner": [str(before.pk), str(by.person_id)]}
        audit.record(by=by, action="kpis.take_over_view", subject=view, at=at, changes=changes)
    return view


def pin_view(*, view: SavedView, by: access.Actor, at: datetime.datetime) -> None:
    """Keeps it beside one's navigation: a bookmark, of no consequence to anybody, so it is not on record. Raises
    MetricRefused: too_many."""
    with transaction.atomic():
        others = ViewPin.objects.filter(person=by.person).exclude(view=view)
        if others.count() >= MOST_PINS:
            raise MetricRefused(_("Eight views are pinned already. Take one away first."), code="too_many")
        ViewPin.objects.get_or_create(view=view, person=by.person, defaults={"pinned_at": at})


def unpin_view(*, view: SavedView, by: access.Actor) -> None:
    ViewPin.objects.filter(view=view, person=by.person).delete()


def let_views_go(*, person: people_models.Person, to: Any, at: datetime.datetime) -> None:
    """Of somebody who has left: nothing is mailed or pinned any more. Shared views stay, and can be taken over; private
    ones wait for a return. Nobody's work falls to anybody, so `to` is not asked."""
    ViewPin.objects.filter(person=person).delete()
    Subscription.objects.filter(person=person, ended_at=None).update(ended_at=at)


def forget_person(gone: Any) -> None:
    """What they kept for themselves goes; a shared view that carries their name carries it no more. Takes a
    `Forgotten`."""
    own = SavedView.objects.filter(owner=gone.person_id, is_shared=False)
    ViewPin.objects.filter(view__in=own).delete()
    Subscription.objects.filter(view__in=own).delete()
    Subscription.objects.filter(person=gone.person_id).delete()
    own.delete()
    for view in SavedView.objects.filter(name__iregex=gone.pattern):
        view.name = re.sub(gone.pattern, gone.name_en, view.name, flags=re.IGNORECASE)[:80]
        view.save(update_fields=["name"])


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise MetricRefused(_("Give the view a name."), code="name", field="name")
    if len(name) > 80:
        raise MetricRefused(_("A name has up to 80 characters."), code="name", field="name")
    return name


def _checked(wording: ViewWording) -> dict[str, Any]:
    given = {field: getattr(wording, field) for field in asdict(ViewWording())}
    known = set(Dimension.objects.filter(key__in=[*wording.slice, wording.cut]).values_list("key", flat=True))
    if not {*wording.slice, *filter(None, [wording.cut])} <= known:
        raise MetricRefused(_("There is no such dimension."), code="slice", field="slice")
    if wording.basis not in Basis.values or wording.heat not in HeatShown.values:
        raise MetricRefused(_("There is no such comparison."), code="basis", field="basis")
    given["slice"] = {key: str(value) for key, value in wording.slice.items()}
    given["month"] = None if wording.month is None else months.first_of(wording.month)
    return given


def _write(view: SavedView) -> None:
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError as error:
        said = _("You keep another view with this name.")
        raise MetricRefused(said, code="taken", field="name") from error


def _locked(view: SavedView) -> SavedView:
    locked = SavedView.objects.select_for_update(of=("self",)).select_related("owner").get(pk=view.pk)
    if locked.removed_at is not None:
        raise MetricRefused(_("This view was removed already."), code="conflict")
    return locked


def _let_go(view: SavedView, at: datetime.datetime, keep: people_models.Person | None = None) -> None:
    pins = ViewPin.objects.filter(view=view)
    mailed = Subscription.objects.filter(view=view, ended_at=None)
    if keep is not None:
        pins, mailed = pins.exclude(person=keep), mailed.exclude(person=keep)
    pins.delete()
    mailed.update(ended_at=at)


def _record(action: str, view: SavedView, by: access.Actor, at: datetime.datetime) -> None:
    """A private view keeps its name to itself."""
    changes: dict[str, Any] = {"is_shared": view.is_shared}
    if view.is_shared:
        changes["name"] = view.name
    audit.record(by=by, action=action, subject=view, at=at, changes=changes)
