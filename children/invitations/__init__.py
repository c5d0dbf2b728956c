"""Invitations of guardians, reminders, second confirmations, and the guardians' own pages."""
