"""How long data is kept (policy §4): rules, holds, the published schedule, and when a holding is due for disposal."""
