"""Services of the retention schedule: rules and holds."""
