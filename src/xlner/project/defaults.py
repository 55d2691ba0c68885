"""The parts of a projection that nobody chose."""

MATCHER = "exact"
ALIGNER = "layers"
SCORE = "fused"
