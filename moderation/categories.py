"""Why a text was refused: the one thing about a refusal that leaves the service."""

from enum import StrEnum


class Category(StrEnum):
    """Public and stable. The order is severity: of several findings the first is reported."""

    SEXUAL_MINORS = "sexual_minors"
    EXTREMISM = "extremism"
    WEAPONS = "weapons"
    VIOLENCE = "violence"
    HATE = "hate"
    SELF_HARM = "self_harm"
    SEXUAL = "sexual"
    DRUGS = "drugs"
    GAMBLING = "gambling"
    FRAUD = "fraud"
    HARASSMENT = "harassment"
    OPERATOR = "operator"  # empty until whoever runs the service adds terms of their own
    PERSONAL_DATA = "personal_data"
    LINK = "link"


SEVERITY = {category: rank for rank, category in enumerate(Category)}
