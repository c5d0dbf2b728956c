"""A client's declared procedures for children (policy §8), as frozen values. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeclaredProcedure:
    """A client's declared procedure to verify ages (`kind` age) or obtain guardian consent (`consent`), policy §8.

    `description_ur` is the Urdu text, empty if there is none; `reference` names the document that describes the
    procedure.
    """

    kind: str
    description: str
    description_ur: str
    reference: str


@dataclass(frozen=True, slots=True)
class ClientDeclarations:
    """A client's declared procedures for children, with its name and postal address."""

    client: str
    address: str = ""
    mechanisms: tuple[DeclaredProcedure, ...] = ()

    def of(self, kind: str) -> DeclaredProcedure | None:
        """Find the declared procedure of a kind."""
        return next((rule for rule in self.mechanisms if rule.kind == kind), None)
