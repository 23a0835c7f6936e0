"""`{% load stage_words %}`: the stage that cash flows propose, in plain words."""

import datetime
from decimal import Decimal

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from performance.kpis import units
from performance.kpis.queries import months
from performance.scoring import evidence
from performance.scoring.evidence import stages
from performance.scoring.models import WHOLE, Stage

register = template.Library()


@register.filter
def flow_kind(flow: evidence.Flow) -> str:
    return {
        "operating": _("Operating"),
        "investing": _("Investing"),
        "financing": _("Financing"),
    }[flow.kind]


@register.filter
def flow_value(flow: evidence.Flow) -> str:
    return units.measured(None if flow.value_micro is None else Decimal(flow.value_micro) / WHOLE, flow)


@register.filter
def proposal_span(proposal: evidence.StageProposal) -> str:
    """Of which months the flows are."""
    if not proposal.first_month:
        return ""
    return _("%(first)s to %(last)s, closed months") % {
        "first": months.name(datetime.date.fromisoformat(proposal.first_month)),
        "last": months.name(datetime.date.fromisoformat(proposal.last_month)),
    }


@register.filter
def proposal_reading(proposal: evidence.StageProposal) -> str:
    """What is proposed, or why nothing is."""
    if proposal.stage:
        return _("The signs of the three flows propose: %(stage)s.") % {"stage": Stage(proposal.stage).label}
    if proposal.quiet == stages.FEW_MONTHS:
        return ngettext(
            "%(number)s month is closed in all three flows; %(needed)s in a row are needed.",
            "%(number)s months are closed in all three flows; %(needed)s in a row are needed.",
            proposal.months,
        ) % {"number": proposal.months, "needed": proposal.needed}
    return {
        stages.NO_METRIC: _("A metric of these is not certified any more, so nothing is proposed."),
        stages.NOT_FRESH: _("The flows are too old, so nothing is proposed."),
        stages.NO_SIGN: _("A flow is exactly zero and has no sign, so nothing is proposed."),
    }[proposal.quiet]
