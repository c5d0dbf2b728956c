"""Systems and orders in the console."""

from paktaleem.systems.admin import board, orders, systems

__all__ = ["board", "orders", "systems"]
