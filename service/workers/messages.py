"""What parent and renderer say to each other, pickled over their pipe.

In a module of their own: the renderer runs as `__main__`, whose classes its parent could not unpickle.
"""

from dataclasses import dataclass

from service.jobs.products import Made, Order


@dataclass(frozen=True, slots=True)
class Ready:
    offers: dict[str, int]


@dataclass(frozen=True, slots=True)
class Stepped:
    index: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Done:
    made: list[Made]


@dataclass(frozen=True, slots=True)
class Broken:
    detail: str


@dataclass(frozen=True, slots=True)
class Start:
    number: int
    order: Order


@dataclass(frozen=True, slots=True)
class Cancel:
    number: int
    index: int
