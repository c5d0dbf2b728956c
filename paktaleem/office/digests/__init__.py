"""Weekly digest for each client: who looked at its data and why, what waits, what is coming."""
