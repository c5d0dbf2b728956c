"""Selectors of the retention schedule: rules, gaps, holds, due dates and the effect of a change."""
