"""Safety checkers by the hook that an operator would name."""

from collections.abc import Sequence

from generators.contracts import Pixels


def refuse_lanterns(pictures: Sequence[Pixels], prompts: Sequence[str]) -> list[bool]:
    return ["lantern" in prompt for prompt in prompts]


def answer_too_little(pictures: Sequence[Pixels], prompts: Sequence[str]) -> list[bool]:
    return []


def break_down(pictures: Sequence[Pixels], prompts: Sequence[str]) -> list[bool]:
    raise RuntimeError("the classifier is gone")
