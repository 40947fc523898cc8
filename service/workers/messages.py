"""What parent and renderer say to each other, pickled over their pipe.

`number` is the parent's for one attempt at one work. In a module of their own: the renderer runs as
`__main__`, whose classes its parent could not unpickle.
"""

from dataclasses import dataclass

from service.jobs.products import Made, Order


@dataclass(frozen=True, slots=True)
class Start:
    """Make this work; it may ride with others that were started and have not left yet."""

    number: int
    order: Order


@dataclass(frozen=True, slots=True)
class Cancel:
    number: int


@dataclass(frozen=True, slots=True)
class Ready:
    """offers: the largest pass by kind."""

    offers: dict[str, int]


@dataclass(frozen=True, slots=True)
class Broken:
    """The renderer could not start."""

    detail: str


@dataclass(frozen=True, slots=True)
class Stepped:
    number: int
    step: int
    steps: int


@dataclass(frozen=True, slots=True)
class Told:
    """A part of the work that is finished and was screened."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Passed:
    """One pass came back from the device."""

    kind: str
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    number: int
    made: Made


Wish = Start | Cancel
News = Ready | Broken | Stepped | Told | Passed | Done
