"""What an operator chooses for language models; imports no model library, so that any process may read it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, SecretStr, StringConstraints

_Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class TransformersSettings(_Settings):
    """A causal language model that runs in this process.

    model: a folder, or a hub name; only safetensors weights are read, and no code that comes with them.
    device: auto is the first GPU, and the processor where there is none.
    is_offline: never ask the hub, even for a hub name.
    max_model_gib: a folder with more weights than this is refused before it is read.
    max_new_tokens: of one work; a song that needs more fails.
    top_k: how many of the likeliest tokens a draw looks at, before top_p.
    constrained: hold line count, line length and rhyme while decoding; else write freely and report.
    """

    engine: Literal["transformers"] = "transformers"
    model: _Name
    revision: _Name | None = None
    is_offline: bool = False
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: Annotated[str, StringConstraints(pattern=r"^(auto|cpu|mps|cuda(:\d{1,2})?)$")] = "auto"
    max_model_gib: float = Field(default=160, gt=0)
    max_batch: int = Field(default=8, ge=1, le=256)
    max_new_tokens: int = Field(default=3072, ge=64, le=32768)
    temperature: float = Field(default=0.8, gt=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    top_k: int = Field(default=200, ge=1, le=1024)
    constrained: bool = True


class Price(_Settings):
    """What a provider asks for a million tokens, in minor units of one currency."""

    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    input_minor: int = Field(default=0, ge=0)
    output_minor: int = Field(default=0, ge=0)


class OpenAiSettings(_Settings):
    """Any server that speaks the chat completions protocol: vLLM, SGLang, Ollama, a provider.

    url: up to and including the version, e.g. http://127.0.0.1:8000/v1
    timeout_seconds: for one whole answer, however it trickles.
    max_retries: of one request, after a refusal for now, a lost connection or an unreadable answer.
    max_wait_seconds: the longest pause before a retry; a server that asks for more is given up.
    token_limit_field: what the server calls max_new_tokens.
    repairs: how often the sections that do not rhyme may be asked for again.
    breaker_failures: in a row, until nothing is asked for breaker_seconds.
    """

    engine: Literal["openai"] = "openai"
    url: HttpUrl
    model: _Name
    api_key: SecretStr | None = None
    timeout_seconds: float = Field(default=90, gt=0, le=600)
    connect_timeout_seconds: float = Field(default=5, gt=0, le=60)
    max_retries: int = Field(default=3, ge=0, le=10)
    backoff_seconds: float = Field(default=0.5, ge=0, le=30)
    max_wait_seconds: float = Field(default=20, ge=0, le=120)
    breaker_failures: int = Field(default=5, ge=1, le=100)
    breaker_seconds: float = Field(default=30, gt=0, le=3600)
    max_concurrent: int = Field(default=4, ge=1, le=64)
    max_answer_bytes: int = Field(default=512 * 1024, ge=1024, le=16 * 1024 * 1024)
    max_new_tokens: int = Field(default=2048, ge=64, le=32768)
    temperature: float = Field(default=0.9, ge=0, le=2)
    top_p: float = Field(default=0.95, gt=0, le=1)
    token_limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"  # noqa: S105
    repairs: int = Field(default=2, ge=0, le=8)
    price: Price = Price()
