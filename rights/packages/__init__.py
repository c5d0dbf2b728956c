"""The copy of a person's data: collected from every system, built as one package, fetched behind a code, deleted."""
