"""What may go wrong with the embedded engines; for operators, never shown to a client."""


class EngineError(Exception):
    """The message says what happened and what an operator can do about it."""


class EngineStartError(EngineError):
    """An engine could not be brought up; the message ends with what it printed."""


class EngineDiedError(EngineStartError):
    """It ended while it was coming up: killed perhaps, so another try may help."""


class EngineStopError(EngineError):
    """An engine or something it left behind did not go away."""


class EngineBusyError(EngineError):
    """Another process has been starting or stopping the engines for too long."""
