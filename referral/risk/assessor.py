"""Weighs helps: gathers signals, scores them, keeps the verdict with its reasons.

For the flows: `services.risk` is the process's `Assessor`. It never opens or ends a transaction.

- `note_owner` when a link is made: on which device and network its owner is.
- `is_device_known` for the snapshot at the tap: a device that carried another account is not a new person's.
- `weigh_help` once per help, after its row is inserted. Do what `verdict.effect` says: allow, hold (the help
  waits in the review queue), deny. Decide by `effect`, not `decision`: in shadow mode everything is allowed.
- `reweigh_help` just before a help is rewarded: rings, stars and crowds show only when more helps came.

Tests: a client library's User-Agent (python-httpx) is held as a script, so send a browser's. Loopback and
private addresses say nothing of a network and cost nothing.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from referral.risk.attempts import HelpAttempt, Sender
from referral.risk.verdicts import Verdict


class Assessor:
    """One per process."""

    async def note_owner(
        self, session: AsyncSession, owner_id: UUID, sender: Sender, *, now: datetime
    ) -> None:
        """Remember where a link's owner was seen, as keyed hashes for at most 180 days."""
        raise NotImplementedError

    async def is_device_known(
        self, session: AsyncSession, device_id: str, *, user_id: UUID, now: datetime
    ) -> bool:
        """Whether anybody but this user was seen on the device in the last 90 to 180 days."""
        raise NotImplementedError

    async def weigh_help(self, session: AsyncSession, attempt: HelpAttempt, *, now: datetime) -> Verdict:
        """Score one help and keep why. Counts it in the velocity windows, also when the caller rolls back.

        Holds when Redis is away: what cannot be counted is not waved through.
        """
        raise NotImplementedError

    async def reweigh_help(self, session: AsyncSession, help_id: UUID, *, now: datetime) -> Verdict:
        """Score a weighed help again by what is known now; a reason that once spoke is not forgotten.

        An unknown help (older than 180 days) is allowed.
        """
        raise NotImplementedError
