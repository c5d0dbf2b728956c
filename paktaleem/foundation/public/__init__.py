"""What every page outside the console stands on: its language, its look, its errors (docs/contributing.md)."""
