"""The preference centre: a person's own page of the purposes their data is used for."""
