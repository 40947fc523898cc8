"""What a member, a bank or time does to a subscription at the rehearsal, and the events that tell of it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from billing.memberships.rules import MembershipRules
from billing.payments import PaymentChannel
from core.clock import Clock
from core.database import Sessions
from service.flows.act_at_rehearsal import deliver
from service.flows.empty_inbox import handle_next
from service.rehearsal.biller import OVER
from service.rehearsal.clock import RehearsalClock
from service.rehearsal.objects import Object, Objects
from service.rehearsal.server import Rehearsal

Act = Callable[[Rehearsal, Object], object]

A_MOMENT: Final = timedelta(minutes=1)
TIMES: Final = ("wait_for_notice", "wait_for_renewal")
ACTS: Final[Mapping[str, Act]] = {
    "break_card": lambda there, found: there.biller.break_card(found["id"]),
    "mend_card": lambda there, found: there.biller.mend_card(found["id"]),
    "give_up": lambda there, found: there.biller.give_up(found["id"]),
    "refund_month": lambda there, found: there.bank.refund(_last_payment(there.objects, found) or ""),
}


def possible_subscription_acts(
    rehearsal: Rehearsal, subscription_id: str, *, notice: timedelta
) -> tuple[Object, list[str]]:
    """A subscription, and what can happen to it now. Raises: MissingObjectError."""
    objects = rehearsal.objects
    with objects.lock:
        found = objects.get("subscription", subscription_id)
        if found["status"] in OVER:
            return found, []
        acts: list[str] = []
        if rehearsal.clock is not None:
            is_early = rehearsal.clock() < period_end(found) - notice
            acts += [act for act in TIMES if is_early or act != "wait_for_notice"]
        has_card = objects.get("customer", found["customer"])["_card"] is not None
        acts.append("break_card" if has_card else "mend_card")
        if found["status"] == "past_due":
            acts.append("give_up")
        if _last_payment(objects, found) is not None:
            acts.append("refund_month")
        return found, acts


async def act_on_subscription(
    sessions: Sessions,
    channel: PaymentChannel,
    rehearsal: Rehearsal,
    subscription_id: str,
    name: str,
    *,
    rules: MembershipRules,
    clock: Clock,
) -> None:
    """Do it, bring every event and act on it, so that whoever looks next sees what came of it.

    Nothing when it is not possible. Raises: MissingObjectError.
    """
    with rehearsal.objects.lock:
        found, acts = possible_subscription_acts(rehearsal, subscription_id, notice=rules.notice)
        if name not in acts:
            return
        if name in TIMES and rehearsal.clock is not None:
            _wait(rehearsal.clock, found, name, rules.notice)
        else:
            ACTS[name](rehearsal, found)
        rehearsal.biller.tick()
        rehearsal.objects.save()
    await deliver(sessions, channel, rehearsal, now=clock())
    while await handle_next(sessions, channel, rules=rules, now=clock()) is not None:
        pass


def _wait(clock: RehearsalClock, found: Object, name: str, notice: timedelta) -> None:
    moment = period_end(found) - (notice if name == "wait_for_notice" else timedelta())
    clock.advance_to(moment + A_MOMENT)


def period_end(found: Object) -> datetime:
    """When the running month of a subscription ends."""
    return datetime.fromtimestamp(found["items"]["data"][0]["current_period_end"], UTC)


def _last_payment(objects: Objects, found: Object) -> str | None:
    """The newest payment that can still be refunded."""
    for paid in objects.all("invoice_payment"):
        invoice = objects.get("invoice", paid["invoice"])
        payment = objects.get("payment_intent", paid["payment"]["payment_intent"])
        charge = objects.get("charge", payment["latest_charge"])
        if invoice["_subscription"] == found["id"]:
            return None if charge["refunded"] or charge["disputed"] else str(payment["id"])
    return None
