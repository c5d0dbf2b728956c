"""Who is a child, who may act for them, on a given day (policy §8)."""
