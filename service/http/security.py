"""How the OpenAPI document says that a token is needed."""

from fastapi.security import HTTPBearer

# `auto_error=False`: our own dependency refuses, with our own problem.
bearer = HTTPBearer(scheme_name="Bearer", auto_error=False, description="An access token (JWT).")
