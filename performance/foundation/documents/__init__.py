"""Documents that we draw: PDF pages in the house's hand, in English and Chinese."""

from performance.foundation.documents.lettering import MISSING_SORT, legible
from performance.foundation.documents.pages import Bar, Cell, Column, Document, Row

__all__ = ["MISSING_SORT", "Bar", "Cell", "Column", "Document", "Row", "legible"]
