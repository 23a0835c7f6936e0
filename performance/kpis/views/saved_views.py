"""Views of the board under a name, beside the navigation and by e-mail."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from performance.foundation import access, refusals
from performance.kpis import actions, forms, queries, rules
from performance.kpis.models import SavedView, Subscription
from performance.kpis.queries import boards, comparing, heat, saved_views
from performance.kpis.views import asking
from performance.people import queries as people


def board_asked(request: asking.MemberRequest) -> boards.Board | None:
    """The board that an address asks for."""
    return boards.board(
        today=people.today(request.actor.organisation),
        at=timezone.now(),
        month=asking.month_of(request),
        within=asking.slice_of(request),
        metric_id=asking.id_of(request, "metric"),
        cut=request.GET.get("by", ""),
        basis=comparing.basis_from(request.GET.get("vs", "")),
        heat=heat.shown_from(request.GET.get("heat", "")),
        sight=queries.sight_of(request.actor),
    )


def view_asked(request: asking.MemberRequest) -> SavedView | None:
    """The saved view whose board an address opens, if one is named that may be seen."""
    pk = asking.id_of(request, "view")
    return saved_views.visible_views(request.actor).filter(pk=pk).first() if pk else None


def _wording(request: asking.MemberRequest, form: forms.ViewForm) -> actions.ViewWording:
    """The filters in the address; those that a board would not know are none."""
    metric_id = asking.id_of(request, "metric")
    metrics = queries.certified_metrics()
    within = asking.slice_of(request)
    cut = request.GET.get("by", "")
    labels = queries.labels_for([])
    return actions.ViewWording(
        month=form.month(asking.month_of(request)),
        metric=metrics.filter(pk=metric_id).first() if metric_id else None,
        slice=within,
        cut=cut if cut in labels.dimensions else "",
        basis=comparing.basis_from(request.GET.get("vs", "")),
        heat=heat.shown_from(request.GET.get("heat", "")),
    )


def _view(request: asking.MemberRequest, pk: uuid.UUID) -> SavedView:
    return access.get_or_404(saved_views.visible_views(request.actor), pk=pk)


@require_POST
@access.member
def save_view(request: asking.MemberRequest) -> HttpResponse:
    """Keeps the board of the address (?month=…&metric=…&vs=…) under a name."""
    access.require(rules.can_save_views(request.actor))
    form = forms.ViewForm(request.POST)
    saved = refusals.attempt(
        form,
        lambda: actions.save_view(
            name=form.cleaned_data["name"],
            is_shared=form.cleaned_data["is_shared"],
            wording=_wording(request, form),
            by=request.actor,
            at=timezone.now(),
        ),
    )
    if saved is None:
        return render(request, "kpis/save_view.html", {"nav": "metrics", "form": form}, status=422)
    messages.success(request, _("Saved as “%(name)s”.") % {"name": saved.name})
    return redirect(saved_views.address_of(saved))


@access.member
def saved_view(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Name, readers, pin and e-mail of one view."""
    return _page(request, _view(request, pk))


def _page(
    request: asking.MemberRequest,
    view: SavedView,
    form: forms.RenameForm | None = None,
    mail_form: forms.SubscribeForm | None = None,
) -> HttpResponse:
    actor, today = request.actor, people.today(request.actor.organisation)
    listed = next(one for one in saved_views.listed_views(actor) if one.view.pk == view.pk)
    mailed = listed.subscription
    bound = any(each is not None and each.is_bound for each in (form, mail_form))
    context = {
        "nav": "metrics",
        "view": view,
        "listed": listed,
        "label": queries.labels_for([view.slice]).of(view.slice),
        "can_change": rules.can_change_view(actor, view),
        "can_save": rules.can_save_views(actor),
        "can_take_over": rules.can_take_over_view(actor, view, today),
        "form": form or forms.RenameForm(initial={"name": view.name, "is_shared": view.is_shared}),
        "mail_form": mail_form or forms.SubscribeForm(initial=_rhythm(mailed)),
    }
    return render(request, "kpis/saved_view.html", context, status=422 if bound else 200)


def _rhythm(mailed: Subscription | None) -> dict[str, Any]:
    if mailed is None:
        return {}
    return {"rhythm": mailed.rhythm, "weekday" if mailed.rhythm == "weekly" else "workday": mailed.day}


@require_POST
@access.member
def change_view(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    view = _view(request, pk)
    access.require(rules.can_change_view(request.actor, view))
    form = forms.RenameForm(request.POST)
    changed = refusals.attempt(
        form,
        lambda: actions.change_view(view=view, by=request.actor, at=timezone.now(), **form.cleaned_data),
    )
    if changed is None:
        return _page(request, view, form=form)
    messages.success(request, _("Saved."))
    return redirect("kpis:saved_view", pk=view.pk)


@require_POST
@access.member
def remove_view(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    view = _view(request, pk)
    access.require(rules.can_change_view(request.actor, view))
    actions.remove_view(view=view, by=request.actor, at=timezone.now())
    messages.success(request, _("“%(name)s” is removed.") % {"name": view.name})
    return redirect("kpis:board")


@require_POST
@access.member
def take_over_view(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    view = _view(request, pk)
    access.require(rules.can_take_over_view(request.actor, view, people.today(request.actor.organisation)))
    try:
        actions.take_over_view(view=view, by=request.actor, at=timezone.now())
    except refusals.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("This view is yours now."))
    return redirect("kpis:saved_view", pk=view.pk)


@require_POST
@access.member
def pin_view(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Pins it, or takes it away when `pinned` is empty."""
    view = _view(request, pk)
    access.require(rules.can_save_views(request.actor))
    try:
        if request.POST.get("pinned"):
            actions.pin_view(view=view, by=request.actor, at=timezone.now())
        else:
            actions.unpin_view(view=view, by=request.actor)
    except refusals.Refused as refused:
        messages.error(request, str(refused))
    return redirect("kpis:saved_view", pk=view.pk)


@require_POST
@access.member
def subscribe(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    view = _view(request, pk)
    access.require(rules.can_save_views(request.actor))
    form = forms.SubscribeForm(request.POST)
    mailed = refusals.attempt(
        form,
        lambda: actions.subscribe(
            view=view,
            rhythm=form.cleaned_data["rhythm"],
            day=form.day(),
            by=request.actor,
            at=timezone.now(),
        ),
    )
    if mailed is None:
        return _page(request, view, mail_form=form)
    messages.success(request, _("You get this view by e-mail from now on."))
    return redirect("kpis:saved_view", pk=view.pk)


@access.member
def subscription(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    """Where the link of a letter leads: asks first, so that no program that follows links ends anything."""
    mailed = access.get_or_404(saved_views.own_subscriptions(request.actor), pk=pk)
    return render(request, "kpis/subscription.html", {"nav": "metrics", "subscription": mailed})


@require_POST
@access.member
def end_subscription(request: asking.MemberRequest, pk: uuid.UUID) -> HttpResponse:
    mailed = access.get_or_404(saved_views.own_subscriptions(request.actor), pk=pk)
    actions.end_subscription(subscription=mailed, by=request.actor, at=timezone.now())
    messages.success(request, _("You get no more e-mail about this view."))
    return redirect(reverse("kpis:board"))
