"""Complaints at a supervisory authority: reference, correspondence, deadlines and outcome."""
