"""The few words that a page says itself, in its language."""

from dataclasses import dataclass
from typing import Final

from generators.specs import Language


@dataclass(frozen=True, slots=True)
class PageTexts:
    """`description` and `open_label` take the sender's and the recipient's name."""

    lang: str
    locale: str
    tap: str
    open_label: str
    description: str
    next_label: str
    music_label: str
    code_label: str


TEXTS: Final = {
    Language.ZH: PageTexts(
        lang="zh-Hans",
        locale="zh_CN",
        tap="轻触开启",
        open_label="开启给{recipient}的花笺",
        description="{sender}寄来一张花笺，请你开启。",
        next_label="下一幕",
        music_label="音乐",
        code_label="打开二维码中的链接",
    ),
    Language.EN: PageTexts(
        lang="en",
        locale="en_GB",
        tap="Tap to open",
        open_label="Open the card for {recipient}",
        description="{sender} has sent you a card. Open it.",
        next_label="Next scene",
        music_label="Music",
        code_label="Open the link of the code",
    ),
}
