"""How many tokens an answer took, and what they cost."""

from dataclasses import dataclass

from generators.backends.language.settings import Price

_MOST_TOKENS = 10_000_000  # of one answer; a server that says more is not believed


@dataclass(slots=True)
class Usage:
    """Counts of one work over all requests it needed.

    is_complete: False when an answer did not say its tokens; the counts are then a lower bound.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    is_complete: bool = True

    def add(self, said: object) -> None:
        """Take what a server said of one answer, {"prompt_tokens", "completion_tokens"}, or None."""
        counts = said if isinstance(said, dict) else {}
        told = [counts.get(name) for name in ("prompt_tokens", "completion_tokens")]
        believed = [count if _is_count(count) else None for count in told]
        self.input_tokens += believed[0] or 0
        self.output_tokens += believed[1] or 0
        self.is_complete = self.is_complete and None not in believed

    def to_json(self, price: Price) -> dict[str, object]:
        """As plain data. The cost is in millionths of a minor unit, so that it is exact."""
        cost = self.input_tokens * price.input_minor + self.output_tokens * price.output_minor
        return {
            "requests": self.requests,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "is_complete": self.is_complete,
            "cost_millionths_minor": cost,
            "currency": price.currency,
        }


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
