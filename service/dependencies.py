"""What an endpoint may ask for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Final

from fastapi import Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from models.user import Role
from service.addresses import client_network
from service.http.languages import preferred_language
from service.http.security import bearer
from service.identity import queries as identity
from service.identity.errors import ForbiddenError, UnauthenticatedError
from service.identity.tokens import Principal
from service.limits.limiter import Decision, LimiterUnavailableError, Policy, RateLimitedError
from service.wiring import Services

MAX_PAGE: Final = 100


def get_services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def services_of(request: Request) -> Services:
    """As `get_services`, for the framework, which would hand a plain function to a thread each time."""
    return get_services(request)


App = Annotated[Services, Depends(services_of)]


async def open_transaction(services: App) -> AsyncIterator[AsyncSession]:
    """One transaction per request, committed before the reply is sent (`scope="function"`)."""
    async with services.sessions() as session:
        yield session
        await session.commit()


async def open_reading(services: App) -> AsyncIterator[AsyncSession]:
    """A session that never commits."""
    async with services.sessions() as session:
        yield session


Transaction = Annotated[AsyncSession, Depends(open_transaction, scope="function")]
Reading = Annotated[AsyncSession, Depends(open_reading, scope="function")]


def authenticate(services: Services, request: Request) -> Principal:
    """The principal of the bearer token (RFC 6750). Raises: UnauthenticatedError, TokenExpiredError."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("Send an access token: Authorization: Bearer …")
    return services.access_tokens.verify(token.strip())


def user_policy(services: Services) -> Policy:
    return Policy("user", services.settings.limits.per_user_minute, 60)


async def count_request(request: Request, services: Services, subject: str, *policies: Policy) -> None:
    """Count against policies and let the reply's headers tell. Reads go on while Redis is away.

    Raises: RateLimitedError; LimiterUnavailableError for anything but a read.
    """
    try:
        decision: Decision = await services.limiter.take(subject, *policies)
    except LimiterUnavailableError:
        if request.method in ("GET", "HEAD"):
            return
        raise
    request.scope["huajian.rate_limit"] = decision
    if not decision.is_allowed:
        raise RateLimitedError(decision)


async def current_user(request: Request, services: App, _: Annotated[object, Depends(bearer)]) -> Principal:
    """The signed-in person, within the limit of requests."""
    principal = authenticate(services, request)
    await count_request(request, services, str(principal.user_id), user_policy(services))
    return principal


async def optional_user(
    request: Request, services: App, _: Annotated[object, Depends(bearer)]
) -> Principal | None:
    """The signed-in person, or None without a token; a bad token is still refused."""
    return authenticate(services, request) if "authorization" in request.headers else None


def require_role(*roles: Role) -> Callable[..., Awaitable[Principal]]:
    """A dependency: the signed-in person, who has one of the roles now, whatever the token says.

    Raises: UnauthenticatedError, ForbiddenError, the same for a closed account.
    """

    async def check(services: App, user: Annotated[Principal, Depends(current_user)]) -> Principal:
        async with services.sessions() as session:
            found = await identity.find_user(session, user.user_id)
        if found is None or found.role not in roles:
            raise ForbiddenError("This needs another role.")
        return user

    return check


async def count_address(request: Request, services: App) -> None:
    """For endpoints that need no sign-in: limited by network address."""
    policy = Policy("address", services.settings.limits.per_address_minute, 60)
    await count_request(request, services, client_network(request), policy)


async def count_sign_up(request: Request, services: App) -> None:
    """For what makes accounts: limited by network address, by the hour."""
    policy = Policy("sign-up", services.settings.limits.sign_ups_per_address_hour, 3600)
    await count_request(request, services, client_network(request), policy)


async def count_secret(request: Request, services: App) -> None:
    """For what checks secrets or sends messages: limited by network address, by the hour."""
    policy = Policy("secret", services.settings.limits.secrets_per_address_hour, 3600)
    await count_request(request, services, client_network(request), policy)


async def language(request: Request) -> str:
    return preferred_language(request.headers.get("accept-language"))


CurrentUser = Annotated[Principal, Depends(current_user)]
Operator = Annotated[Principal, Depends(require_role(Role.OPERATOR))]
Reviewer = Annotated[Principal, Depends(require_role(Role.REVIEWER, Role.OPERATOR))]
FinanceColleague = Annotated[Principal, Depends(require_role(Role.FINANCE, Role.OPERATOR))]
OptionalUser = Annotated[Principal | None, Depends(optional_user)]
ByAddress = Depends(count_address)
BySignUp = Depends(count_sign_up)
BySecret = Depends(count_secret)
Language = Annotated[str, Depends(language)]
Cursor = Annotated[str | None, Query(max_length=512, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Rows on this page.")]
