"""What each rule measures. How much it counts is in `weights.toml`, which names the same rules."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Final

from referral.risk.agents import AgentKind
from referral.risk.signals import HelpSignals
from referral.risk.verdicts import Evidence

HURRY_SECONDS: Final = 1.0
STAR_LEAVES: Final = 5
STAR_IDLE_SHARE: Final = 0.9
SETTLED_DAYS: Final = 7.0

Measure = Callable[[HelpSignals], int]


def _agent(kind: AgentKind) -> Measure:
    return lambda signals: int(signals.agent is kind)


def _haste_seconds(signals: HelpSignals) -> float:
    """From the page to the first thing that only a person should do: sign up, else tap."""
    return signals.tap_seconds if signals.sign_up_seconds is None else signals.sign_up_seconds


def _idle_star(signals: HelpSignals) -> int:
    """A star whose leaves are idle says something about the next new leaf only."""
    is_star = signals.leaves >= STAR_LEAVES and signals.idle_leaves >= STAR_IDLE_SHARE * signals.leaves
    return int(is_star and signals.is_new)


def _settled(signals: HelpSignals) -> int:
    return int(signals.account_days >= SETTLED_DAYS and signals.works > 0)


MEASURES: Final[Mapping[str, Measure]] = {
    "own_device": attrgetter("is_own_device"),
    "own_mailbox": attrgetter("is_own_mailbox"),
    "mailbox_again": attrgetter("others_with_mailbox"),
    "device_again": attrgetter("others_on_device"),
    "crowded_device": attrgetter("accounts_on_device"),
    "no_device": lambda signals: int(not signals.has_device),
    "crawler": _agent(AgentKind.CRAWLER),
    "script": _agent(AgentKind.SCRIPT),
    "headless": _agent(AgentKind.HEADLESS),
    "emulator": _agent(AgentKind.EMULATOR),
    "no_agent": _agent(AgentKind.MISSING),
    "hurry": lambda signals: int(_haste_seconds(signals) < HURRY_SECONDS),
    "datacentre": attrgetter("is_datacentre"),
    "owner_place": attrgetter("is_owner_place"),
    "crowded_place": attrgetter("others_at_place"),
    "paired_place": attrgetter("pairs_at_place"),
    "paired_address": attrgetter("pairs_at_address"),
    "new_at_address": attrgetter("new_at_address"),
    "new_alike": attrgetter("new_alike"),
    "eager_helper": attrgetter("helps_today"),
    "new_again": attrgetter("new_helps"),
    "sudden_owner": attrgetter("helps_for_owner"),
    "unknown_pace": lambda signals: int(not signals.has_windows),
    "reciprocal": attrgetter("is_reciprocal"),
    "ring": attrgetter("rings"),
    "idle_star": _idle_star,
    "same_few": attrgetter("shared_owners"),
    "same_circle": attrgetter("circles"),
    "owner_devices": attrgetter("owner_devices"),
    "owner_networks": attrgetter("owner_networks"),
    "disposable_mailbox": attrgetter("is_disposable"),
    "settled": _settled,
    "verified": lambda signals: int(signals.is_verified and not signals.is_disposable),
}


def evidence_of(code: str, value: int, signals: HelpSignals) -> Evidence:
    """The numbers behind a reason, for a reviewer."""
    match code:
        case "idle_star":
            return {"leaves": signals.leaves, "idle": signals.idle_leaves}
        case "hurry":
            return {"seconds": round(_haste_seconds(signals), 2)}
        case "settled":
            return {"days": int(signals.account_days), "works": signals.works}
        case _:
            return {"value": value}
