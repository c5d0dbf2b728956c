"""Services of consent forms and of the answers that are typed in."""
