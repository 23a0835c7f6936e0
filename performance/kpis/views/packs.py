"""Ready packs: what they give, which of one's columns is which, and drafts of what is possible."""

from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from performance.foundation import access, refusals
from performance.foundation.components import formats
from performance.kpis import actions, forms, packs, queries, rules
from performance.kpis.forms import owners
from performance.kpis.views import asking, documents
from performance.sources import queries as sources


@access.member
def packs_offered(request: asking.MemberRequest) -> HttpResponse:
    access.require(rules.can_draft_metric(request.actor))
    there = queries.keys_there()
    offered = [(each, sum(metric.key in there for metric in each.metrics)) for each in packs.every()]
    return render(request, "kpis/packs.html", {"nav": "metrics", "offered": offered})


@access.member(writes=True)
def pack(request: asking.MemberRequest, name: str) -> HttpResponse:
    """The pack with the datasets named in the address, ?sales=…, those that fit best where it names none; sent: drafts
    of what is possible."""
    access.require(rules.can_draft_metric(request.actor))
    found = _pack(name)
    if request.method != "POST":
        if not any(table.key in request.GET for table in found.tables):
            return _page(request, found, _proposed(request, found), is_proposed=True)
        return _page(request, found, _form(request, found, request.GET, is_sent=False))
    form = _form(request, found, request.POST, is_sent=True)
    if form.is_valid():
        try:
            outcomes = actions.draft_pack(
                pack=found,
                mapped=form.mapped(),
                without=_without(request.POST),
                by=request.actor,
                at=timezone.now(),
                **form.owners(),
            )
        except actions.ImportRefused as refused:
            _say(form, refused)
        except refusals.Refused as refused:
            form.add_error(None, str(refused))
        else:
            documents.say_drafted(request, outcomes)
            return redirect(f"{reverse('kpis:library')}?state=draft")
    return _page(request, found, form)


@access.member
def pack_columns(request: asking.MemberRequest, name: str) -> HttpResponse:
    """The part of the page that depends on the datasets, after another one was chosen."""
    access.require(rules.can_draft_metric(request.actor))
    found = _pack(name)
    form = _form(request, found, request.GET, is_sent=False)
    return render(request, "kpis/_pack_form.html", _context(found, form, request.GET))


@require_POST
@access.member
def pack_check(request: asking.MemberRequest, name: str) -> HttpResponse:
    """What is possible with the columns as chosen so far."""
    access.require(rules.can_draft_metric(request.actor))
    found = _pack(name)
    form = _form(request, found, request.POST, is_sent=True)
    form.is_valid()
    return render(request, "kpis/_possible.html", _context(found, form, request.POST))


def _pack(name: str) -> packs.Pack:
    try:
        return packs.load(name)
    except KeyError as error:
        raise Http404 from error


def _form(
    request: asking.MemberRequest, found: packs.Pack, given: QueryDict, *, is_sent: bool
) -> forms.PackForm:
    """For each table with a dataset its columns: as sent, as chosen before, or as proposed."""
    chosen: dict[str, packs.Chosen] = {}
    for table in found.tables:
        dataset = asking.dataset_from(given.get(table.key))
        if dataset is None:
            continue
        sheet = queries.sheet_of(dataset)
        before = {
            column.key: str(given[f"{table.key}-{column.key}"])
            for column in table.columns
            if f"{table.key}-{column.key}" in given
        }
        # What was chosen for another dataset is no choice for this one.
        is_kept = bool(before) and given.get(f"of-{table.key}") == str(dataset.pk)
        columns = before if is_kept else packs.proposed(table, sheet)
        chosen[table.key] = packs.Chosen(dataset, sheet, columns)
    if is_sent:
        return forms.PackForm(given, pack=found, chosen=chosen)
    return _unsent(request, found, chosen, given)


def _proposed(request: asking.MemberRequest, found: packs.Pack) -> forms.PackForm:
    return _unsent(request, found, queries.proposed_tables(found), request.GET)


def _unsent(
    request: asking.MemberRequest,
    found: packs.Pack,
    chosen: dict[str, packs.Chosen],
    given: QueryDict,
) -> forms.PackForm:
    initial = forms.own_side(request.actor)
    initial |= {side: given[side] for side in ("business_owner", "finance_owner") if given.get(side)}
    return forms.PackForm(pack=found, chosen=chosen, initial=initial)


def _without(given: QueryDict) -> set[str]:
    """What was offered and then not wanted."""
    return set(given.getlist("offered")) - set(given.getlist("metric"))


def _mapped(form: forms.PackForm) -> packs.Mapped:
    """What was sent, as far as it was understood; before that, what is proposed."""
    if form.is_bound:
        form.is_valid()
        return form.mapped()
    return form.chosen


def _say(form: forms.PackForm, refused: actions.ImportRefused) -> None:
    """Who owns them is said once, beside the field; without owners nothing else can be judged."""
    wrong = [one for one in refused.outcomes if one.state == "refused"]
    lacking = {one.place: one.message for one in wrong if one.place in owners.SIDES}
    for place, message in lacking.items():
        form.add_error(place, message)
    for one in [] if lacking else wrong:
        form.add_error(None, f"{one.name}{formats.mark(':')}{one.message}")


def _context(found: packs.Pack, form: forms.PackForm, given: QueryDict) -> dict[str, Any]:
    possible = packs.possible(found, _mapped(form), queries.keys_there())
    return {
        "pack": found,
        "form": form,
        "possible": possible,
        "without": _without(given),
        "new": sum(one.is_new for one in possible),
        "problems": [
            f"{form[name].label}{formats.mark(':')}{problem}"
            for name, problems in form.errors.items()
            if "-" in name
            for problem in problems
        ],
    }


def _page(
    request: asking.MemberRequest, found: packs.Pack, form: forms.PackForm, *, is_proposed: bool = False
) -> HttpResponse:
    given = request.POST if form.is_bound else request.GET
    tables = [(table, form.chosen.get(table.key)) for table in found.tables]
    context = {
        "nav": "metrics",
        "tables": tables,
        "is_proposed": is_proposed and bool(form.chosen),
        "datasets": list(sources.datasets_for_metrics()),
        **_context(found, form, given),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "kpis/pack.html", context, status=status)
