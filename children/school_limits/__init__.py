"""Schools of each person, by which the database limits staff to schools (docs/decisions/0098)."""
