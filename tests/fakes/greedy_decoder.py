"""A photo decoder that wants more memory than its process may have."""

import sys

from service.children.bounding import bound_process
from service.photos.decoding import MEMORY_BYTES, PROCESSOR_SECONDS

if __name__ == "__main__":
    bound_process(memory_bytes=MEMORY_BYTES, processor_seconds=PROCESSOR_SECONDS)
    sys.stdin.buffer.read()
    sys.stdout.buffer.write(bytearray(MEMORY_BYTES))
