"""What goals keep in files is forgotten with somebody whose personal data is erased."""

import json
import re
from typing import Any

from okr.actions.importing import steps
from okr.models import GoalImport
from performance.foundation import sheets

#: Parts of an import's report that tell of single objectives and people.
DETAILS: dict[str, Any] = {"new": [], "changed": [], "same": [], "errors": []}


def forget_person(gone: Any) -> None:
    """A file that waits goes when it names the person; reports keep their counts alone. Takes a `Forgotten`."""
    uploads = GoalImport.objects.select_for_update(of=("self",))
    for upload in uploads.filter(applied_at=None):
        if _names(upload, gone):
            upload.delete()
    for upload in uploads.exclude(applied_at=None).defer("content"):
        upload.report = {**upload.report, **DETAILS}
        upload.before, upload.undone = {}, []
        for field in ("reason", "undone_reason"):
            words = re.sub(gone.pattern, gone.name_en, getattr(upload, field), flags=re.IGNORECASE)
            setattr(upload, field, words)
        upload.save(update_fields=["report", "reason", "undone_reason", "before", "undone"])


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
