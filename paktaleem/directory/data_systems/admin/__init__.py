"""Console pages for systems and orders."""

from paktaleem.directory.data_systems.admin import alerts, board, orders, systems

__all__ = ["alerts", "board", "orders", "systems"]
