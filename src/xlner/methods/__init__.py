"""Floor 7: transfer methods, one file each."""

from xlner.registry import Registry

DEFAULT_METHOD = "distill"

METHODS = Registry(
    "methods",
    {
        "direct": "xlner.methods.direct:Direct",
        "distill": "xlner.methods.distill:Distill",
    },
    one="method",
)
