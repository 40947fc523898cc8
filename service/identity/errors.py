"""How identity refuses. Answers never tell whether an address or an account exists."""

from core.errors import DomainError, ErrorKind


class UnauthenticatedError(DomainError):
    """No valid access token."""

    code = "unauthenticated"
    kind = ErrorKind.UNAUTHENTICATED


class TokenExpiredError(UnauthenticatedError):
    """The access token was good once; refresh it."""

    code = "token_expired"


class CredentialsError(DomainError):
    """Address and password do not belong together, or the refresh token is not to be used."""

    code = "invalid_credentials"
    kind = ErrorKind.UNAUTHENTICATED


class SignInRequiredError(DomainError):
    """This device belongs to a registered account: sign in with its password."""

    code = "sign_in_required"
    kind = ErrorKind.FORBIDDEN


class ForbiddenError(DomainError):
    """The signed-in person may not do this."""

    code = "forbidden"
    kind = ErrorKind.FORBIDDEN


class CodeError(DomainError):
    """The code is wrong, too old, or was tried too often."""

    code = "invalid_code"
    kind = ErrorKind.UNPROCESSABLE


class ContactTakenError(DomainError):
    """Another account has verified this address. Only its mailbox can learn this."""

    code = "contact_taken"
    kind = ErrorKind.CONFLICT


class AlreadyRegisteredError(DomainError):
    """This account has a password already."""

    code = "already_registered"
    kind = ErrorKind.CONFLICT


class MailUnavailableError(DomainError):
    """The mail server took no letter; asking again may do."""

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE
