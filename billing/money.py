"""Money as people read it. Everywhere else it is whole minor units and a currency."""

from decimal import Decimal
from typing import Final

from babel.numbers import format_currency, get_currency_precision

LOCALES: Final = {"zh": "zh_CN", "en": "en_US"}


def format_money(amount_minor: int, currency: str, language: str) -> str:
    """Such as ¥12.00 for 1200 fen."""
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    text: str = format_currency(amount, currency, locale=LOCALES[language])
    return text
