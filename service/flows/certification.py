"""Everything that certifying needs, put together once for a process."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Self

from core.clock import Clock
from core.database import Sessions
from core.tasks import end
from provenance.credentials.signers import ClaimSigner
from provenance.keyring import Keyring
from service.certificates.bench import Bench
from service.flows.bundle_export import PaperMaker
from service.flows.export_work import ExportMaker
from service.flows.make_certificate import CertificateMaker
from service.storage.store import FileStore
from service.transparency.growing import LogGrower


@dataclass(frozen=True, slots=True)
class Certification:
    """The log that grows, and what makes certificates and exports."""

    keyring: Keyring
    grower: LogGrower
    certificates: CertificateMaker
    exports: ExportMaker
    papers: PaperMaker
    running: set[asyncio.Task[None]] = field(default_factory=set)

    def begin(self, making: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Make something beside the request that asked for it; it goes on when that has been answered."""
        task = asyncio.create_task(making)
        self.running.add(task)  # the loop alone would let it be forgotten
        task.add_done_callback(self.running.discard)
        return task

    async def close(self) -> None:
        """End what was begun; the keeper takes it up. Whoever opened the bench closes it afterwards."""
        for task in list(self.running):
            await end(task)

    @classmethod
    def over(
        cls,
        sessions: Sessions,
        store: FileStore,
        keyring: Keyring,
        signer: ClaimSigner,
        clock: Clock,
        bench: Bench,
        *,
        producer_code: str | None,
        public_url: str | None,
        own_url: str,
    ) -> Self:
        """producer_code: the operator's, for implicit labels. public_url, own_url: where pages are found."""
        grower = LogGrower(sessions, store, keyring.log, clock)
        common = (signer, grower, clock, bench)
        return cls(
            keyring=keyring,
            grower=grower,
            certificates=CertificateMaker(sessions, store, keyring, *common, producer_code=producer_code),
            exports=ExportMaker(sessions, store, *common, producer_code=producer_code),
            papers=PaperMaker(sessions, store, keyring, bench, public_url=public_url, own_url=own_url),
        )
