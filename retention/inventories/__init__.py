"""Inventories: how many people a system says that it holds, compared with what it reported."""
