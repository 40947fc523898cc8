"""How making a moving card ends early."""


class MakingCancelledError(Exception):
    """The caller's `on_step` returned False; nothing was finished."""
