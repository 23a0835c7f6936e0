"""Definitions as YAML: read with the line of every word, written so that reading gives the same. Pure: no queries."""

from performance.kpis.documents.entries import FORMAT, MAX_METRICS, Entry, read
from performance.kpis.documents.reading import MAX_BYTES, DocumentRefused
from performance.kpis.documents.writing import written

__all__ = ["FORMAT", "MAX_BYTES", "MAX_METRICS", "DocumentRefused", "Entry", "read", "written"]
