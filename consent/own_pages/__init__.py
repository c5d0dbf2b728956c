"""Pages on which people and guardians decide for themselves."""
