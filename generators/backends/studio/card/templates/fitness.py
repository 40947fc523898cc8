"""Whether a spec may ask for a template: said once, for admissions and for the maker."""

from generators.backends.studio.card.templates.entry import Template
from generators.specs import CardSpec


def misfit(template: Template, spec: CardSpec, *, has_photo: bool | None = None) -> str | None:
    """Why the template cannot be had for this spec; None when it can.

    has_photo: None believes the spec.
    """
    if spec.language not in template.languages:
        return f"it is not made for the language {spec.language.value}"
    if spec.occasion not in template.occasions:
        return f"it is not made for {spec.occasion.value}"
    if spec.style not in template.styles:
        return f"it is not made for the style {spec.style.value}"
    has_photo = spec.photo_id is not None if has_photo is None else has_photo
    if template.needs_photo and not has_photo:
        return "it needs a photo: send photo_id"
    if has_photo and not template.takes_photo:
        return "it has no place for a photo"
    return None
