"""The few messages that people get by mail, in their language."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    body: str


_LETTERS: Final = {
    ("verify", "zh"): Letter(
        "花笺验证码 {code}", "你的验证码是 {code}，十分钟内有效。如果不是你本人操作，请忽略。"
    ),
    ("verify", "en"): Letter(
        "Your Huajian code: {code}",
        "Your code is {code}. It works for ten minutes. If you did not ask for it, ignore this message.",
    ),
    ("reset", "zh"): Letter(
        "重设花笺密码", "重设密码的验证码是 {code}，十分钟内有效。如果不是你本人操作，请忽略。"
    ),
    ("reset", "en"): Letter(
        "Reset your Huajian password",
        "Your code for a new password is {code}. It works for ten minutes. "
        "If you did not ask, ignore this message.",
    ),
}


def write_letter(purpose: str, code: str, language: str) -> Letter:
    """The letter that brings a code; `purpose` is "verify" or "reset", `language` "zh" or "en"."""
    letter = _LETTERS[purpose, language]
    return Letter(letter.subject.format(code=code), letter.body.format(code=code))
