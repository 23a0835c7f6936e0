"""Who may do what with sources. An auditor reads and never writes; credentials are the administrator's alone."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from performance.foundation.access import Actor
from performance.sources.models import Connection, Dataset, Load

#: Who works with data: the owners of metrics on both sides, and the administrator who connects.
DATA_ROLES = ("administrator", "business_owner", "finance_owner")


ALL_ROWS_ONLY = _("Rejected rows are open to those who see all rows of this dataset.")


def can_see_sources(actor: Actor) -> bool:
    return actor.has_role(*DATA_ROLES) or actor.only_reads


def can_connect_sources(actor: Actor) -> bool:
    """Connect, change credentials, pause and close connections."""
    return actor.has_role("administrator") and not actor.only_reads


def can_ask_source(actor: Actor, connection: Connection) -> bool:
    """Test a connection, list its tables, look at one of them."""
    return _works_with_data(actor) and connection.closed_at is None and not connection.is_push


def can_model_datasets(actor: Actor) -> bool:
    """Make, change and close datasets."""
    return _works_with_data(actor)


def can_shape_endpoints(actor: Actor, connection: Connection) -> bool:
    return _works_with_data(actor) and connection.is_rest and connection.closed_at is None


def can_join_datasets(actor: Actor, dataset: Dataset) -> bool:
    """Take columns from another dataset, and give them up."""
    return _works_with_data(actor) and dataset.closed_at is None and not dataset.is_live


def can_upload_file(actor: Actor, connection: Connection) -> bool:
    return _works_with_data(actor) and connection.is_file and connection.closed_at is None


def can_load_dataset(actor: Actor, dataset: Dataset) -> bool:
    return _works_with_data(actor) and dataset.closed_at is None and not dataset.connection.is_push


def can_push_rows(actor: Actor, dataset: Dataset) -> bool:
    """Send rows, and make and revoke the tokens with which a system does."""
    return _works_with_data(actor) and dataset.closed_at is None and dataset.connection.is_push


def can_stop_load(actor: Actor, load: Load) -> bool:
    return _works_with_data(actor) and load.is_open


def can_see_rows(actor: Actor, dataset: Dataset) -> bool:
    """Source rows hold customers and prices: only for those who work with data, and for auditors. Of a dataset that is
    narrowed they see those of their branch, see queries.row_sight."""
    return can_see_sources(actor)


def can_narrow_rows(actor: Actor, dataset: Dataset) -> bool:
    """Say who sees which rows: not for those who read them for their work, who could open them to themselves."""
    return can_connect_sources(actor) and dataset.closed_at is None


def _works_with_data(actor: Actor) -> bool:
    return actor.has_role(*DATA_ROLES) and not actor.only_reads
