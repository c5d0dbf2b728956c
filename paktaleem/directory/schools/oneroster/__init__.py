"""Read OneRoster 1.1 and 1.2 CSV packages, bulk and delta: ``with open_roster(path) as roster: roster.people()``.

Pure: no Django, no database, no clock. Memory holds ids, roles, birth dates and relations, never rows.
"""
