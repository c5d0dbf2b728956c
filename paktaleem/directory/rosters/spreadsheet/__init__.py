"""Read people from a plain spreadsheet (CSV or XLSX) in our template's layout; and create that template.

Pure: no Django, no database, no clock. At most 20,000 rows, held in memory.
"""

from paktaleem.directory.rosters.spreadsheet.sheet import Spreadsheet, open_csv, open_xlsx
from paktaleem.directory.rosters.spreadsheet.template import csv_template, xlsx_template

__all__ = ["Spreadsheet", "csv_template", "open_csv", "open_xlsx", "xlsx_template"]
