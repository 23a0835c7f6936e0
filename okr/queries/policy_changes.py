"""What each version of a period's policy chose, and what it changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from okr.models import OkrPolicy
from okr.models.policies import Over
from okr.queries.policies import POLICY_CHOICES

#: The cap belongs to the over-achievement that it limits.
SAID_APART = tuple(name for name in POLICY_CHOICES if name != "cap_percent")


@dataclass(frozen=True)
class Choice:
    """What a version chose, and what held before where that is something else ("" where it is not)."""

    label: str
    value: str
    former: str = ""


@dataclass(frozen=True)
class PolicyVersion:
    policy: OkrPolicy
    choices: list[Choice]

    @property
    def changes(self) -> list[Choice]:
        return [each for each in self.choices if each.former]


def versions_with_changes(period: Any) -> list[PolicyVersion]:
    """Newest first; the first version is compared with the defaults. One query."""
    versions = list(period.okr_policies.select_related("by").order_by("-number"))
    return list(_compared([*versions, OkrPolicy(period=period, number=0)]))


def choices_changed(later: OkrPolicy, former: OkrPolicy) -> list[Choice]:
    """What the later one chooses otherwise, in words."""
    (version,) = _compared([later, former])
    return version.changes


def _compared(newest_first: Iterable[OkrPolicy]) -> Iterable[PolicyVersion]:
    for policy, former in pairwise(newest_first):
        choices = []
        for name in SAID_APART:
            value, before = _words(policy, name), _words(former, name)
            column: Any = OkrPolicy._meta.get_field(name)
            label = capfirst(str(column.verbose_name))
            choices.append(Choice(label, value, before if before != value else ""))
        yield PolicyVersion(policy, choices)


def _words(policy: OkrPolicy, name: str) -> str:
    if name == "over" and policy.over == Over.CAP:
        return capfirst(_("over-achievement up to %(cap)s%%") % {"cap": policy.cap_percent})
    return str(getattr(policy, f"get_{name}_display")())
