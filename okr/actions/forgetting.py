"""What goals keep in files is forgotten with somebody whose personal data is erased."""

import json
import re
from collections.abc import Collection
from typing import Any

from okr.actions.importing import steps
from okr.models import GoalImport, Objective
from performance.foundation import sheets

#: Parts of an import's report that tell of single objectives and people.
DETAILS: dict[str, Any] = {"new": [], "changed": [], "same": [], "errors": []}
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def forget_person(gone: Any) -> None:
    """A file that waits goes when it names the person; reports keep their counts alone. What taking an import back
    needs goes where it names the person or tells of a goal of theirs. Takes a `Forgotten`."""
    uploads = GoalImport.objects.select_for_update(of=("self",))
    for upload in uploads.filter(applied_at=None):
        if _names(upload, gone):
            upload.delete()
    goals = Objective.objects.filter(owner_id=gone.person_id).values_list("pk", flat=True)
    theirs = {str(gone.person_id), *map(str, goals)}
    for upload in uploads.exclude(applied_at=None).defer("content", "mended"):
        upload.report = {**upload.report, **DETAILS}
        if _tells_of(upload, gone, theirs):
            upload.report["forgotten"] = upload.taken_back_at is None and bool(upload.before)
            upload.before, upload.taken_back = {}, []
        for field in ("reason", "taken_back_reason"):
            words = re.sub(gone.pattern, gone.name_en, getattr(upload, field), flags=re.IGNORECASE)
            setattr(upload, field, words)
        upload.save(update_fields=["report", "reason", "taken_back_reason", "before", "taken_back"])


def _tells_of(upload: GoalImport, gone: Any, theirs: Collection[str]) -> bool:
    kept = json.dumps([upload.before, upload.taken_back], ensure_ascii=False)
    ids = set(re.findall(UUID, kept))
    return bool(not ids.isdisjoint(theirs) or re.search(gone.pattern, kept, re.IGNORECASE))


def _names(upload: GoalImport, gone: Any) -> bool:
    try:
        sheet = sheets.read_sheet(bytes(upload.content), upload.file_name, most_bytes=steps.MAX_BYTES)
    except sheets.SheetRefused:
        return True
    cells = (text for _number, texts in sheet.rows for text in texts)
    return any(
        text.lower() == gone.number.lower() or re.search(gone.pattern, text, re.IGNORECASE)
        for text in (
            *cells,
            *upload.mended.values(),
            upload.file_name,
            json.dumps(upload.report, ensure_ascii=False),
        )
    )
