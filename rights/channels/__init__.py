"""How people make and follow requests: the public form, their own page, and the API."""
