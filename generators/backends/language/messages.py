"""Reads the words of a card out of what a model answered."""

from typing import Final

import regex

from generators.specs import CardSpec, count_graphemes

MAX_GRAPHEMES: Final = 200
_MAX_ANSWER_CHARS: Final = 8_192
_THOUGHT: Final = regex.compile(r"^\s*<think>.*?(?:</think>|$)", flags=regex.DOTALL)
_GREETING: Final = regex.compile(
    r"^(?:(?:dear|dearest|hi|hello|to)\b|亲爱的|尊敬的|敬爱的|致)[^\n，,。.!！:：]{0,40}[,，:：!！]\s*",
    flags=regex.IGNORECASE,
)
_SIGNATURE: Final = regex.compile(
    r"(?:with (?:all (?:my|our) )?love|love|yours(?: \w+)?|sincerely|(?:best|warm|kind) (?:wishes|regards)"
    r"|from|——|—|-)[,，\s]*$",
    flags=regex.IGNORECASE,
)
_WRAPPED: Final = regex.compile(r"^[\"“「『](?P<inside>[^\"“”「」『』]*)[\"”」』]$")
_MARKUP: Final = regex.compile(r"[*_`#>]+")
_UNPRINTABLE: Final = regex.compile(r"[\p{C}\p{Zl}\p{Zp}--[\n\u200d]]", flags=regex.VERSION1)
_STOPS: Final = "。！？!?.…"


def read_message(answer: str, spec: CardSpec) -> str | None:
    """One paragraph of 1 to 200 characters without greeting line and signature; None when none is left.

    A longer answer is cut after its last sentence that fits.
    """
    text = _THOUGHT.sub("", answer[:_MAX_ANSWER_CHARS])
    text = _MARKUP.sub("", _UNPRINTABLE.sub("", text)).strip()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    lines = _without_signature(_without_greeting(lines, spec), spec)
    glue = " " if spec.language == "en" else ""
    text = _GREETING.sub("", glue.join(lines)).strip()
    if wrapped := _WRAPPED.match(text):
        text = wrapped["inside"].strip()
    return _shorten(text)


def _without_greeting(lines: list[str], spec: CardSpec) -> list[str]:
    """Less a first line that only calls the recipient."""
    is_call = bool(lines) and (lines[0][-1] in ",，:：" or lines[0].strip("！!。.") == spec.recipient)
    return lines[1:] if len(lines) > 1 and is_call else lines


def _without_signature(lines: list[str], spec: CardSpec) -> list[str]:
    """Less last lines that only name the sender or lead up to it."""
    while len(lines) > 1:
        last = lines[-1].removesuffix(spec.sender).strip()
        if last and not _SIGNATURE.fullmatch(last):
            break
        lines = lines[:-1]
    return lines


def _shorten(text: str) -> str | None:
    if not regex.search(r"[\p{L}\p{N}]", text):
        return None
    if count_graphemes(text) <= MAX_GRAPHEMES:
        return text
    kept = "".join(regex.findall(r"\X", text)[:MAX_GRAPHEMES])
    last = max(kept.rfind(mark) for mark in _STOPS)
    return kept[: last + 1] if last > 0 else None
