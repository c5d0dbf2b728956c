"""Services of the breach register: record, assess, write, remind, close."""
