"""The form encoding of Stripe's API: `a[b][0][c]=d` to nested dictionaries and lists."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

MAX_FIELDS: Final = 500
_PART: Final = re.compile(r"\[([^\[\]]*)\]")


def decode(text: str) -> dict[str, Any]:
    """Raises: ValueError: too many fields, or a name that makes no sense."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS):
        first, _, rest = name.partition("[")
        path = [first, *_PART.findall(f"[{rest}")] if rest else [first]
        _put(tree, path, value)
    return {name: _listed(value) for name, value in tree.items()}


def _put(tree: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        branch = tree.setdefault(part, {})
        if isinstance(branch, str):
            raise ValueError(f"{part} is both a value and a group")  # noqa: TRY004 - of what was sent
        tree = branch
    last = path[-1] or str(len(tree))
    tree[last] = value


def _listed(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Groups whose names are 0, 1, 2… are lists."""
    if not isinstance(value, dict):
        return value
    children = {name: _listed(child) for name, child in value.items()}
    if children and all(name.isdigit() for name in children):
        return [children[name] for name in sorted(children, key=int)]
    return children
