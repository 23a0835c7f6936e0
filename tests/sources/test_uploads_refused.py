"""A file that cannot be opened does not take the place of the one in use."""

import datetime

import pytest

from performance.foundation import tenancy
from performance.sources import actions, queries
from performance.sources.models import SourceFile


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
