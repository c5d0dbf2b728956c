"""Console pages of ends of school years, and the acts that move pupils within a client and to another."""

from paktaleem.office.school_years.admin import class_moves, year_ends
