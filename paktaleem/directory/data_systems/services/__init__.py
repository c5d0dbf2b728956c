"""Services for systems: registering, issuing orders, recording answers."""
