"""A small learning platform that follows the portal's rules: the reference client of docs/worked-example.md.

It uses none of the portal's code: its own process, its own database (one SQLite file), HTTP in between.
"""
