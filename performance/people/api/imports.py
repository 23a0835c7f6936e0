"""Endpoints of the import of people: file → columns → dry run → apply, and back."""

import uuid
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from performance.foundation import access, api, sheets
from performance.people import actions, queries, rules
from performance.people.actions.importing import columns
from performance.people.api import shared
from performance.people.models import PeopleImport, Scope


class PeopleFileIn(serializers.Serializer[None]):
    file = serializers.FileField(help_text="CSV, XLSX, XLS or ODS.")


class ImportOut(serializers.ModelSerializer[PeopleImport]):
    class Meta:
        model = PeopleImport
        fields = ["id", "file_name", "uploaded_at", "checked_at", "applied_at", "undone_at"]


class DryRunOut(ImportOut):
    mapping = serializers.DictField(
        child=serializers.IntegerField(), help_text="Field of a person: column of the file, from 0."
    )
    mended = serializers.DictField(child=serializers.CharField(), help_text="Cell: the text in its place.")
    left_out = serializers.ListField(child=serializers.IntegerField(), help_text="Rows that are skipped.")
    report = serializers.DictField(
        help_text="What would change (`new`, `changed`, `counts`) and what stands in the way (`errors`)."
    )

    class Meta(ImportOut.Meta):
        fields = [*ImportOut.Meta.fields, "mapping", "mended", "left_out", "starts_on", "report"]


class ColumnsOut(serializers.Serializer[None]):
    headers = serializers.ListField(child=serializers.CharField())
    mapping = serializers.DictField(child=serializers.IntegerField())


class ColumnsIn(serializers.Serializer[None]):
    """Field of a person: column of the file, from 0. A field that is absent or null is not in the file."""

    def get_fields(self) -> dict[str, Any]:
        headers = self.context.get("headers")
        last = None if headers is None else len(headers) - 1
        return {
            field.key: serializers.IntegerField(
                required=False, allow_null=True, min_value=0, max_value=last, label=field.label
            )
            for field in columns.FIELDS
        }


class CellIn(serializers.Serializer[None]):
    cell = serializers.RegexField(sheets.CELL, help_text="As a spreadsheet names it: C7.")
    value = serializers.CharField(max_length=300, allow_blank=True)


class RowIn(serializers.Serializer[None]):
    row = serializers.IntegerField(min_value=1, max_value=sheets.MAX_ROWS * 10)


class StartIn(serializers.Serializer[None]):
    starts_on = shared.DayField(help_text="Changes without a date start on this day.")


class ImportView(api.TenantView):
    access = shared.HR
    scope_read = Scope.PEOPLE_READ
    scope_write = Scope.PEOPLE_WRITE

    @staticmethod
    def to_change(request: Request, import_id: uuid.UUID) -> PeopleImport:
        upload = access.get_or_404(queries.people_imports(), pk=import_id)
        access.require(rules.can_edit_people(request.actor))
        return upload


class Imports(ImportView):
    """Imports, newest first; a new file."""

    @extend_schema(responses=ImportOut(many=True))
    def get(self, request: Request) -> Response:
        paginator = api.NewestFirst()
        uploads = queries.people_imports().defer("content", "before", "report").order_by()
        page = paginator.paginate_queryset(uploads, request)
        return paginator.get_paginated_response(ImportOut(page, many=True).data)

    @extend_schema(request={"multipart/form-data": PeopleFileIn}, responses={201: DryRunOut})
    def post(self, request: Request) -> Response:
        """Keeps the file with a guess of its columns, and tries it out when the guess is complete."""
        access.require(rules.can_edit_people(request.actor))
        file = shared.valid(PeopleFileIn(data=request.data))["file"]
        # One byte beyond the bound is enough to be refused.
        content = file.read(sheets.MAX_BYTES + 1)
        upload = actions.upload_people(
            file_name=file.name, content=content, by=request.actor, at=timezone.now()
        )
        return Response(DryRunOut(upload).data, status=status.HTTP_201_CREATED)


class OneImport(ImportView):
    """The dry run, or the report of an import that was applied."""

    @extend_schema(operation_id="people_imports_one", responses=DryRunOut)
    def get(self, request: Request, import_id: uuid.UUID) -> Response:
        upload = access.get_or_404(queries.people_imports(), pk=import_id)
        return Response(DryRunOut(upload).data)


class Columns(ImportView):
    """Which column means what."""

    @extend_schema(responses=ColumnsOut)
    def get(self, request: Request, import_id: uuid.UUID) -> Response:
        upload = access.get_or_404(queries.people_imports(), pk=import_id)
        return Response({"headers": _headers(upload), "mapping": upload.mapping})

    @extend_schema(request=ColumnsIn, responses=DryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        """Says it, and tries the file out. Mended cells and rows left out begin anew."""
        upload = self.to_change(request, import_id)
        asked = shared.valid(ColumnsIn(data=request.data, context={"headers": _headers(upload)}))
        mapping = {key: column for key, column in asked.items() if column is not None}
        upload = actions.map_columns(upload=upload, mapping=mapping, at=timezone.now())
        return Response(DryRunOut(upload).data)


class Cells(ImportView):
    """Another text for a wrong cell, in the import alone; the file is tried out again."""

    @extend_schema(request=CellIn, responses=DryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        upload = self.to_change(request, import_id)
        asked = shared.valid(CellIn(data=request.data))
        upload = actions.mend_cells(upload=upload, texts={asked["cell"]: asked["value"]}, at=timezone.now())
        return Response(DryRunOut(upload).data)


class LeftOut(ImportView):
    """A row is skipped; its person, if here already, stays as they are."""

    @extend_schema(request=RowIn, responses=DryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        upload = self.to_change(request, import_id)
        asked = shared.valid(RowIn(data=request.data))
        upload = actions.leave_row_out(upload=upload, at=timezone.now(), **asked)
        return Response(DryRunOut(upload).data)


class Start(ImportView):
    """From which day new managers and teams hold."""

    @extend_schema(request=StartIn, responses=DryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        upload = self.to_change(request, import_id)
        asked = shared.valid(StartIn(data=request.data))
        upload = actions.start_changes_on(upload=upload, at=timezone.now(), **asked)
        return Response(DryRunOut(upload).data)


class Check(ImportView):
    """The dry run beside the people who are here now: after a conflict, before applying again."""

    @extend_schema(request=None, responses=DryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        upload = self.to_change(request, import_id)
        upload = actions.check_import(upload=upload, at=timezone.now())
        return Response(DryRunOut(upload).data)


class Apply(ImportView):
    """Saves everything that the dry run showed, or nothing."""

    @extend_schema(request=None, responses=DryRunOut)
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        upload = self.to_change(request, import_id)
        upload = actions.apply_import(upload=upload, by=request.actor, at=timezone.now())
        return Response(DryRunOut(upload).data)


class Undo(ImportView):
    """Takes an import back within a day."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, import_id: uuid.UUID) -> Response:
        upload = self.to_change(request, import_id)
        actions.undo_import(upload=upload, by=request.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _headers(upload: PeopleImport) -> list[str]:
    return sheets.read_sheet(bytes(upload.content), upload.file_name).headers
