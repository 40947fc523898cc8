"""How much of a price is owed no longer, for credits of a lot and for days of a term. Pure arithmetic."""

from datetime import date


def released_minor(price_minor: int, quantity: int, credits: int) -> int:
    """What the first `credits` of a lot are worth: cumulative, so that all of them are worth the price.

    Each credit is worth the unit price rounded down or up, and no two parts of a lot are ever worth a unit
    more or less than their exact share.
    """
    return price_minor * credits // quantity


def unit_price_minor(price_minor: int, quantity: int) -> int:
    """What one credit cost, rounded up: 0 is for free lots only."""
    return -(-price_minor // quantity)


def served_minor(deferred_minor: int, *, served_until: date, ends_on: date, through: date) -> int:
    """What the days from `served_until` up to and including `through` take of what is deferred.

    Equal parts over the days that are left; the last day takes the rest.
    """
    left_days = (ends_on - served_until).days
    still_days = max((ends_on - through).days - 1, 0)
    return deferred_minor - deferred_minor * still_days // left_days
