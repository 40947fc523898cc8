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

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.risk import RiskDecision
from referral.risk import queries
from referral.risk.attempts import HelpAttempt, Sender
from referral.risk.gathering import distinct_devices, gather, regather
from referral.risk.pseudonyms import Pseudonyms, epoch_of
from referral.risk.scoring import judge, remember, weigh
from referral.risk.traces import Tracer, Traces
from referral.risk.verdicts import Reason, Verdict
from referral.risk.weights import Weights
from referral.risk.windows import VelocityWindows


@dataclass(frozen=True, slots=True)
class Assessor:
    """One per process. is_shadow: verdicts are kept, and nobody is held or denied by them."""

    pseudonyms: Pseudonyms
    tracer: Tracer
    windows: VelocityWindows
    weights: Weights
    digest: str  # of the weights
    is_shadow: bool = False

    async def note_owner(
        self, session: AsyncSession, owner_id: UUID, sender: Sender, *, now: datetime
    ) -> None:
        """Remember where a link's owner was seen, as keyed hashes for at most 180 days."""
        known = await queries.read_people(session, [owner_id])
        devices = distinct_devices(self._sent_device(sender), [device for _, device in known.devices])
        traces = self.tracer.trace(sender, devices, None, now=now)
        await queries.note_sightings(session, owner_id, traces.sightings(), epoch=epoch_of(now), now=now)

    async def is_device_known(
        self, session: AsyncSession, device_id: str, *, user_id: UUID, now: datetime
    ) -> bool:
        """Whether anybody but this user was seen on the device in the last 90 to 180 days."""
        stored = self.pseudonyms.stored_device(device_id)
        return await self.is_stored_device_known(session, stored, user_id=user_id, now=now)

    async def is_stored_device_known(
        self, session: AsyncSession, stored: bytes, *, user_id: UUID, now: datetime
    ) -> bool:
        """As `is_device_known`, by the hash under which a guest's device is kept: also after they left."""
        known = await queries.read_people(session, [user_id], stored)
        if any(device == stored and owner_id != user_id for owner_id, device in known.devices):
            return True
        return await queries.is_seen_on(session, self.pseudonyms.device(stored, now=now), besides=user_id)

    async def weigh_help(self, session: AsyncSession, attempt: HelpAttempt, *, now: datetime) -> Verdict:
        """Score one help and keep why. Counts it in the velocity windows, also when the caller rolls back.

        Holds when Redis is away: what cannot be counted is not waved through.
        """
        gathered = await gather(
            session, self.windows, self.tracer, attempt, self._sent_device(attempt.sender), now=now
        )
        verdict = weigh(gathered.signals, self.weights, is_shadow=self.is_shadow)
        await queries.keep(
            session,
            {
                **_signal_values(attempt, gathered.traces, now),
                **self._verdict_values(attempt.help_id, verdict, now),
                **queries.sighting_values(gathered.traces.sightings()),
            },
        )
        return verdict

    async def reweigh_help(self, session: AsyncSession, help_id: UUID, *, now: datetime) -> Verdict:
        """Score a weighed help again by what is known now; a reason that once spoke is not forgotten.

        A help whose signals were purged is allowed.
        """
        signal = await queries.find_signal(session, help_id)
        kept = await queries.find_verdict(session, help_id)
        if signal is None or kept is None:
            return Verdict(RiskDecision.ALLOW, 0, (), self.is_shadow)
        signals = await regather(session, self.pseudonyms, signal, now=now)
        before = [Reason.from_json(reason) for reason in kept.reasons["reasons"]]
        verdict = judge(
            remember(before, weigh(signals, self.weights).reasons), self.weights, is_shadow=self.is_shadow
        )
        if _to_json(verdict.reasons) != kept.reasons:
            await queries.add_verdict(session, self._verdict_values(help_id, verdict, now))
        return verdict

    async def explain(
        self, session: AsyncSession, help_ids: Sequence[UUID], language: str
    ) -> dict[UUID, list[dict[str, Any]]]:
        """For reviewers: the reasons of the latest verdict on each help, [{code, points, evidence, text}]."""
        verdicts = await queries.list_verdicts(session, help_ids)
        return {
            help_id: [
                reason | {"text": self.weights.explain(reason["code"], language)}
                for reason in verdict.reasons["reasons"]
            ]
            for help_id, verdict in verdicts.items()
        }

    def _sent_device(self, sender: Sender) -> bytes | None:
        return self.pseudonyms.stored_device(sender.device_id) if sender.device_id else None

    def _verdict_values(self, help_id: UUID, verdict: Verdict, now: datetime) -> dict[str, Any]:
        return {
            "verdict_id": new_id(),
            "help_id": help_id,
            "decision": verdict.decision.value,
            "score": verdict.score,
            "is_shadow": verdict.is_shadow,
            "reasons": json.dumps(_to_json(verdict.reasons)),
            "weights": self.digest,
            "now": now,
        }


def _to_json(reasons: Sequence[Reason]) -> dict[str, Any]:
    return {"reasons": [reason.to_json() for reason in reasons]}


def _signal_values(attempt: HelpAttempt, traces: Traces, now: datetime) -> dict[str, Any]:
    def first(hashes: tuple[bytes, ...]) -> bytes | None:
        return hashes[0] if hashes else None

    return {
        "help_id": attempt.help_id,
        "link_id": attempt.link_id,
        "owner_id": attempt.owner_id,
        "helper_id": attempt.helper_id,
        "epoch": epoch_of(now),
        "is_new": attempt.is_new,
        "device_hash": first(traces.devices[0]) if traces.devices else None,
        "address_hash": first(traces.address),
        "network_hash": first(traces.network),
        "agent_hash": first(traces.agent_text),
        "mailbox_hash": first(traces.mailbox),
        "agent": traces.agent.family,
        "asn": traces.asn,
        "tap_seconds": attempt.tap_seconds,
        "sign_up_seconds": attempt.sign_up_seconds,
    }
