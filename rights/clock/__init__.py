"""The clock of a rights request: its deadlines and their picture."""
