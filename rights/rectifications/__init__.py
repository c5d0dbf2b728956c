"""Rectification: statements of people, the correction here, orders to systems, and recipients who are informed."""
