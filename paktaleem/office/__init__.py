"""Office: apps that compose those of the other packages for clients, staff and operators. Nothing below imports them.

From above: demo, onboarding, school_years, sandbox, reports, exits.
"""
