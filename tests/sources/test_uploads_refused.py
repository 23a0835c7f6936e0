"""A file that cannot be opened does not take the place of the one in use."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from performance.foundation import tenancy
from performance.sources import actions, queries
from performance.sources.models import SourceFile, SourceFilePart


@pytest.mark.parametrize(
    ("name", "content"), [("junk.xlsx", b"xx"), ("broken.xlsx", b"PK\x03\x04" + b"\0" * 40)]
)
def test_a_damaged_workbook_is_refused_and_the_file_in_use_stays(cast, actor, now, name, content):
    with tenancy.acting_for(cast.organisation):
        by = actor(cast.administrator)
        connection = actions.connect_source(kind="file", name_en="Budgets", by=by, at=now)
        good = actions.upload_file(
            connection=connection, name="budget.csv", chunks=[b"month,amount\n2026-01,5\n"], by=by, at=now
        )
        later = now + datetime.timedelta(minutes=1)
        with pytest.raises(actions.SourceRefused) as refused:
            actions.upload_file(connection=connection, name=name, chunks=[content], by=by, at=later)
        assert refused.value.field == "file"
        assert str(refused.value)
        assert SourceFile.objects.count() == 1
        assert queries.newest_file(connection) == good


def test_a_file_beyond_the_installations_limit_is_refused_and_leaves_nothing(
    cast, actor, now, settings, client_for
):
    settings.ACCORD_UPLOAD_MB = 1
    with tenancy.acting_for(cast.organisation):
        by = actor(cast.administrator)
        connection = actions.connect_source(kind="file", name_en="Budgets", by=by, at=now)
        chunks = [b"month,amount\n", *[b"2026-01,5\n" * 10_000] * 11]
        with pytest.raises(actions.SourceRefused) as refused:
            actions.upload_file(connection=connection, name="budget.csv", chunks=chunks, by=by, at=now)
        assert (refused.value.field, refused.value.code) == ("file", "file_too_large")
        assert "larger than 1 MB" in str(refused.value)
        assert not SourceFile.objects.exists()
    page = client_for(cast.administrator).get(reverse("sources:connection", args=[connection.pk]))
    assert "up to 1 MB" in page.content.decode()


def test_older_files_go_where_all_together_would_pass_the_limit(cast, actor, now, settings):
    settings.ACCORD_UPLOAD_MB = 1
    content = b"month,amount\n" + b"2026-01,5\n" * 40_000
    with tenancy.acting_for(cast.organisation):
        by = actor(cast.administrator)
        connection = actions.connect_source(kind="file", name_en="Budgets", by=by, at=now)
        made = [
            actions.upload_file(
                connection=connection,
                name="budget.csv",
                chunks=[content],
                by=by,
                at=now + datetime.timedelta(minutes=minute),
            )
            for minute in range(3)
        ]
        kept = set(SourceFilePart.objects.values_list("file", flat=True))
        assert kept == {one.pk for one in made[1:]}


def test_a_script_is_told_where_to_go_on_or_given_the_form_with_what_is_wrong(cast, actor, now, client_for):
    with tenancy.acting_for(cast.organisation):
        by = actor(cast.administrator)
        connection = actions.connect_source(kind="file", name_en="Budgets", by=by, at=now)
    client, address = client_for(cast.administrator), reverse("sources:upload", args=[connection.pk])
    told = client.post(
        address, {"file": SimpleUploadedFile("junk.xlsx", b"xx")}, headers={"HX-Request": "true"}
    )
    assert told.status_code == 422
    assert "data-upload" in told.content.decode()
    good = SimpleUploadedFile("budget.csv", b"month,amount\n2026-01,5\n")
    told = client.post(address, {"file": good}, headers={"HX-Request": "true"})
    page = reverse("sources:connection", args=[connection.pk])
    assert (told.status_code, told["HX-Redirect"]) == (204, page)
    assert "The file was taken over." in client.get(page).content.decode()
