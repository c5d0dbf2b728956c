"""Disposal: due holdings are flagged, reviewed, ordered to be deleted or anonymised, verified and certified."""
