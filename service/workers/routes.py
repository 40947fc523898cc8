"""Which backends serve which kind for which tier: the first that is there."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from generators.contracts import Backend
from generators.specs import Kind

EVERYBODY: Final = ""  # the name of the route of tiers that have none of their own

Route = Sequence[Backend]


@dataclass(frozen=True, slots=True)
class Routes:
    """by_kind: for everybody; a kind without a route is left to other workers. by_tier: for some tiers."""

    by_kind: Mapping[Kind, Route]
    by_tier: Mapping[str, Mapping[Kind, Route]] = field(default_factory=dict)

    def name_of(self, kind: Kind, tier: str) -> str:
        """Requests of equal name are served by the same backends."""
        return tier if kind in self.by_tier.get(tier, {}) else EVERYBODY

    def route(self, kind: Kind, tier: str) -> Route:
        """Whom to ask, in order. Raises: KeyError for a kind that was never offered."""
        return self.by_tier.get(tier, {}).get(kind) or self.by_kind[kind]

    def offers(self) -> dict[str, int]:
        """The largest pass by kind that every backend of its routes takes."""
        return {kind.value: min(backend.max_batch for backend in self._all(kind)) for kind in self.by_kind}

    def only(self, kinds: Set[Kind]) -> "Routes":
        """The same for some kinds; the others are left to other workers."""
        return Routes(
            {kind: route for kind, route in self.by_kind.items() if kind in kinds},
            {
                tier: {kind: route for kind, route in routes.items() if kind in kinds}
                for tier, routes in self.by_tier.items()
            },
        )

    def _all(self, kind: Kind) -> list[Backend]:
        routes = [self.by_kind[kind], *(tier[kind] for tier in self.by_tier.values() if kind in tier)]
        return [backend for route in routes for backend in route]
