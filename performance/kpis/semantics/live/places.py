"""Where the rows of a live dataset are, and what its columns are called and made of there."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from performance.sources import connectors
from performance.sources.connectors import statements


@dataclass(frozen=True)
class LiveColumn:
    """`type` is the dataset's word for it, `native` the source's (connectors.live.NATIVES)."""

    source_name: str
    type: str
    native: str


@dataclass(frozen=True)
class Place:
    """A table, or one SELECT of somebody; `columns` by the keys that definitions use. `zone`: where a wall clock
    belongs, and where an instant becomes a day."""

    kind: str
    zone: str
    columns: Mapping[str, LiveColumn]
    schema: str = ""
    table: str = ""
    query: str = ""

    @property
    def dialect(self) -> str:
        """What sqlglot calls it."""
        return statements.DIALECTS[self.kind]

    def relation(self) -> exp.Expr:
        """FROM …: names are quoted, a query is the judged one. Raises ConnectorRefused: bad_name, query_*."""
        if not self.query:
            schema = quoted(self.schema) if self.schema else None
            return exp.Table(this=quoted(self.table), db=schema)
        text = connectors.reading_statement(self.query, dialect=self.kind)
        parsed = sqlglot.parse_one(text, dialect=self.dialect)
        return exp.Subquery(this=parsed, alias=exp.TableAlias(this=quoted("accord_source")))


def quoted(name: str) -> exp.Identifier:
    """Raises ConnectorRefused("bad_name") for what no server takes as a name."""
    if not name or "\x00" in name or len(name) > 128:
        raise connectors.ConnectorRefused("bad_name")
    return exp.Identifier(this=name, quoted=True)


def named(name: str) -> exp.Column:
    return exp.Column(this=quoted(name))
