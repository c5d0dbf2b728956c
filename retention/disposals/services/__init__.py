"""Services of disposals.

``open_disposal`` disposes of every holding of a client for an app above; ``start_sweep`` flags what rules say is due.
"""
