"""Read a subscription whole: its state now, and every invoice that brings news."""

from billing.memberships import queries as memberships
from billing.memberships.facts import MembershipFacts
from billing.payments import PaymentChannel
from billing.subscriptions import InvoiceReason
from core.database import Sessions


async def read_membership(
    sessions: Sessions, channel: PaymentChannel, subscription_id: str, *, invoice_id: str | None = None
) -> MembershipFacts:
    """What the channel says now; no transaction is open while it is asked.

    All paid invoices that we do not know are read, so that they are taken in the order in which they were
    paid, whichever of them is told of first.

    Args:
        invoice_id: read this one also when it is known: the movement of its money may be news.
    Raises: PaymentsAwayError, UnknownObjectError.
    """
    async with sessions() as session:
        read_at = await memberships.read_clock(session)
        known = await memberships.list_known_invoices(session, channel.name, subscription_id)
    subscription = await channel.read_subscription(subscription_id)
    paid = [one async for one in channel.list_paid_invoices(subscription_id)]
    wanted = [one for one in paid[::-1] if one not in known or one == invoice_id]
    if invoice_id is not None and invoice_id not in wanted:
        wanted.append(invoice_id)
    invoices = [await channel.read_invoice(one) for one in wanted]
    # What somebody billed by hand is for a person to look at, and no reason to leave a renewal untaken.
    ours = [one for one in invoices if one.reason is not InvoiceReason.OTHER or one.id == invoice_id]
    return MembershipFacts(subscription, ours, read_at)
