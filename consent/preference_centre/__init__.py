"""The preference centre: a person's own page of what their data is used for."""
