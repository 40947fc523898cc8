"""What certificates and exports are made of: the work as its owner has it, and its stored files."""

from sqlalchemy.ext.asyncio import AsyncSession

from models.certificate import Certificate
from models.work import Work, WorkFile
from service.certificates.errors import CannotBeMadeError
from service.storage.store import FileStore
from service.works import queries as works
from service.works.errors import WorkNotFoundError


async def get_certified_work(session: AsyncSession, certificate: Certificate) -> Work:
    """Raises: CannotBeMadeError: it was erased."""
    if certificate.work_id is None or certificate.owner_id is None:
        raise CannotBeMadeError("erased")
    try:
        return await works.get_work(session, certificate.work_id, owner_id=certificate.owner_id)
    except WorkNotFoundError as error:
        raise CannotBeMadeError("erased") from error


async def read_source(store: FileStore, file: WorkFile) -> bytes:
    """Raises: CannotBeMadeError: the store has it no more."""
    try:
        return await store.read_whole(file.object_key)
    except FileNotFoundError as error:
        raise CannotBeMadeError("gone") from error
