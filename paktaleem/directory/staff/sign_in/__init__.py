"""Sign-in of staff: password, second factor, lockout and encrypted sessions."""
