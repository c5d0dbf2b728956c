"""Services for sandboxes: clock, states, orders, reset."""
