"""What a work's own record says for its labels, its manifest and its certificate."""

from models.certificate import Certificate
from models.work import Work
from provenance.facts import MiningChoice, SealFacts, makers_of


def produce_id_of(work: Work) -> str:
    """The number in the work's labels; the work's own id where it was made before files were numbered."""
    return str(work.provenance.get("produce_id") or work.id.hex)


def seal_facts(work: Work, certificate: Certificate, producer_code: str | None) -> SealFacts:
    """The same for every file of the work."""
    return SealFacts(
        produce_id=produce_id_of(work),
        producer_code=producer_code,
        source_type=str(work.provenance["source_type"]),
        language=work.language or certificate.language,
        title=work.title,
        made_at=work.created_at,
        made_by=makers_of(work.provenance),
        mining=MiningChoice(certificate.mining),
    )
