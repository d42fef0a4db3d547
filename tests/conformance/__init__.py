"""The conformance suite's table and tools: what every cell × option × depth × direction × way goes through.

- `rows`: the table. A new cell, option or way is a new row there, and nothing else.
- `forms`: the ways a sequence can be handed over (batched, batch first, alone, packed, padded …).
- `steps`: the oracle's step with a layer's options.
- `compare`: running a layer with its gradients, and comparing what comes out.
- `records`: checking a record step by step.
- `variants`: any options at any sizes beside the oracle, with masks, lengths and records.

The claims themselves are the tests in `tests/nn` and `tests/trace`.
"""
