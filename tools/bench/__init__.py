"""``make bench``: performance of the portal, as ratios to pgbench running the same SQL in the same run.

Not part of the test suite: pytest collects nothing here.
"""
