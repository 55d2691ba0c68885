"""Floor 7: transfer methods, one file each."""

from xlner.registry import Registry

DEFAULT_METHOD = "distill"

METHODS = Registry(
    "methods",
    {
        "direct": "xlner.methods.direct:Direct",
        "distill": "xlner.methods.distill:Distill",
        "consistency": "xlner.methods.consistency:Consistency",
        "advpicker": "xlner.methods.advpicker:AdvPicker",
        "bitext": "xlner.methods.bitext:BitextTransfer",
        "translate-train": "xlner.methods.translate_train:TranslateTrain",
        "translate-test": "xlner.methods.translate_test:TranslateTest",
        "combined": "xlner.methods.combined:Combined",
        "concner": "xlner.methods.concner:ConCNER",
        "filter": "xlner.methods.filter:Filter",
        "man-moe": "xlner.methods.man_moe:MANMoE",
        "mcl-ner": "xlner.methods.mcl_ner:MCLNER",
        "mtmt": "xlner.methods.mtmt:MTMT",
    },
    one="method",
)
