"""Children, and the guardians who may act for them on a given day (policy §8)."""
