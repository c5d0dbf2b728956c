"""What each app holds about a person: the registry of sections of a copy of their data."""
