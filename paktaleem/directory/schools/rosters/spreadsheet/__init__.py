"""Read people from a plain spreadsheet (CSV or XLSX) in our template's layout; and create that template.

Pure: no Django, no database, no clock. At most 20,000 rows, held in memory.
"""
