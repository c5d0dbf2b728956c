"""Records that are one person: linked by two people, and taken apart by two people."""
