"""Read people from a plain spreadsheet, CSV or XLSX, as our template lays it out; and make that template.

Pure: no Django, no database, no clock. At most 20,000 rows, which are held in memory.
"""

from paktaleem.directory.rosters.spreadsheet.sheet import Spreadsheet, open_csv, open_xlsx
from paktaleem.directory.rosters.spreadsheet.template import csv_template, xlsx_template

__all__ = ["Spreadsheet", "csv_template", "open_csv", "open_xlsx", "xlsx_template"]
