"""The conformance suite's table and tools: what every cell × option × depth × direction × way goes through.

- `rows`: the table. A new cell, option or way is a new row there, and nothing else.
- `forms`: the ways a sequence can be handed over (batched, batch first, alone, packed …).
- `compare`: running a layer with its gradients, and comparing what comes out.

The claims themselves are the tests in `tests/nn` and `tests/trace`.
"""
