"""Which objective serves which: read, link, take a link back."""

import uuid

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from okr import actions, queries, rules
from okr.api import link_shapes
from okr.api.objectives import GoalsView
from okr.models.contents import ppm_of
from performance.foundation import access, jobs
from performance.people import queries as people
from performance.scoring import tasks as scoring_tasks


class Links(GoalsView):
    @extend_schema(operation_id="goals_links", responses=link_shapes.AlignmentsOut)
    def get(self, request: Request, objective_id: uuid.UUID) -> Response:
        """What the objective serves, and what serves it; only as far as you may see both ends. Whoever takes
        contributions to it is told of each: one whose objective they may not see has no child. With
        the parts of which its progress is made."""
        one, line = self.found(objective_id)
        takes = rules.can_take_contributions(self.actor, one, line)
        up, down = queries.links_of(one, queries.visible_to(self.actor), takes=takes)
        own = list(one.key_results.filter(removed_at=None))
        figure = queries.figure_of(one, own, queries.visible_to(self.actor), queries.policy_of(one.period))
        parts = figure.parts if figure.is_current else []
        return Response(link_shapes.AlignmentsOut({"serves": up, "served_by": down, "parts": parts}).data)

    @extend_schema(
        operation_id="goals_align", request=link_shapes.AlignmentIn, responses={201: link_shapes.AlignmentOut}
    )
    def post(self, request: Request, objective_id: uuid.UUID) -> Response:
        """Says which objective this one serves: one of a team, of the organisation, or of somebody above. The
        same parent again changes the kind or the share."""
        actor = self.actor
        one, line = self.found(objective_id)
        access.require(rules.can_align(actor, one, line))
        given = self.valid(link_shapes.AlignmentIn)
        visible = queries.visible_to(actor)
        parent = access.get_or_404(visible, pk=given["parent"])
        access.require(queries.possible_parents(visible, line).filter(pk=parent.pk).exists())
        link = actions.align_objectives(
            child=one,
            parent=parent,
            kind=given["kind"],
            share_ppm=ppm_of(given["share"]),
            by=actor,
            at=timezone.now(),
        )
        jobs.nudge(scoring_tasks.rescore_stale)
        return Response(link_shapes.AlignmentOut(link).data, status=status.HTTP_201_CREATED)


class TakeLink(GoalsView):
    @extend_schema(operation_id="goals_take_contribution", request=None, responses=link_shapes.AlignmentOut)
    def post(self, request: Request, link_id: uuid.UUID) -> Response:
        """Takes an offered contribution: it counts from now on."""
        visible = queries.visible_to(self.actor)
        links = queries.links_within_reach(self.actor).filter(parent__in=visible.values("pk"))
        link = access.get_or_404(links, pk=link_id)
        line = people.line_above(link.parent.owner_id, people.today(self.actor.organisation))
        access.require(rules.can_take_contributions(self.actor, link.parent, line))
        actions.accept_contribution(link=link, by=self.actor, at=timezone.now())
        jobs.nudge(scoring_tasks.rescore_stale)
        return Response(link_shapes.AlignmentOut(links.get(pk=link.pk)).data)


class OneLink(GoalsView):
    @extend_schema(operation_id="goals_part", responses={204: None})
    def delete(self, request: Request, link_id: uuid.UUID) -> Response:
        """Takes the link back, or declines an offer."""
        actor = self.actor
        link = access.get_or_404(queries.links_within_reach(actor), pk=link_id)
        today = people.today(actor.organisation)
        serves = rules.can_align(actor, link.child, people.line_above(link.child.owner_id, today))
        takes = rules.can_take_contributions(
            actor, link.parent, people.line_above(link.parent.owner_id, today)
        )
        access.require(serves or takes)
        actions.part_objectives(link=link, by=actor, at=timezone.now())
        jobs.nudge(scoring_tasks.rescore_stale)
        return Response(status=status.HTTP_204_NO_CONTENT)
