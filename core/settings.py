"""Settings read from HUAJIAN_* environment variables; frozen, grouped by room, units in names."""

import functools
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class AuthSettings(BaseModel, frozen=True):
    """`secret` None is allowed in development only: one is made once and kept in the data folder."""

    secret: SecretStr | None = None
    access_token_minutes: float = Field(default=15, gt=0, le=120)
    refresh_token_days: float = Field(default=60, gt=0, le=365)
    refresh_grace_seconds: float = Field(default=10, ge=0, le=60)


class StorageSettings(BaseModel, frozen=True):
    """`url` None means a folder beside the embedded engines; else s3://, gs:// or az://."""

    url: str | None = None
    signed_url_minutes: float = Field(default=60, gt=0, le=24 * 60)


class JobSettings(BaseModel, frozen=True):
    lease_seconds: float = Field(default=30, gt=1, le=600)
    wait_hours: float = Field(default=6, gt=0, le=24 * 7)  # then a queued job is given up
    max_attempts: int = Field(default=3, ge=1, le=10)
    deadline_seconds: float = Field(default=300, gt=0)
    start_seconds: float = Field(default=600, gt=0)  # for a renderer to load its models
    kinds: tuple[str, ...] | None = Field(default=None, min_length=1)  # that workers make; None: every kind
    render_processes: int = Field(default=1, ge=1, le=64)
    stop_seconds: float = Field(default=20, ge=0)  # for the batch in hand when the process stops
    kept_rejections_after: int = Field(default=3, ge=0)


class LimitSettings(BaseModel, frozen=True):
    """Requests per minute; the burst is the same number."""

    per_user_minute: int = Field(default=120, gt=0)
    per_address_minute: int = Field(default=600, gt=0)
    sign_ups_per_address_hour: int = Field(default=120, gt=0)
    secrets_per_address_hour: int = Field(default=600, gt=0)
    letters_per_mailbox_day: int = Field(default=10, gt=0)
    copies_per_user_day: int = Field(default=10, gt=0)
    body_bytes: int = Field(default=256 * 1024, gt=1024)
    photo_bytes: int = Field(default=12 * 1024 * 1024, gt=1024)
    batch_bytes: int = Field(default=1024 * 1024, gt=1024)
    batches_per_user_hour: int = Field(default=120, gt=0)
    photos_per_user_hour: int = Field(default=60, gt=0)
    verified_bytes: int = Field(default=32 * 1024 * 1024, gt=1024)
    verifications_per_address_hour: int = Field(default=240, gt=0)
    webhook_sends_per_user_hour: int = Field(default=120, gt=0)


class ModerationSettings(BaseModel, frozen=True):
    """`lexicon_paths`: the operator's own terms and pardons, in the format of `moderation.terms`.

    photo_classifier: "module:function" of what makes a `moderation.photos.PhotoClassifier`; we have none.
    """

    lexicon_paths: tuple[Path, ...] = ()
    photo_classifier: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")] | None = None


class ProvenanceSettings(BaseModel, frozen=True):
    """What finished files say of who made them.

    producer_code: the operator's registered code for implicit labels (TC260-PG-20252A); None writes a value
        that says that there is none.
    chain_file, key_file: the certificate that claims are signed with, PEM, and its key on P-256; without
        them development signs with an authority of its own that nobody trusts, and production does not sign.
    signer: "module:function" of what makes a `provenance.credentials.signers.ClaimSigner` from the settings,
        for keys that a service keeps; instead of the files.
    time_authority_url: an RFC 3161 authority for claims; None: they carry no time-stamp.
    time_authority_seconds: how long it may take; whoever waits for it keeps others from being signed.
    anchors_file: roots, PEM, whose signers are known when credentials are read.
    authority: the name under which certificates and the public log are signed, such as "huajian.example";
        it can never change. With it go log_key_file and certificate_key_file, PEM, Ed25519; without the
        three, development makes keys of its own, and production certifies nothing.
    witnesses: who is asked to sign the log's checkpoints too: "VKEY URL" each, the URL being what
        `add-checkpoint` stands below.
    """

    producer_code: str | None = Field(default=None, pattern=r"^[0-9A-Z]{27}$")
    chain_file: Path | None = None
    key_file: Path | None = None
    signer: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")] | None = None
    time_authority_url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    time_authority_seconds: float = Field(default=5.0, gt=0, le=30)
    anchors_file: Path | None = None
    authority: Annotated[str, Field(max_length=200, pattern=r"^[a-z0-9]([a-z0-9./-]*[a-z0-9])?$")] | None = (
        None
    )
    log_key_file: Path | None = None
    certificate_key_file: Path | None = None
    witnesses: tuple[Annotated[str, Field(pattern=r"^\S+ https?://\S+$")], ...] = ()

    @model_validator(mode="after")
    def _has_both_files(self) -> Self:
        if (self.chain_file is None) != (self.key_file is None):
            raise ValueError("HUAJIAN_PROVENANCE__CHAIN_FILE and HUAJIAN_PROVENANCE__KEY_FILE go together")
        return self

    @model_validator(mode="after")
    def _has_all_of_the_authority(self) -> Self:
        if len({one is None for one in (self.authority, self.log_key_file, self.certificate_key_file)}) > 1:
            raise ValueError(
                "HUAJIAN_PROVENANCE__AUTHORITY, __LOG_KEY_FILE and __CERTIFICATE_KEY_FILE go together"
            )
        return self


class RiskSettings(BaseModel, frozen=True):
    """How helps are weighed. is_shadow: verdicts are kept, and nobody is held or denied by them.

    weights_file: the operator's own points, in the format of `referral/risk/weights.toml`; hold_points and
        deny_points replace its thresholds. asn_file, datacentres_file: see `referral/risk/networks.py`.
    """

    is_shadow: bool = False
    weights_file: Path | None = None
    hold_points: int | None = Field(default=None, gt=0, le=10_000)
    deny_points: int | None = Field(default=None, gt=0, le=10_000)
    asn_file: Path | None = None
    datacentres_file: Path | None = None
    kept_days: float = Field(default=180, ge=90, le=365)


class MailSettings(BaseModel, frozen=True):
    """`smtp_host` None prints messages to the log."""

    sender: str = "huajian@localhost"
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None


class StripeSettings(BaseModel, frozen=True):
    """`api_url` None is Stripe itself. automatic_tax: Stripe Tax reckons what of a price is tax."""

    secret_key: SecretStr
    webhook_secret: SecretStr
    api_url: str | None = None
    timeout_seconds: float = Field(default=20, gt=0, le=80)
    automatic_tax: bool = False


class MembershipSettings(BaseModel, frozen=True):
    """grace_days: how long an unpaid renewal leaves the tier. renewal_hours: how long the month's credits
    outlive it while the channel charges for the next. notice_days: before a renewal that its notice is sent.
    """

    grace_days: float = Field(default=7, ge=0, le=60)
    renewal_hours: float = Field(default=3, ge=0, le=48)
    notice_days: float = Field(default=5, ge=1, le=20)
    withdrawal_days: float = Field(default=14, ge=0, le=60)


class WebhookSettings(BaseModel, frozen=True):
    """allow_loopback: also plain HTTP to this machine; production pays no heed. kept_days: of deliveries."""

    allow_loopback: bool = False
    kept_days: float = Field(default=30, gt=1, le=365)


class ReferralSettings(BaseModel, frozen=True):
    """Unlock links. is_open False: nobody can be asked for help. programme_file: instead of our own.

    page_token_minutes: how long a page that was opened can be helped on. proof_bits: of the proof of work;
        each doubles it. The limits are of helps and links of one person, of looks at links from one address,
        and of codes from one address that are none.
    """

    is_open: bool = True
    programme_file: Path | None = None
    page_token_minutes: float = Field(default=120, gt=0, le=24 * 60)
    proof_bits: int = Field(default=15, ge=0, le=24)
    helps_per_user_minute: int = Field(default=20, gt=0)
    links_per_user_hour: int = Field(default=60, gt=0)
    views_per_address_minute: int = Field(default=600, gt=0)
    wrong_codes_per_address_hour: int = Field(default=60, gt=0)


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="HUAJIAN_", env_nested_delimiter="__", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    environment: Environment = Environment.DEVELOPMENT
    data_dir: Path = Path(".huajian")
    fonts_dir: Path | None = None  # None: "fonts" in the data folder
    backends_file: Path | None = None  # which models make what; None: the studio makes everything
    templates_dir: Path | None = None  # the operator's own card templates, beside the shipped ones
    database_url: str | None = None  # None: the private embedded Postgres
    database_pool_size: int = Field(default=10, ge=2, le=200)
    redis_url: str | None = None  # None: the private embedded Valkey
    start_wait_seconds: float = Field(default=120, ge=0, le=3600)  # for Postgres and Redis to answer
    public_url: str | None = None
    trusted_proxies: Annotated[str, Field(description="uvicorn's forwarded_allow_ips")] = "127.0.0.1"
    log_format: Annotated[str, Field(pattern="^(json|console)$")] = "json"
    auth: AuthSettings = AuthSettings()
    storage: StorageSettings = StorageSettings()
    jobs: JobSettings = JobSettings()
    limits: LimitSettings = LimitSettings()
    mail: MailSettings = MailSettings()
    moderation: ModerationSettings = ModerationSettings()
    provenance: ProvenanceSettings = ProvenanceSettings()
    referral: ReferralSettings = ReferralSettings()
    risk: RiskSettings = RiskSettings()
    webhooks: WebhookSettings = WebhookSettings()
    memberships: MembershipSettings = MembershipSettings()
    stripe: StripeSettings | None = None  # None: nothing is for sale
    test_payments: bool = False  # sell for pretended money, on a page of our own

    @model_validator(mode="after")
    def _keeps_pretended_money_apart(self) -> Self:
        if self.test_payments and (self.stripe is not None or self.environment is Environment.PRODUCTION):
            raise ValueError("HUAJIAN_TEST_PAYMENTS goes neither with Stripe's keys nor with production")
        return self


@functools.cache
def load_settings() -> Settings:
    """Read the environment once; tests clear the cache."""
    return Settings()
