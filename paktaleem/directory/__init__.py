"""Directory: people, rosters, data systems, and the ways to reach them."""
