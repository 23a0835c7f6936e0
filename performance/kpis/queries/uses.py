"""What reads a metric, in whatever app: each app that does says so in a function that the setting METRIC_USES names.

A function is called with (actor, keys of metrics, first day concerned) and answers `Uses`: how many there are in all, and
those among them that the actor may see.
"""

import datetime
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import checks
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import ngettext_lazy

from performance.foundation import access
from performance.kpis.models import AlertRule, Metric, SavedView, Target
from performance.kpis.queries import saved_views
from performance.kpis.queries.definitions import by_name, keys_resting_on

#: Named in a list; the rest is a number.
SHOWN = 5
#: kind → so many of them, in words.
WORDS: dict[str, Any] = {
    "formulas": ngettext_lazy(
        "%(number)s metric is computed from it", "%(number)s metrics are computed from it", "number"
    ),
    "key_results": ngettext_lazy(
        "%(number)s key result is filled by it", "%(number)s key results are filled by it", "number"
    ),
    "policies": ngettext_lazy(
        "%(number)s weight policy scores by it", "%(number)s weight policies score by it", "number"
    ),
    "people": ngettext_lazy(
        "%(number)s person is scored by it", "%(number)s people are scored by it", "number"
    ),
    "targets": ngettext_lazy(
        "%(number)s target or budget is set for it", "%(number)s targets and budgets are set for it", "number"
    ),
    "alert_rules": ngettext_lazy(
        "%(number)s alert rule watches it", "%(number)s alert rules watch it", "number"
    ),
    "views": ngettext_lazy("%(number)s saved view shows it", "%(number)s saved views show it", "number"),
}

FORMULAS = "formulas"
#: kind → so many of them, in the few words of a box.
COUNTED: dict[str, Any] = {
    FORMULAS: ngettext_lazy("%(number)s metric", "%(number)s metrics", "number"),
    "key_results": ngettext_lazy("%(number)s key result", "%(number)s key results", "number"),
    "policies": ngettext_lazy("%(number)s weight policy", "%(number)s weight policies", "number"),
    "people": ngettext_lazy("%(number)s person’s score", "%(number)s people’s scores", "number"),
    "targets": ngettext_lazy("%(number)s target", "%(number)s targets", "number"),
    "alert_rules": ngettext_lazy("%(number)s alert rule", "%(number)s alert rules", "number"),
    "views": ngettext_lazy("%(number)s saved view", "%(number)s saved views", "number"),
}
#: Those first that people feel first: what does not fit into the picture is the end of it.
ICONS = {
    FORMULAS: "git-merge",
    "key_results": "target",
    "policies": "scale",
    "people": "users",
    "targets": "flag",
    "alert_rules": "bell",
    "views": "bookmark",
}


@dataclass(frozen=True)
class Use:
    """One thing that reads the metric, where the reader may open it."""

    title: str
    address: str


@dataclass(frozen=True)
class Uses:
    """`kind` is one of WORDS; `number` counts also what the reader may not see."""

    kind: str
    number: int
    shown: tuple[Use, ...] = ()

    @property
    def pk(self) -> str:
        """What tells it from the other boxes of the lineage picture."""
        return self.kind

    @property
    def words(self) -> str:
        return str(WORDS[self.kind] % {"number": self.number})

    @property
    def counted(self) -> str:
        return str(COUNTED[self.kind] % {"number": self.number})

    @property
    def address(self) -> str:
        """Where the only one is; the list of them otherwise."""
        return self.shown[0].address if self.number == 1 and self.shown else "#uses"


Collector = Callable[[access.Actor, Collection[str], datetime.date], Iterable[Uses]]


def uses_of(actor: access.Actor, metric: Metric, since: datetime.date) -> list[Uses]:
    """What reads the metric and what is computed from it, of whatever kind there is any. A constant number of queries."""
    keys = keys_resting_on([metric.key])
    above = keys - {metric.key}
    shown = Metric.objects.filter(key__in=above).order_by(*by_name())[:SHOWN] if above else ()
    formulas = Uses(FORMULAS, len(above), tuple(Use(one.name, _address(one)) for one in shown))
    found = [formulas, *(each for collect in _collectors() for each in collect(actor, keys, since))]
    return [each for each in found if each.number]


def _address(metric: Metric) -> str:
    return reverse("kpis:metric", args=[metric.pk])


def metric_uses(actor: access.Actor, keys: Collection[str], since: datetime.date) -> list[Uses]:
    """Targets and budgets that still count from that day on, alert rules, and saved views. Four queries."""
    targets = Target.objects.filter(metric__key__in=keys, period_end__gte=since).count()
    rules = AlertRule.objects.filter(metric__key__in=keys, retired_at=None).count()
    views = SavedView.objects.filter(metric__key__in=keys, removed_at=None)
    seen = saved_views.visible_views(actor).filter(pk__in=views)[:SHOWN]
    return [
        Uses("targets", targets),
        Uses("alert_rules", rules),
        Uses("views", views.count(), tuple(Use(each.name, saved_views.address_of(each)) for each in seen)),
    ]


def _collectors() -> list[Collector]:
    return [import_string(name) for name in settings.METRIC_USES]


def check_uses(app_configs: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Start-up check: every function exists."""
    found: list[checks.CheckMessage] = []
    for name in settings.METRIC_USES:
        try:
            import_string(name)
        except ImportError as error:
            found.append(checks.Error(f"METRIC_USES: {error}", id="kpis.E001"))
    return found
