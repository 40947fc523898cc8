"""How asking a server can go wrong. What a server says in words stays out of them: it may repeat our key."""


class AskingError(Exception):
    """One request did not bring an answer; another one may."""


class ConnectionLostError(AskingError):
    """No connection, or none that lasted; also an answer that took too long."""


class ServerTroubleError(AskingError):
    """The server says that it cannot answer now (5xx)."""


class BusyError(AskingError):
    """The server asks for patience (429).

    wait_seconds: what it asked for; None when it did not say.
    """

    def __init__(self, status: int, wait_seconds: float | None) -> None:
        super().__init__(f"the server answered {status}")
        self.wait_seconds = wait_seconds


class MalformedAnswerError(AskingError):
    """What came is not an answer: not JSON, another shape, empty, or without end."""


class MisconfiguredError(Exception):
    """The server knows us or the model not (401, 403, 404, a redirect): asking again is no use."""


class RefusedError(Exception):
    """The server will not answer this request (other 4xx, or its content filter)."""


class UnwantedError(Exception):
    """Nobody waits for the answer any more."""
