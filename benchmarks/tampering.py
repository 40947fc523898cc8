"""What is said of files that were tampered with: `python -m benchmarks.tampering`. The suite demands it."""

from provenance.evidence import Evidence
from provenance.examining import examine
from provenance.fingerprints import fingerprint
from provenance.looks import Suppositions
from provenance.similar.index import FingerprintIndex
from provenance.verification.judging import judge
from tests.factories.certified import certified, operator, painted
from tests.factories.tampering import EVERYTHING, MATRIX, PICTURES, Tampering


def answers(tampering: Tampering, media_type: str) -> tuple[str, str, bool | None]:
    """What is said without the bundle and with it, and whether the picture is found by its looks."""
    tampered = tampering.make(certified(media_type))
    trust = operator().trust
    examination = examine(tampered.content, trust.credentials)
    alone = judge(examination, Evidence(), trust).answer
    bundled = judge(examination, tampered.evidence, trust).answer
    return alone.value, bundled.value, _is_found(examination.looks)


def _is_found(looks: Suppositions | None) -> bool | None:
    if looks is None:
        return None
    index = FingerprintIndex()
    known = fingerprint(painted())
    index.extend([(1, known.coarse, known.fine)])
    return bool(index.search(looks, limit=1))


def main() -> None:
    """Print the matrix."""
    print(f"{'what was done':28} {'file':6} {'file alone':16} {'with its bundle':16} looks like it")
    for tampering in MATRIX:
        for media_type in EVERYTHING:
            if media_type in tampering.applies_to:
                alone, bundled, found = answers(tampering, media_type)
                like = {True: "yes", False: "no", None: "-"}[found]
                kind = media_type.rpartition("/")[2]
                print(f"{tampering.name:28} {kind:6} {alone:16} {bundled:16} {like}")
    print(f"\nPixels are cut, re-encoded and resized for {', '.join(PICTURES)}; films keep only their bytes.")


if __name__ == "__main__":
    main()
