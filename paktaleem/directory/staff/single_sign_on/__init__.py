"""Single sign-on of clients' staff by OpenID Connect."""
