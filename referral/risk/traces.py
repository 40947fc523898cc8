"""What of a help is compared with other helps: keyed hashes. The first of each pair is also kept."""

import functools
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from models.risk import RiskSignal, SightingKind
from referral.risk.agents import Agent, AgentKind, read_agent
from referral.risk.attempts import Sender
from referral.risk.networks import AsnTable, DataCentres
from referral.risk.places import find_place
from referral.risk.pseudonyms import Pseudonyms, epoch_of

Hashed = tuple[bytes, ...]  # under the key in force, then under the one before; empty: nothing is known

KEPT_AGENTS: Final = 2048
UNSAID: Final = Agent(AgentKind.BROWSER, "other/other")


class Traces(NamedTuple):
    """devices: of every device that the helper is known on, the one that asks first."""

    agent: Agent = UNSAID
    devices: tuple[Hashed, ...] = ()
    address: Hashed = ()
    network: Hashed = ()
    place: Hashed = ()
    agent_text: Hashed = ()
    mailbox: Hashed = ()
    asn: int | None = None
    is_datacentre: bool = False

    @property
    def device_hashes(self) -> list[bytes]:
        return [found for device in self.devices for found in device]

    def sightings(self) -> list[tuple[SightingKind, bytes]]:
        """What is remembered of where this user was seen."""
        seen = [(SightingKind.DEVICE, device[0]) for device in self.devices]
        places = {
            SightingKind.PLACE: self.place,
            SightingKind.ADDRESS: self.address,
            SightingKind.NETWORK: self.network,
        }
        return seen + [(kind, hashes[0]) for kind, hashes in places.items() if hashes]


class Tracer:
    """Turns what a request gave away into traces; what it was cannot be read from them."""

    def __init__(self, pseudonyms: Pseudonyms, table: AsnTable, centres: DataCentres) -> None:
        self._pseudonyms = pseudonyms
        self._table = table
        self._centres = centres
        # Many have the same browser; everything else is one person's.
        self._agent = functools.lru_cache(KEPT_AGENTS)(
            lambda epoch, text: pseudonyms.hashes(epoch, "agent", text)
        )

    def trace(
        self, sender: Sender, devices: Sequence[bytes], mailbox: str | None, *, now: datetime
    ) -> Traces:
        """devices: hashes as `devices` keeps them. mailbox: the canonical form of a proved contact."""
        hashes, epoch = self._pseudonyms.hashes, epoch_of(now)
        place = find_place(sender.address)
        asn = self._table.find(place.address) if place else None
        text = sender.user_agent
        return Traces(
            agent=read_agent(text),
            devices=tuple(self._pseudonyms.device(epoch, device) for device in devices),
            address=hashes(epoch, "address", place.household) if place else (),
            network=hashes(epoch, "network", place.network) if place else (),
            place=hashes(epoch, "place", place.household, text) if place and text else (),
            agent_text=self._agent(epoch, text) if text else (),
            mailbox=hashes(epoch, "mailbox", mailbox) if mailbox else (),
            asn=asn,
            is_datacentre=place is not None and self._centres.has(place.address, asn),
        )


def kept_traces(signal: RiskSignal, proved: Hashed) -> Traces:
    """What is still known of a help that was weighed before. Of its program and place, that was said then.

    proved: the helper's mailbox as it is hashed now: they may have proved it after the tap.
    """

    def known(stored: bytes | None) -> Hashed:
        return () if stored is None else (stored,)

    return Traces(
        devices=(known(signal.device_hash),) if signal.device_hash else (),
        address=known(signal.address_hash),
        agent_text=known(signal.agent_hash),
        mailbox=known(signal.mailbox_hash) + proved,
    )
