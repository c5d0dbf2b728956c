"""Paths of the decision endpoints (OpenID AuthZEN Authorization API 1.0), for routes, middleware and descriptions."""

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
METADATA = "/.well-known/authzen-configuration"
