"""Wire shapes of unlock links and helps."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from models.campaign import ShareChannel
from models.referral import HelpState, LinkState
from referral.names import MAX_CHARS, require_name
from referral.proof_of_work import PROOF_PATTERN
from referral.tokens import TOKEN_CHARS
from service.http.auth import Body
from service.http.schemas import Moment, Page, Schema, example

CODE_EXAMPLE = "7k3m9qx2v0rt5wnc8d"
CHALLENGE_EXAMPLE: dict[str, Any] = {
    "algorithm": "sha256",
    "salt": "5f0c2a9e7d41b8836a1e90c4",
    "difficulty_bits": 15,
}
LINK_EXAMPLE: dict[str, Any] = {
    "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
    "code": CODE_EXAMPLE,
    "url": f"https://huajian.example/u/{CODE_EXAMPLE}",
    "state": "open",
    "channel": "link",
    "asker_name": "知夏",
    "work_id": None,
    "goal": 3,
    "progress": 2,
    "missing": 1,
    "pending_helps": 1,
    "held_helps": 0,
    "reward_credits": 1,
    "weights": {"new": 2, "existing": 1},
    "created_at": "2026-11-24T08:00:00.000Z",
    "expires_at": "2026-11-27T08:00:00.000Z",
    "texts": {
        "zh": "知夏在花笺做一件作品，还差 1 位朋友助力，点一下就好：https://huajian.example/u/7k3m9qx2v0rt5wnc8d",
        "en": "知夏 is making something with Huajian and needs 1 more friend. One tap helps: "
        "https://huajian.example/u/7k3m9qx2v0rt5wnc8d",
    },
    "poster_url": f"https://huajian.example/u/{CODE_EXAMPLE}/poster.jpg",
    "og_image_url": f"https://huajian.example/u/{CODE_EXAMPLE}/og.jpg",
}
VIEW_EXAMPLE: dict[str, Any] = {
    "state": "open",
    "asker_name": "知夏",
    "preview": {
        "kind": "card",
        "title": "中秋快乐",
        "image_url": "/files/0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e2f",
    },
    "goal": 3,
    "progress": 2,
    "missing": 1,
    "reward_credits": 1,
    "weights": {"new": 2, "existing": 1},
    "expires_at": "2026-11-27T08:00:00.000Z",
    "channel": {"id": "link", "is_on": True, "reason": None},
    "page_token": "X1pQ2n8…",
    "challenge": CHALLENGE_EXAMPLE,
}


class LinkCreate(Body):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"channel": "link", "asker_name": "知夏"}]}
    )

    channel: ShareChannel = ShareChannel.LINK
    asker_name: Annotated[
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_CHARS),
            AfterValidator(require_name),
        ]
        | None,
        Field(description="Shown to friends; screened like everything that is written here."),
    ] = None
    work_id: UUID | None = Field(default=None, description="A work of mine to show on the page.")


class Weights(Schema):
    new: int = Field(description="Of a person whose account is younger than the page that they were shown.")
    existing: int


class ShareTexts(Schema):
    zh: str
    en: str


class LinkRead(Schema):
    model_config = example(LINK_EXAMPLE)

    id: UUID
    code: str
    url: str
    state: LinkState
    channel: ShareChannel
    asker_name: str | None
    work_id: UUID | None
    goal: int = Field(description="The sum of weights that brings the reward.")
    progress: int
    missing: int
    pending_helps: int = Field(description="Of people who still have to prove real.")
    held_helps: int = Field(description="That a reviewer decides.")
    reward_credits: int
    weights: Weights
    created_at: Moment
    expires_at: Moment
    texts: ShareTexts = Field(description="Ready to be shared, with the address.")
    poster_url: str
    og_image_url: str


class LinkPage(Page):
    items: list[LinkRead]


class Preview(Schema):
    kind: str
    title: str
    image_url: str | None = Field(description="A signed link that expires; null where there is no picture.")


class ChannelStandingRead(Schema):
    id: ShareChannel
    is_on: bool
    reason: str | None = Field(description="Why it is off, in the reader's language.")


class Challenge(Schema):
    model_config = example(CHALLENGE_EXAMPLE)

    algorithm: str
    salt: str
    difficulty_bits: int = Field(
        description="How many zero bits SHA-256 of `salt` + `.` + `proof` has to begin with."
    )


class LinkView(Schema):
    """A link as anybody may see it."""

    model_config = example(VIEW_EXAMPLE)

    state: LinkState
    asker_name: str | None
    preview: Preview | None
    goal: int
    progress: int
    missing: int
    reward_credits: int
    weights: Weights
    expires_at: Moment
    channel: ChannelStandingRead
    page_token: str | None = Field(description="Good for one help; null where none is taken.")
    challenge: Challenge | None


PageTokenText = Annotated[
    str, StringConstraints(min_length=TOKEN_CHARS, max_length=TOKEN_CHARS, pattern="^[A-Za-z0-9_-]+$")
]


class ViewCreate(Body):
    page_token: PageTokenText


class HelpCreate(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"page_token": "A" * TOKEN_CHARS, "proof": "48211"}]},
    )

    page_token: PageTokenText
    proof: Annotated[str, StringConstraints(pattern=PROOF_PATTERN)]


class HelpRead(Schema):
    model_config = example(
        {"state": "qualified", "weight": 2, "goal": 3, "progress": 2, "missing": 1, "link_state": "open"}
    )

    state: HelpState = Field(
        description="`pending`: counts once the helper has a verified contact or a first finished work; "
        "`held`: after a short check; `denied`: does not count; `lapsed`: the goal was met without it."
    )
    weight: int
    goal: int
    progress: int
    missing: int
    link_state: LinkState
