"""The public pages of guardians, from the invitation to their answers."""
