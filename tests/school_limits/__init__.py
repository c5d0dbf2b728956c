"""Staff limited to schools: what they do, and attacks across the schools of a client."""
