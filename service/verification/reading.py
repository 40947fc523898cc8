"""`python -m service.verification.reading`: the child process that examines a stranger's file or bundle.

On stdin a line of JSON with the anchors to trust, then the file; on stdout one JSON object.
"""

import json
import sys
from typing import Final

from PIL import Image

from provenance.credentials.facts import CredentialTrust
from provenance.evidence import BundleError, Evidence, is_bundle, open_bundle
from provenance.examining import UnknownKindError, examine
from service.children.bounding import bound_process
from service.verification.messages import NOT_VERIFIABLE, UNREADABLE, Examined

MEMORY_BYTES: Final = 3 << 29  # 40 megapixels of RGBA twice, the file, and what the libraries map
PROCESSOR_SECONDS: Final = 20


def read(content: bytes, trust: CredentialTrust) -> Examined:
    """Raises: UnknownKindError, BundleError, MemoryError."""
    if not is_bundle(content):
        return Examined(examine(content, trust), Evidence())
    bundle = open_bundle(content)
    if bundle.content is None:
        raise UnknownKindError("a bundle without a file")
    return Examined(examine(bundle.content, trust), bundle.evidence, bundle.name)


def main() -> None:
    """Answers with a problem's code where it refuses; dies where the file is a trap."""
    bound_process(memory_bytes=MEMORY_BYTES, processor_seconds=PROCESSOR_SECONDS)
    Image.MAX_IMAGE_PIXELS = None  # ours is lower, and checked first
    head = json.loads(sys.stdin.buffer.readline())
    trust = CredentialTrust(head["anchors"].encode())
    try:
        answer = read(sys.stdin.buffer.read(), trust).to_json()
    except UnknownKindError:
        answer = json.dumps({"problem": NOT_VERIFIABLE})
    except (BundleError, MemoryError):
        answer = json.dumps({"problem": UNREADABLE})
    sys.stdout.write(answer)


if __name__ == "__main__":
    main()
