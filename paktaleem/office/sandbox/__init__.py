"""Sandboxes for integrators: clients whose clock can be moved, states forced, and data reset."""
