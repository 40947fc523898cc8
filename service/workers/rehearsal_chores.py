"""What the keeper does at a rehearsal: time passes there too, and its events are brought as Stripe would."""

from billing.payments import PaymentChannel
from service.flows.act_at_rehearsal import deliver
from service.rehearsal.server import Rehearsal
from service.wiring import Services
from service.workers.keeper import Chore


class RehearsalChores:
    """Only in the process that rehearses."""

    def __init__(self, services: Services, channel: PaymentChannel, rehearsal: Rehearsal) -> None:
        self._services = services
        self._channel = channel
        self._rehearsal = rehearsal

    def all(self) -> list[Chore]:
        return [Chore("test events", 1.0, self.deliver)]

    async def deliver(self) -> bool:
        """Renew what is due, and tell of everything that was not told."""
        services, rehearsal = self._services, self._rehearsal
        with rehearsal.objects.lock:
            rehearsal.biller.tick()
        await deliver(services.sessions, self._channel, rehearsal, now=services.clock())
        return False
