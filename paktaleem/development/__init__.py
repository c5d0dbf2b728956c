"""Development: the embedded database and the demonstration."""
