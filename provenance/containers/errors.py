"""Files that cannot carry a label."""


class ContainerError(ValueError):
    """The bytes are not a file of that type, or one that we do not know how to label."""


class ScatteredManifestError(ContainerError):
    """Something lies between the parts of a manifest, where validators hash nothing."""
