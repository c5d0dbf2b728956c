"""Erasures of people: preview, two people, cooling-off, orders, verification and certificate."""
