"""What the keeper does about money that others hold: events, the daily sweep, gauges."""

from typing import Final

import structlog

from billing.orders import queries as orders
from billing.payments import PaymentChannel, PaymentsAwayError
from service import metrics
from service.flows.empty_inbox import handle_next
from service.flows.pass_membership_time import pass_membership_time
from service.flows.return_money import return_money
from service.flows.sweep_payments import sweep_payments
from service.inbox import queries as inbox
from service.wiring import Services
from service.workers.keeper import Chore

log = structlog.get_logger()

BATCH: Final = 50
SWEEP_SECONDS: Final = 24 * 3600.0


class PaymentChores:
    """Nothing to do where nobody takes money."""

    def __init__(self, services: Services, channel: PaymentChannel) -> None:
        self._services = services
        self._channel = channel

    def all(self) -> list[Chore]:
        return [
            Chore("inbox", 1.0, self.empty_inbox),
            Chore("returns", 5.0, self.return_money),
            Chore("membership time", 15.0, self.pass_membership_time),
            Chore("payment sweep", SWEEP_SECONDS, self.sweep),
            Chore("payment gauges", 15.0, self.measure),
        ]

    async def empty_inbox(self) -> bool:
        services = self._services
        return (
            await handle_next(services.sessions, self._channel, rules=services.rules, now=services.clock())
            is not None
        )

    async def return_money(self) -> bool:
        """Give back what must not be kept, and end subscriptions that must not charge again."""
        services = self._services
        return await return_money(
            services.sessions, self._channel, rules=services.rules, now=services.clock()
        )

    async def pass_membership_time(self) -> bool:
        """End graces and memberships that are over, and begin months that were paid in advance."""
        services = self._services
        return await pass_membership_time(
            services.sessions, rules=services.rules, now=services.clock(), limit=BATCH
        )

    async def sweep(self) -> bool:
        services = self._services
        try:
            swept = await sweep_payments(
                services.sessions, self._channel, rules=services.rules, now=services.clock()
            )
        except PaymentsAwayError as error:
            log.warning("sweep.payments_away", reason=error.reason)
            return False
        for currency, gap_minor in swept.gaps.items():
            metrics.CLEARING_GAP.labels(currency).set(gap_minor)
            if gap_minor:
                log.error("sweep.clearing_gap", currency=currency, gap_minor=gap_minor)
        log.info("sweep.done", looked_at=swept.looked_at, healed=len(swept.healed), faults=len(swept.faults))
        return False

    async def measure(self) -> bool:
        async with self._services.sessions() as session:
            counts = await inbox.count_open(session)
            owed = await orders.count_owed_back(session)
        for state, count in counts.items():
            metrics.INBOX_EVENTS.labels(state.value).set(count)
        for name, count in zip(("under_way", "again", "given_up"), owed, strict=True):
            metrics.RETURNS.labels(name).set(count)
        return False
