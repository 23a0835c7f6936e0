"""Writes: the personal data of somebody who has left is erased, also where their name was written down.

The log is append-only in the database. Its rows stay there; no page, endpoint or search shows them any more.
"""

import datetime
import re
import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from performance.foundation import audit, sheets, tenancy
from performance.foundation.models import AuditRow
from performance.people import queries
from performance.people.actions import people, roles
from performance.people.actions.importing.apply import UNDO_LASTS
from performance.people.actions.refusal import PeopleRefused
from performance.people.models import Absence, ErasedMention, Invitation, PeopleImport, Person, ReportingLine

#: What of somebody stands in a row of the log when it changed.
NAMING = ("name_en", "name_zh", "email")
#: No character that is followed by none of itself: matches nowhere.
NEVER = "(?!.)."
#: Rows about a report that may name the manager.
OF_REPORTS = ("people.change_manager", "people.withdraw_change", "people.import_person")
#: Rows about anything that name people in what they changed.
OF_OTHERS = (*OF_REPORTS, "people.edit_team")
#: Parts of an import's report that tell of single people.
DETAILS: dict[str, Any] = {"new": [], "changed": [], "errors": [], "assumed": [], "tops": [], "tops_count": 0}


@dataclass(frozen=True)
class Forgotten:
    """Who is forgotten. `number`: of the employee, until now. `pattern`: a regular expression, for any case, of the
    names and addresses they had, but not as a part of the names of others who are here; `name_en` and `name_zh`: what
    they are called from now on; `has_namesake`: whether somebody else here is called the same."""

    person_id: uuid.UUID
    number: str
    pattern: str
    name_en: str
    name_zh: str
    has_namesake: bool = False


def erase_personal_data(*, person: Person, by: Any, at: datetime.datetime, why: str) -> Person:
    """Removes what names a person who has left. Scores and reporting lines stay countable under their number.

    The account is detached, not deleted: it may belong to other organisations. Apps above this one forget the person
    by the functions that the setting FORGETTERS names.
    """
    if not why.strip():
        raise PeopleRefused(_("Say who asked for it, and when."), field="why")
    with transaction.atomic():
        person = people.locked(person)
        if person.left_on is None or person.left_on >= queries.day_at(person.organisation, at):
            raise PeopleRefused(_("Personal data can be erased once the person has left."), code="still_here")
        mark = person.pk.hex[-6:].upper()
        words = _words(person)
        others = _names_of_others(person, words)
        gone = Forgotten(
            person.pk,
            person.number,
            pattern_of(words, others),
            f"Former colleague {mark}",
            f"前同事 {mark}",
            has_namesake=not {word.lower() for word in words}.isdisjoint(name.lower() for name in others),
        )
        _forget_imports(gone, at)
        _note_mentions(gone)
        person.name_en, person.name_zh = gone.name_en, gone.name_zh
        person.name_sort = person.name_en.lower()
        person.email = person.title_en = person.title_zh = person.city = person.level = ""
        person.number = f"erased-{person.pk.hex[-12:]}"
        person.hired_on = None
        person.user = None
        person.erased_at = at
        person.save()
        Invitation.objects.filter(person=person).delete()
        # Days of illness among them; what they excused is kept where it was excused.
        Absence.objects.filter(person=person).delete()
        roles.end_roles([person.pk], by=by, at=at)
        for forget in settings.FORGETTERS:
            import_string(forget)(gone)
        audit.record(by=by, action="people.erase_personal_data", subject=person, at=at, why=why)
    return person


def pattern_of(words: set[str], others: Collection[str] = ()) -> str:
    """A regular expression, of Python and of PostgreSQL, that finds the words, but not inside longer Latin ones nor
    inside the longer ones among `others`. Without words it finds nothing: an empty expression would find everything."""
    if not words:
        return NEVER
    found = []
    for word in sorted(words, key=len, reverse=True):
        escaped = re.escape(word)
        apart = "".join(_not_inside(word, name) for name in sorted(others))
        whole = rf"(?<![A-Za-z0-9]){apart}{escaped}(?![A-Za-z0-9])" if word.isascii() else apart + escaped
        found.append(whole)
    return "|".join(found)


def _not_inside(word: str, name: str) -> str:
    """Where the word stands as a part of the longer name, it is not the word that is meant."""
    begins = name.lower().find(word.lower())
    if begins < 0 or len(name) == len(word):
        return ""
    before, after = re.escape(name[:begins]), re.escape(name[begins + len(word) :])
    ahead = f"(?!{re.escape(word)}{after})"
    if not before:
        return ahead
    return f"(?:(?<!{before})|{ahead})" if after else f"(?<!{before})"


def _names_of_others(person: Person, words: set[str]) -> set[str]:
    """Names, of people whose data is kept, that are one of the words or have one in them."""
    holding = Q(pk__in=[])
    for word in words:
        holding |= Q(name_en__icontains=word) | Q(name_zh__icontains=word)
    others = Person.objects.filter(holding, erased_at=None).exclude(pk=person.pk)
    return {name for pair in others.values_list("name_en", "name_zh") for name in pair if name}


def _words(person: Person) -> set[str]:
    """Names and addresses, also those they had before."""
    words = {person.name_en, person.name_zh, person.email, person.user.email if person.user else ""}
    edits = AuditRow.objects.filter(
        subject_id=person.pk, action__in=("people.edit_person", "people.import_person")
    )
    for changes in edits.values_list("changes", flat=True):
        for key in NAMING:
            words |= {word for word in changes.get(key) or () if isinstance(word, str)}
    return {word for word in words if len(word) > 1}


def _forget_imports(gone: Forgotten, at: datetime.datetime) -> None:
    """Files that were applied are needed no more: an undo reads what they replaced, for a day. A file that waits goes
    when it names the person or waits longer than that."""
    uploads = PeopleImport.objects.select_for_update(of=("self",))
    since = at - UNDO_LASTS
    waiting = uploads.filter(applied_at=None)
    for upload in waiting:
        if upload.uploaded_at < since or _names(upload, gone):
            upload.delete()
    kept = uploads.exclude(applied_at=None).exclude(content=b"", before={}).defer("content")
    for upload in kept:
        upload.content, upload.mended = b"", {}
        upload.report = {**upload.report, **DETAILS}
        upload.before.get("values", {}).pop(str(gone.person_id), None)
        if upload.applied_at < since or upload.undone_at is not None:
            upload.before = {}
        upload.save(update_fields=["content", "mended", "report", "before"])


def _names(upload: PeopleImport, gone: Forgotten) -> bool:
    try:
        sheet = sheets.read_sheet(bytes(upload.content), upload.file_name)
    except sheets.SheetRefused:
        return True
    cells = (text for _number, texts in sheet.rows for text in texts)
    return any(
        text.lower() == gone.number.lower() or re.search(gone.pattern, text, re.IGNORECASE)
        for text in (*cells, *upload.mended.values())
    )


def _note_mentions(gone: Forgotten) -> None:
    """Notes the rows of the log that name the person though they are about somebody or something else.

    Rows say by id whom their changes name. Of early ones, and of labels and reasons, only those are looked at that are
    about something of theirs, or of a report: whoever erases must not choose by a name what the log stops telling.
    """
    by_id = AuditRow.objects.filter(named__contains=[gone.person_id])
    found: dict[uuid.UUID, bool] = dict.fromkeys(by_id.values_list("pk", flat=True), False)
    for rows in _rows_around(gone.person_id):
        told = rows.annotate(told=Cast("changes", TextField()))
        naming = told.filter(
            Q(subject_label__iregex=gone.pattern) | Q(why__iregex=gone.pattern) | Q(told__iregex=gone.pattern)
        )
        for key, label in naming.values_list("pk", "subject_label"):
            found[key] = bool(re.search(gone.pattern, label, re.IGNORECASE))
    ErasedMention.objects.bulk_create(
        [ErasedMention(row_id=key, in_label=in_label) for key, in_label in found.items()], batch_size=1000
    )


def _rows_around(person_id: uuid.UUID) -> Iterator[QuerySet[AuditRow]]:
    reports = ReportingLine.objects.filter(manager=person_id).values("person_id")
    yield AuditRow.objects.filter(action__in=OF_REPORTS, subject_id__in=reports)
    # From before rows told by id whom they name: plans and leads that are no more lead to nobody.
    yield AuditRow.objects.filter(action__in=OF_OTHERS, named=None)
    for model in tenancy.tenant_models():
        for field in model._meta.concrete_fields:
            if field.remote_field and field.remote_field.model is Person:
                theirs = model.objects.filter(**{field.attname: person_id}).values("pk")
                yield AuditRow.objects.filter(subject_type=model._meta.label_lower, subject_id__in=theirs)
