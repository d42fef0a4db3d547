"""Oracles: the papers' formulas in NumPy, written from the papers and not from Peephole's code.

Everything here knows NumPy alone: no torch, no Peephole. A step is a function of one time step that may be given
real or complex numbers of any leading shape; `network.run` applies it over time, depth and direction, and
`derivative.along` differentiates it by the complex step, which is exact to rounding.
"""
