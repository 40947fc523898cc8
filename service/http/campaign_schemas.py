"""Wire shapes of campaigns, channels and reviews, for operators and reviewers."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, model_validator

from models.campaign import Audience, CampaignState, ShareChannel
from models.referral import HelpState
from referral.terms import Terms
from service.http.auth import Body
from service.http.schemas import Moment, Page, Schema, example

TERMS_EXAMPLE: dict[str, Any] = Terms().model_dump()
CREATE_EXAMPLE: dict[str, Any] = {
    "name": "中秋 2026",
    "starts_at": "2026-09-20T00:00:00Z",
    "ends_at": "2026-09-30T00:00:00Z",
    "audience": "free",
    "channels": ["link", "poster"],
    "terms_a": TERMS_EXAMPLE,
    "terms_b": {**TERMS_EXAMPLE, "goal": 4},
    "share_b_percent": 50,
    "budget_credits": 5000,
}
CAMPAIGN_EXAMPLE: dict[str, Any] = {
    "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
    "state": "running",
    "used_credits": 120,
    **CREATE_EXAMPLE,
    "created_at": "2026-09-01T00:00:00.000Z",
    "updated_at": "2026-09-01T00:00:00.000Z",
}
NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"  # of which Postgres keeps no zero byte, and no table shows the others
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=NO_CONTROLS)
]
Channels = Annotated[list[ShareChannel], Field(min_length=1, max_length=len(ShareChannel))]
EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)  # Postgres and we write in UTC, where year 1 may be year 0
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
Time = Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
Budget = Annotated[int, Field(ge=0, le=1_000_000_000)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=NO_CONTROLS)]
Note = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_CONTROLS)
]


class CampaignCreate(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [CREATE_EXAMPLE]})

    name: Name
    starts_at: Time
    ends_at: Time
    audience: Audience = Audience.EVERYONE
    channels: Channels | None = Field(default=None, description="Null: every channel that is on.")
    terms_a: Terms
    terms_b: Terms | None = Field(default=None, description="The other configuration of an A/B test.")
    share_b_percent: int = Field(default=0, ge=0, le=100, description="Of owners who get `terms_b`.")
    budget_credits: Budget

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise ValueError("ends_at: is not after starts_at")
        if (self.terms_b is None) != (self.share_b_percent == 0):
            raise ValueError("share_b_percent: goes with terms_b")
        return self


class CampaignEdit(Body):
    """What is left out stays. Links that exist keep their terms."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"budget_credits": 8000}]})

    name: Name | None = None
    starts_at: Time | None = None
    ends_at: Time | None = None
    audience: Audience | None = None
    channels: Channels | None = None
    terms_a: Terms | None = None
    terms_b: Terms | None = None
    share_b_percent: Annotated[int, Field(ge=0, le=100)] | None = None
    budget_credits: Budget | None = None
    state: CampaignState | None = Field(default=None, description="`running` starts it, `stopped` stops it.")


class CampaignRead(Schema):
    model_config = example(CAMPAIGN_EXAMPLE)

    id: UUID
    name: str
    state: CampaignState
    starts_at: Moment
    ends_at: Moment
    audience: Audience
    channels: list[ShareChannel] | None
    terms_a: Terms
    terms_b: Terms | None
    share_b_percent: int
    budget_credits: int
    used_credits: int = Field(description="Paid, or set aside for links that have a help.")
    created_at: Moment
    updated_at: Moment


class CampaignPage(Page):
    items: list[CampaignRead]


class ChannelRead(Schema):
    model_config = example(
        {
            "channel": "wechat",
            "is_on": False,
            "reason_zh": "微信不允许以奖励引导分享。",
            "reason_en": "WeChat does not allow sharing for a reward.",
            "changed_at": None,
        }
    )

    channel: ShareChannel
    is_on: bool
    reason_zh: str
    reason_en: str
    changed_at: Moment | None = Field(description="Null: as deployed.")


class ChannelList(Schema):
    items: list[ChannelRead]


class ChannelSwitch(Body):
    """A channel that is switched off says why, in both languages."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"is_on": False, "reason_zh": "暂停", "reason_en": "Paused"}]},
    )

    is_on: bool
    reason_zh: Reason = ""
    reason_en: Reason = ""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.is_on and not (self.reason_zh and self.reason_en):
            raise ValueError("reason_zh, reason_en: say why it is off")
        return self


class ReviewReason(Schema):
    code: str
    points: int
    evidence: dict[str, Any] = Field(description="Counts, seconds and short names; nothing personal.")
    text: str = Field(description="In the reader's language.")


class ReviewRead(Schema):
    model_config = example(
        {
            "help_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e3f",
            "state": "held",
            "reason": "risk",
            "link_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "owner_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1a",
            "helper_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1b",
            "is_new": True,
            "weight": 2,
            "goal": 3,
            "progress": 1,
            "link_expires_at": "2026-11-27T08:00:00.000Z",
            "score": 70,
            "reasons": [
                {
                    "code": "network_crowd",
                    "points": 50,
                    "evidence": {"helps": 12},
                    "text": "网络",
                }
            ],
            "created_at": "2026-11-24T08:00:00.000Z",
        }
    )

    help_id: UUID
    state: HelpState
    reason: str | None
    link_id: UUID
    owner_id: UUID
    helper_id: UUID
    is_new: bool
    weight: int
    goal: int
    progress: int
    link_expires_at: Moment
    score: int | None = Field(description="Null where nothing is kept of it any more.")
    reasons: list[ReviewReason]
    created_at: Moment


class ReviewPage(Page):
    items: list[ReviewRead]


class ReviewDecision(Body):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"decision": "allow", "note": "A family."}]}
    )

    decision: Literal["allow", "deny"]
    note: Note | None = None


class HelpRevoke(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "Bought helps."}]})

    note: Note


class HelpDecided(Schema):
    model_config = example(
        {
            "help_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e3f",
            "state": "revoked",
            "link_state": "revoked",
            "progress": 1,
        }
    )

    help_id: UUID
    state: HelpState
    link_state: str
    progress: int
