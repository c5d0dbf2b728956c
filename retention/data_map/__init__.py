"""The data map: which data each system holds of a client's people, in which countries and for which purposes."""
