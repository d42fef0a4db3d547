"""How fast the kernels are beside their peers: what ``benchmarks/kernels.py`` measures, and how."""
