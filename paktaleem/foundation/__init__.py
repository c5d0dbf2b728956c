"""Foundation: apps that know no app above them."""
