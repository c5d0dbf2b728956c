"""How a restriction and an objection end: a notice before the lift, and an overruling by two officers."""
