"""Services that change guardians and their authority, and record their answers."""
