"""Labels that are probably wrong: found by what a model learns from the others, and by what looks alike. No Django here."""
