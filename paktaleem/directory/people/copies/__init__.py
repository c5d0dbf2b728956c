"""Registry of the sections of a copy of a person's data: each app lists those that it holds."""
