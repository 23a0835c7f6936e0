"""Uploaded workbooks (XLSX, ODS, XLS), which anybody may have made to harm whoever opens them.

inspection.py looks inside with counts, apart.py inspects and reads in a process of its own with little memory and
little time, reading.py starts that process and takes the rows. Nothing here opens a workbook in the process of
its caller.
"""

from performance.foundation.workbooks.inspection import WorkbookRefused
from performance.foundation.workbooks.reading import Cell, rows, sheet_names

__all__ = ["Cell", "WorkbookRefused", "rows", "sheet_names"]
