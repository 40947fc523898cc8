"""How the log's formats refuse."""


class LogFormatError(ValueError):
    """A text or a tile that is not what the specification says."""


class ProofError(ValueError):
    """A proof does not prove what it should, or a signature is not by the key that it names."""
