"""Services of consent forms, answer sheets and the matching queue."""
