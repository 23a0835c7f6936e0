"""What taking an import of goals back would do: goal by goal, what stands as the file left it. Five queries."""

import dataclasses
import datetime
import hashlib
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from okr.models import (
    Alignment,
    Comment,
    ConfidenceVote,
    Content,
    Dependency,
    GoalImport,
    KeyResultEntry,
    Objective,
    ObjectiveVersion,
    SuggestedEdit,
)
from okr.models.agreements import VersionState
from okr.models.objectives import State
from okr.queries import objectives as reads
from okr.queries.contents import content_of_rows
from okr.queries.visibility import visible_to
from performance.foundation import access

#: What becomes of a goal, in the order of the page.
DEEDS: dict[str, Any] = {
    "remove": _("is removed"),
    "unpropose": _("is a draft again"),
    "restore": _("gets its former text back"),
    "withdraw": _("the proposed change is withdrawn"),
    "stay": _("stays"),
}
#: Why one stays as it is.
REASONS: dict[str, Any] = {
    "gone": _("You do not find it any more."),
    "agreed": _("Both sides have agreed to it."),
    "signed": _("Somebody has agreed to it since."),
    "changed": _("It has been changed since."),
    "used": _("Others have worked with it since: words, links or votes hang on it."),
    "withdrawn": _("It has been withdrawn already."),
    "closed": _("It is closed."),
}


@dataclass(frozen=True)
class Remnant:
    """A goal that the file brought or changed. `former`: the text that it gets back. `why` is one of REASONS."""

    id: uuid.UUID
    title: str
    deed: str
    why: str = ""
    former: Content | None = None
    objective: Objective | None = None

    @property
    def deed_label(self) -> Any:
        return DEEDS[self.deed]

    @property
    def why_label(self) -> Any:
        return REASONS.get(self.why, "")

    @property
    def is_taken_back(self) -> bool:
        return self.deed != "stay"


def remains_of(upload: GoalImport, actor: access.Actor, on: datetime.date) -> list[Remnant]:
    """In the order of the file's report; nothing where the import was never applied or is taken back already."""
    kept = [
        (each, is_new) for name, is_new in (("new", True), ("changed", False)) for each in _told(upload, name)
    ]
    here = _standing(visible_to(actor, on), {uuid.UUID(each["id"]) for each, _is_new in kept})
    return [_remnant(each, here.get(uuid.UUID(each["id"])), actor, is_new=is_new) for each, is_new in kept]


def digest_of(remains: Collection[Remnant]) -> str:
    """Equal where the same would be done: what somebody saw is what they confirm."""
    told = [[str(each.id), each.deed] for each in remains]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def undone_rows(upload: GoalImport) -> list[tuple[str, Any, Any]]:
    """Of an import that was taken back: title, what became of it, and why it stayed, in the reader's language."""
    return [(title, DEEDS[deed], REASONS.get(why, "")) for title, deed, why in upload.undone]


def _told(upload: GoalImport, name: str) -> list[Mapping[str, Any]]:
    told: list[Mapping[str, Any]] = upload.before.get(name, [])
    return told


def _standing(visible: Any, ids: Collection[uuid.UUID]) -> dict[uuid.UUID, Objective]:
    """Those that are here, with texts, versions and signatures; `is_used`: something of others hangs on it."""
    one = OuterRef("pk")
    used: Any = Q(pk__in=[])
    for hanging in (
        Comment.objects.filter(objective=one),
        SuggestedEdit.objects.filter(objective=one),
        ConfidenceVote.objects.filter(objective=one),
        KeyResultEntry.objects.filter(key_result__objective=one),
        Objective.objects.filter(carried_from=one),
        Alignment.objects.filter(Q(parent=one) | Q(child=one)),
        Dependency.objects.filter(Q(objective=one) | Q(on=one)),
    ):
        used |= Exists(hanging)
    versions = ObjectiveVersion.objects.prefetch_related("agreements")
    rows = reads.with_key_results(visible.filter(pk__in=list(ids))).annotate(is_used=used)
    return {each.pk: each for each in rows.prefetch_related(Prefetch("versions", queryset=versions))}


def _remnant(kept: Mapping[str, Any], one: Objective | None, actor: access.Actor, *, is_new: bool) -> Remnant:
    content = Content.from_json(kept["content"])
    former = Content.from_json(kept["former"]) if kept["former"] else None
    deed, why = ("stay", "gone") if one is None else _deed(kept, one, content, former, actor, is_new=is_new)
    return Remnant(uuid.UUID(kept["id"]), content.title, deed, why, former, one)


def _deed(
    kept: Mapping[str, Any],
    one: Objective,
    content: Content,
    former: Content | None,
    actor: access.Actor,
    *,
    is_new: bool,
) -> tuple[str, str]:
    """(deed, why it stays)."""
    versions = {each.number: each for each in one.versions.all()}
    if one.state == State.CLOSED:
        return "stay", "closed"
    if kept["version"] is None:
        stands = one.state == State.DRAFT and _says(one, content)
        if not stands or (is_new and versions):
            return "stay", "changed"
        if is_new and one.is_used:  # type: ignore[attr-defined]
            return "stay", "used"
        return ("remove" if is_new else "restore"), ""
    version = versions.get(kept["version"])
    why = _why_it_stays(version, versions, actor)
    if why:
        return "stay", why
    if not is_new:
        return ("restore" if former is not None else "withdraw"), ""
    if one.is_used:  # type: ignore[attr-defined]
        return "stay", "used"
    # A signature is never rewritten: what the importer has signed for their own side stays, as their draft.
    return ("unpropose" if version and version.agreements.all() else "remove"), ""


def _says(one: Objective, content: Content) -> bool:
    """Whether a draft has this text still: a key result for whom nobody is named is its objective's owner's."""
    owned = tuple(
        dataclasses.replace(each, owner_id=each.owner_id or one.owner_id) for each in content.key_results
    )
    return content_of_rows(one, one.key_results.all()) == dataclasses.replace(content, key_results=owned)


def _why_it_stays(
    version: ObjectiveVersion | None, versions: Mapping[int, ObjectiveVersion], actor: access.Actor
) -> str:
    if version is None or version.number != max(versions):
        return "changed"
    if version.state == VersionState.IN_FORCE:
        return "agreed"
    if version.state != VersionState.PROPOSED:
        return "withdrawn"
    others = [each for each in version.agreements.all() if each.person_id != actor.person_id]
    return "signed" if others else ""
