"""A base metric whose rows stay at their source: the definition as one SELECT of the source's own dialect, and what
came back as the statement that the values are kept from. Pure: builds statements, runs none.

base.py is the truth; the same rows copied into PostgreSQL give the same values.
"""

from performance.kpis.semantics.live.asking import Part, Question, asked, columns_used
from performance.kpis.semantics.live.parts import parts_values
from performance.kpis.semantics.live.places import LiveColumn, Place

__all__ = ["LiveColumn", "Part", "Place", "Question", "asked", "columns_used", "parts_values"]
