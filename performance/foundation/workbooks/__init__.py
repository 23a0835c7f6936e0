"""Uploaded workbooks (XLSX, ODS, XLS) and Parquet files, which anybody may have made to harm whoever opens them.

inspection.py looks inside with counts, apart.py inspects and reads in a process of its own with little memory and
little time, columnar.py reads Parquet there, reading.py starts that process and takes the rows. Nothing here opens such
a file in the process of its caller.
"""

from performance.foundation.workbooks.inspection import WorkbookRefused
from performance.foundation.workbooks.reading import Cell, parquet_columns, parquet_rows, rows, sheet_names

__all__ = ["Cell", "WorkbookRefused", "parquet_columns", "parquet_rows", "rows", "sheet_names"]
