"""Rosters of people, imported from OneRoster packages and spreadsheets."""
