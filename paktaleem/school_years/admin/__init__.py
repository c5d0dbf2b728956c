"""Console pages of ends of school years, and the act on the page of a person who moves to another client."""

from paktaleem.school_years.admin import dashboard, moves, year_ends

__all__ = ["dashboard", "moves", "year_ends"]
