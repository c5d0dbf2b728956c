"""Asking guardians: invitations, reminders, the second confirmation, and their own pages."""
