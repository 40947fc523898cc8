"""One thing that a buyer or a bank does at the rehearsal, and the events that tell us of it."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from billing.payments import PaymentChannel
from billing.stripe_signatures import sign
from core.database import Sessions
from service.flows.receive_event import receive_event
from service.rehearsal.objects import MissingObjectError, Object, Objects
from service.rehearsal.server import Rehearsal

Act = Callable[[Rehearsal, Object], object]

BUYERS: Final[Mapping[str, Act]] = {
    "pay": lambda there, session: there.bank.pay(session["id"]),
    "promise": lambda there, session: there.bank.promise(session["id"]),
    "decline": lambda there, session: there.bank.decline(session["id"]),
    "expire": lambda there, session: there.bank.expire(session["id"]),
}
SUBSCRIBERS: Final[Mapping[str, Act]] = {
    "subscribe": lambda there, session: there.biller.begin(session["id"], card=f"fp_{session['id']}"),
    "subscribe_shared": lambda there, session: there.biller.begin(session["id"]),
    "decline": BUYERS["decline"],
    "expire": BUYERS["expire"],
}
UNDER_WAY: Final[Mapping[str, Act]] = {
    "keep_promise": lambda there, session: there.bank.keep_promise(session["id"]),
    "break_promise": lambda there, session: there.bank.break_promise(session["id"]),
}
BANKS: Final[Mapping[str, Act]] = {
    "refund": lambda there, session: there.bank.refund(session["payment_intent"]),
    "dispute": lambda there, session: there.bank.dispute(session["payment_intent"]),
}
DISPUTED: Final[Mapping[str, Act]] = {
    "win_dispute": lambda there, session: there.bank.win_dispute(_dispute_of(there.objects, session)["id"]),
    "lose_dispute": lambda there, session: there.bank.lose_dispute(_dispute_of(there.objects, session)["id"]),
}


def possible_acts(objects: Objects, session_id: str) -> tuple[Object, Mapping[str, Act]]:
    """A checkout, and what can be done about it now. Raises: MissingObjectError."""
    with objects.lock:
        session = objects.get("checkout.session", session_id)
        if session["status"] == "open":
            return session, SUBSCRIBERS if session["mode"] == "subscription" else BUYERS
        if session["status"] == "expired" or session["mode"] == "subscription":
            return session, {}
        payment = objects.get("payment_intent", session["payment_intent"])
        if payment["status"] != "succeeded":
            return session, UNDER_WAY if payment["status"] == "processing" else {}
        charge = objects.get("charge", payment["latest_charge"])
        if charge["disputed"]:
            is_open = _dispute_of(objects, session)["status"] == "needs_response"
            return session, DISPUTED if is_open else {}
        return session, {} if charge["refunded"] else BANKS


async def act(
    sessions: Sessions,
    channel: PaymentChannel,
    rehearsal: Rehearsal,
    session_id: str,
    name: str,
    *,
    now: datetime,
) -> Object | None:
    """Do it, and bring every event that was not brought yet; the checkout, or None when it is not possible.

    Raises: MissingObjectError.
    """
    with rehearsal.objects.lock:
        session, acts = possible_acts(rehearsal.objects, session_id)
        if name not in acts:
            return None
        acts[name](rehearsal, session)
        rehearsal.objects.save()
    await deliver(sessions, channel, rehearsal, now=now)
    return session


async def deliver(
    sessions: Sessions, channel: PaymentChannel, rehearsal: Rehearsal, *, now: datetime
) -> None:
    """Bring every event that was not brought yet, as Stripe's webhooks do."""
    with rehearsal.objects.lock:
        waiting = [event for event in rehearsal.objects.all("event")[::-1] if event["pending_webhooks"]]
    for event in waiting:
        body = json.dumps(event).encode()
        async with sessions.begin() as database:
            await receive_event(database, channel, body, sign(body, rehearsal.webhook_secret, now), now=now)
        event["pending_webhooks"] = 0
    if waiting:
        rehearsal.objects.save()


def _dispute_of(objects: Objects, session: Object) -> Object:
    for dispute in objects.all("dispute"):
        if dispute["payment_intent"] == session["payment_intent"]:
            return dispute
    raise MissingObjectError("No such dispute")
