"""Weighs helps: gathers signals, scores them, keeps the verdict with its reasons.

For the flows: `services.risk` is the process's `Assessor`. It never opens or ends a transaction.

- `note_owner` when a link is made: on which device and network its owner is.
- `weigh_helps` for helps that come in together, then write what it has `kept` beside them. Do what
  `verdict.effect` says: allow, hold (the help waits in the review queue), deny. Decide by `effect`, not
  `decision`: in shadow mode everything is allowed.
- `reweigh_help` just before a help is rewarded: rings, stars and crowds show only when more helps came.
- `note_leaving` before an account is closed: what its helper had proved stays known.

Tests: a client library's User-Agent (python-httpx) is held as a script, so send a browser's. Loopback and
private addresses say nothing of a network and cost nothing.
"""

import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from core.statements import SessionStatements, Statements
from models.risk import RiskDecision, RiskVerdict
from referral.risk import queries
from referral.risk.attempts import HelpAttempt, Sender
from referral.risk.gathering import Gathered, Paces, distinct_devices, gather, keep_mailbox, regather
from referral.risk.pseudonyms import Pseudonyms, epoch_of
from referral.risk.queries import People
from referral.risk.scoring import judge, remember, weigh
from referral.risk.traces import Hashed, Tracer
from referral.risk.verdicts import Reason, Verdict
from referral.risk.weights import Weights
from referral.risk.windows import VelocityWindows


class Weighed(NamedTuple):
    gathered: Gathered
    verdict: Verdict


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
        statements = SessionStatements(session)
        people = await queries.read_people(statements, [owner_id])
        devices = distinct_devices(self.sent_device(sender), people.devices.get(owner_id, ()))
        traces = self.tracer.trace(sender, devices, None, now=now)
        sightings = [(owner_id, kind, hashed) for kind, hashed in traces.sightings()]
        await queries.note_sightings(statements, sightings, epoch=epoch_of(now), now=now)

    async def weigh_helps(
        self,
        statements: Statements,
        attempts: Sequence[HelpAttempt],
        sent: Sequence[bytes | None],
        people: People,
        *,
        came: Container[UUID] = (),
        paces: Paces,
        now: datetime,
    ) -> list[Weighed]:
        """Score helps that come in together. Counts each in the velocity windows, also when nothing is kept.

        Holds when Redis is away: what cannot be counted is not waved through. The rest: see `gather`.
        """
        gathered = await gather(
            statements, self.windows, self.tracer, attempts, sent, people, came=came, paces=paces, now=now
        )
        return [Weighed(one, weigh(one.signals, self.weights, is_shadow=self.is_shadow)) for one in gathered]

    def kept(self, weighed: Sequence[Weighed], *, now: datetime) -> dict[str, Any]:
        """Verdicts with their reasons, signals, and where the helpers were seen.

        Returns: the values of `KEEP`, but for who helped whom.
        """
        attempts = [one.gathered.attempt for one in weighed]
        traces = [one.gathered.traces for one in weighed]
        verdicts = [one.verdict for one in weighed]
        sightings = [
            (attempt.helper_id, kind, hashed)
            for attempt, left in zip(attempts, traces, strict=True)
            for kind, hashed in left.sightings()
        ]
        return queries.sighting_columns(sightings) | {
            "tap_seconds": [one.tap_seconds for one in attempts],
            "sign_up_seconds": [one.sign_up_seconds for one in attempts],
            "device_hashes": [_first(left.devices[0]) if left.devices else None for left in traces],
            "address_hashes": [_first(left.address) for left in traces],
            "network_hashes": [_first(left.network) for left in traces],
            "agent_hashes": [_first(left.agent_text) for left in traces],
            "mailbox_hashes": [_first(left.mailbox) for left in traces],
            "agents": [left.agent.family for left in traces],
            "asns": [left.asn for left in traces],
            "verdict_ids": [new_id() for _ in verdicts],
            "decisions": [one.decision.value for one in verdicts],
            "scores": [one.score for one in verdicts],
            "reasons": [json.dumps(_to_json(one.reasons)) for one in verdicts],
            "weights_digest": self.digest,
            "is_shadow": self.is_shadow,
            "epoch": epoch_of(now),
            "now": now,
        }

    async def weigh_help(self, session: AsyncSession, attempt: HelpAttempt, *, now: datetime) -> Verdict:
        """One help, scored and kept in the session's transaction."""
        statements, sent = SessionStatements(session), self.sent_device(attempt.sender)
        people = await queries.read_people(
            statements, (attempt.owner_id, attempt.helper_id), [sent] if sent else []
        )
        weighed = await self.weigh_helps(statements, [attempt], [sent], people, paces={}, now=now)
        helped = {
            "ids": [attempt.help_id],
            "link_ids": [attempt.link_id],
            "owner_ids": [attempt.owner_id],
            "helper_ids": [attempt.helper_id],
            "are_new": [attempt.is_new],
        }
        await queries.keep(statements, self.kept(weighed, now=now) | helped)
        return weighed[0].verdict

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
            session.add(
                RiskVerdict(
                    help_id=help_id,
                    decision=verdict.decision,
                    score=verdict.score,
                    reasons=_to_json(verdict.reasons),
                    is_shadow=self.is_shadow,
                    weights=self.digest,
                    created_at=now,
                )
            )
            await session.flush()
        return verdict

    async def note_leaving(self, session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
        """Call before somebody's contacts are erased: whoever proves their mailbox next is no new person."""
        await keep_mailbox(session, self.pseudonyms, user_id, now=now)

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

    def sent_device(self, sender: Sender) -> bytes | None:
        """The device that a request names, as `devices` keeps it."""
        return self.pseudonyms.stored_device(sender.device_id) if sender.device_id else None


def _to_json(reasons: Sequence[Reason]) -> dict[str, Any]:
    return {"reasons": [reason.to_json() for reason in reasons]}


def _first(hashes: Hashed) -> bytes | None:
    return hashes[0] if hashes else None
