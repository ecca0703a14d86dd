"""Steps around a model: what happens to the pixels before they are sent, and to the answer before it is kept.

    kinds   which steps there are, with their parameters
    chains  which orders of them make sense

Here they are declared and judged; ``inference.steps`` does the arithmetic. Pure: values in, values or a sentence out.
"""

from models_registry.steps.chains import ChainFacts, check_chain
from models_registry.steps.kinds import KINDS, Param, Phase, Step, StepKind, StepRejected, read_steps

__all__ = ["KINDS", "ChainFacts", "Param", "Phase", "Step", "StepKind", "StepRejected", "check_chain", "read_steps"]
