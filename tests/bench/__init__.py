"""``make bench``: how fast the portal is, in ratios to pgbench running the same SQL in the same run.

Not part of the suite: pytest collects nothing here.
"""
