"""A photo decoder that wants more memory than its process may have."""

import sys

from service.photos.decoding import MEMORY_BYTES, _bound_process

if __name__ == "__main__":
    _bound_process()
    sys.stdin.buffer.read()
    sys.stdout.buffer.write(bytearray(MEMORY_BYTES))
