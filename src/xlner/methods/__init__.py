"""Floor 7: transfer methods, one file each."""

from xlner.registry import Registry

METHODS = Registry(
    "methods",
    {
        "direct": "xlner.methods.direct:fit",
        "distill": "xlner.methods.distill:fit",
    },
)
