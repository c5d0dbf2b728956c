"""A client as a file: its schema, reading, checking, loading and export."""
