"""The console with a million people and 500 clients; in the normal suite, with enough rows for realistic plans."""
