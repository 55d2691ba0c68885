"""xlner: cross-lingual named entity recognition."""
