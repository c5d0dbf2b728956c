"""Rectification: what a person says is wrong, the correction here, orders to systems, and recipients who are told."""
