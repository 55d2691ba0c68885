"""Floor 5: sentences in another language, by an engine that the user chooses."""

from xlner.translate.translator import TRANSLATORS, BaseTranslator, Translator

__all__ = ["TRANSLATORS", "BaseTranslator", "Translator"]
