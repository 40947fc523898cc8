"""Refuse a card whose template is unknown or cannot take it, before any work and without asking anybody."""

from collections.abc import Mapping
from typing import Final

from core.errors import DomainError, ErrorKind
from generators.backends.studio.card.templates.fitness import misfit
from generators.backends.studio.card.templates.shelf import load_templates
from generators.specs import CardSpec, Spec

TEMPLATE_FIELD: Final = ("card", "spec", "template")


class SpecTemplateError(DomainError):
    """A spec names a template that is not there, or that is not made for it."""

    code = "invalid_spec"
    kind = ErrorKind.UNPROCESSABLE

    def facts(self) -> Mapping[str, object]:
        return {"errors": [{"loc": list(TEMPLATE_FIELD), "msg": str(self)}]}


def require_template_fits(spec: Spec) -> None:
    """Raises: SpecTemplateError."""
    if not isinstance(spec, CardSpec) or spec.template is None:
        return
    template = load_templates().get(spec.template)
    if template is None:
        raise SpecTemplateError("There is no such template; GET /v1/templates lists them.")
    problem = misfit(template, spec)
    if problem is not None:
        raise SpecTemplateError(f"The template {template.id} does not fit: {problem}.")
