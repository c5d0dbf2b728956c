"""Common parts of the pages outside the console: language, layout and errors (docs/architecture.md)."""
