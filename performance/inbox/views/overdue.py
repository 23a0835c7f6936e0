"""When what waits is overdue."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from performance.foundation import access
from performance.inbox import actions, forms, queries, rules


@require_http_methods(["GET", "POST"])
@access.member
def overdue_rule(request: HttpRequest) -> HttpResponse:
    """When what waits is overdue, and who then hears of it; HR changes it."""
    actor = request.actor
    rule, may_set = queries.standing_overdue_rule(), rules.can_set_overdue_rule(actor)
    form = forms.OverdueRuleForm(
        request.POST or None, initial={name: getattr(rule, name) for name in queries.OVERDUE_WITHIN}
    )
    if request.method == "POST":
        access.require(may_set)
        if form.is_valid():
            actions.set_overdue_rule(**form.cleaned_data, by=actor, at=timezone.now())
            messages.success(request, _("Kept."))
            return redirect("inbox:overdue_rule")
    context = {"nav": "home", "form": form, "can_set_overdue_rule": may_set}
    return render(request, "inbox/overdue_rule.html", context, status=422 if form.errors else 200)
