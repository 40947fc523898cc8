"""What stops a start: files of the operator that cannot be read."""


class NetworkTableError(Exception):
    """A line of a table of networks is not what it should be."""

    def __init__(self, name: str, line: int, reason: str) -> None:
        super().__init__(f"{name}, line {line}: {reason}")
        self.line = line
