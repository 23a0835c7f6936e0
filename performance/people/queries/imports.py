"""Reads: imports of people."""

from django.db.models import QuerySet

from performance.people.models import PeopleImport


def people_imports() -> QuerySet[PeopleImport]:
    """Every import. To be kept to those who may write people; auditors read the report."""
    return PeopleImport.objects.select_related("uploaded_by", "organisation")


def applied_imports() -> QuerySet[PeopleImport]:
    """Imports that were applied, the latest first, without their files."""
    applied = people_imports().exclude(applied_at=None)
    return applied.defer("content", "before").order_by("-applied_at")
