"""Ten days of honest helps: who they are, what they share, how fast they tap.

Guesses to be argued with: nothing of this was measured. Where in doubt the guess is harder on the score.

- A quarter of helps stay in the family: 1 to 4 relatives, 7 in 10 of them behind the home's one address, half
  of them with the owner's make of phone, which for iPhones is the same User-Agent to the letter. One in a
  hundred is given on a tablet that the whole family uses, two in a thousand on the owner's own old phone:
  these are refused by the rule that one's own device does not count, and are counted as refused here.
- A fifth come from one campus with two public addresses; a fifth from one city whose carrier has two.
- A quarter are given in classes of 30 in groups of 6 friends, where one in three asks once and four in five
  helps come from the group: rings, and the same few in turns, come about by themselves.
- One in fifty is given within cliques of four best friends who help each other with every link, twice.
- The rest are strangers to each other, and fans in a group chat where 12 tap within three minutes.
- Six in ten are new, none in classes and cliques. One in three of the new makes a work within the first
  day. Of the others half have made works; of those who ask, nine in ten, for their credits are used up.
  Three in ten have a proved contact; three in a thousand a disposable one.
- They tap after 8 seconds in the median (log-normal); one in twenty after 2.
- One in fifty uses a second-hand phone on which somebody else had an account. One in two hundred surfs over
  a rented server; one in a thousand with a browser that sends no User-Agent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

DAYS: Final = 10
EVENING: Final = (18, 23)
IPHONES: Final = [
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_{minor} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    f"Version/{version} Mobile/15E148 Safari/604.1"
    for minor, version in ((6, "26.1"), (6, "26.0"), (5, "18.5"))
]
CHROMES: Final = [
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/{version}.0.0.0 Mobile Safari/537.36"
    for version in (142, 141, 140)
]
WECHATS: Final = [
    f"Mozilla/5.0 (Linux; Android {release}; {model} Build/{release}) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0.60 Weixin NetType/WIFI Language/zh_CN"
    for release in (13, 14, 15)
    for model in (
        "V2309A",
        "PJD110",
        "23127PN0CC",
        "ALN-AL00",
        "SM-S9280",
        "PGT-AN20",
        "RMX5010",
        "24031PN0DC",
    )
]
DESKTOPS: Final = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/{version}.0.0.0 Safari/537.36"
    for version in (142, 141)
]
CAMPUS: Final = ["59.77.10.1", "59.77.10.2"]
CARRIER: Final = ["117.136.40.7", "117.136.40.8"]
RENTED: Final = "167.99.12.34"


@dataclass
class Person:
    """created_days: before the ten days, for who has an account; None: they come because of the link."""

    number: int
    device: str
    agent: str | None
    home: str
    created_days: float | None
    works: int = 0
    mailbox: str | None = None


@dataclass(frozen=True)
class Tap:
    """One honest help. `group` names why these two know each other; `round`: which of the owner's links."""

    at: datetime
    group: str
    owner: Person
    helper: Person
    is_new: bool
    address: str
    device: str
    seconds: float
    makes_work: bool
    round: int = 0


class Population:
    """People as they are needed, and their taps in order of time."""

    def __init__(self, seed: int, start: datetime) -> None:
        self._random = Random(seed)
        self._start = start
        self.people: list[Person] = []

    def taps(self, count: int) -> list[Tap]:
        """`count` helps in order of time."""
        makers = [
            (0.25, self._family),
            (0.20, self._campus),
            (0.20, self._city),
            (0.25, self._school_class),
            (0.02, self._clique),
            (0.08, self._strangers),
        ]
        taps: list[Tap] = []
        for share, make in makers:
            group: list[Tap] = []
            while len(group) < round(share * count):
                group += make()
            taps += group[: round(share * count)]
        return sorted(taps, key=lambda tap: tap.at)

    # --- groups ---

    def _family(self) -> Iterator[Tap]:
        home = self._household()
        owner = self._ask(self._person(home=home))
        tablet, at = self._device(), self._moment()
        for _ in range(self._random.randint(1, 4)):
            agent = owner.agent if self._chance(0.5) else self._agent()
            helper = self._person(home=home, agent=agent, is_new=self._chance(0.6))
            device = helper.device
            if self._chance(0.01):
                device = tablet  # the second of them to use it stands out
            elif self._chance(0.002):
                device = owner.device
            at += timedelta(minutes=self._random.expovariate(1 / 40))
            yield self._tap("family", owner, helper, at, home if self._chance(0.7) else None, device)

    def _campus(self) -> Iterator[Tap]:
        yield from self._posted("campus", lambda: self._random.choice(CAMPUS))

    def _city(self) -> Iterator[Tap]:
        yield from self._posted("city", lambda: self._random.choice(CARRIER))

    def _posted(self, group: str, address: Callable[[], str]) -> Iterator[Tap]:
        """A link in front of friends who share addresses with thousands."""
        owner, at = self._ask(self._person(home=address())), self._moment()
        for _ in range(self._random.randint(2, 5)):
            at += timedelta(minutes=self._random.expovariate(1 / 25))
            helper = self._person(home=address(), is_new=self._chance(0.6))
            yield self._tap(group, owner, helper, at, address())

    def _school_class(self) -> Iterator[Tap]:
        pupils = [self._person(home=self._household()) for _ in range(30)]
        for owner in self._random.sample(pupils, 10):
            self._ask(owner)
            first = owner.number - (owner.number - pupils[0].number) % 6
            friends = {pupil.number: pupil for pupil in pupils if first <= pupil.number < first + 6}
            helpers: dict[int, Person] = {}
            for _ in range(self._random.randint(3, 5)):
                among = friends.values() if self._chance(0.8) else pupils
                helper = self._random.choice(list(among))
                helpers |= {helper.number: helper} if helper is not owner else {}
            at = self._moment()
            for helper in helpers.values():
                at += timedelta(minutes=self._random.expovariate(1 / 60))
                yield self._tap("class", owner, helper, at, None)

    def _clique(self) -> Iterator[Tap]:
        friends = [self._person(home=self._household()) for _ in range(4)]
        for number, owner in enumerate(friends * 2):
            self._ask(owner)
            at = self._moment()
            for helper in friends:
                if helper is not owner:
                    at += timedelta(minutes=self._random.expovariate(1 / 60))
                    yield replace(self._tap("clique", owner, helper, at, None), round=number)

    def _strangers(self) -> Iterator[Tap]:
        owner, at = self._ask(self._person(home=self._household())), self._moment()
        is_chat = self._chance(0.2)
        for _ in range(12 if is_chat else 3):
            at += timedelta(seconds=self._random.expovariate(1 / (15 if is_chat else 3000)))
            helper = self._person(home=self._household(), is_new=self._chance(0.6))
            yield self._tap("chat" if is_chat else "strangers", owner, helper, at, None)

    # --- people ---

    def _person(self, *, home: str, agent: str | None = None, is_new: bool = False) -> Person:
        chance, number = self._chance, len(self.people)
        created = None if is_new else self._random.uniform(0.1, 200)
        mailbox = f"someone{number}@example.com" if chance(0.3) else None
        if chance(0.003):
            mailbox = f"someone{number}@mailinator.com"
        person = Person(
            number,
            self._device(),
            None if chance(0.001) else agent or self._agent(),
            home,
            created,
            works=self._random.randint(1, 3) if created is not None and chance(0.5) else 0,
            mailbox=mailbox,
        )
        self.people.append(person)
        return person

    def _ask(self, owner: Person) -> Person:
        """Nine in ten have used up their credits; one in ten asks beforehand."""
        owner.works = 3 if self._chance(0.9) else owner.works
        return owner

    def _tap(
        self,
        group: str,
        owner: Person,
        helper: Person,
        at: datetime,
        home: str | None,
        device: str | None = None,
    ) -> Tap:
        address = home or (helper.home if self._chance(0.5) else self._random.choice(CARRIER))
        if self._chance(0.005):
            address = RENTED
        if self._chance(0.02):
            device = self._person(home=helper.home).device  # second-hand
        is_new = helper.created_days is None
        return Tap(
            at,
            group,
            owner,
            helper,
            is_new,
            address,
            device or helper.device,
            self._random.lognormvariate(0.7, 0.5)
            if self._chance(0.05)
            else self._random.lognormvariate(2.1, 0.9),
            makes_work=is_new and self._chance(1 / 3),
        )

    def _agent(self) -> str:
        kind = self._random.random()
        if kind < 0.3:
            return self._random.choices(IPHONES, (55, 30, 15))[0]
        if kind < 0.6:
            return self._random.choices(CHROMES, (60, 30, 10))[0]
        return self._random.choice(WECHATS if kind < 0.9 else DESKTOPS)

    def _household(self) -> str:
        """One of 200 networks, so that neighbours share a /24."""
        return f"36.{self._random.randrange(4)}.{self._random.randrange(50)}.{self._random.randrange(1, 255)}"

    def _device(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _moment(self) -> datetime:
        """Seven in ten in the evening."""
        hours = EVENING if self._chance(0.7) else (8, 24)
        hour = self._random.uniform(*hours)
        return self._start + timedelta(days=self._random.randrange(DAYS), hours=hour)
