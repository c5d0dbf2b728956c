"""Services for people: registering, revealing, erasing, readmitting, changing ages."""
