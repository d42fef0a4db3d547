"""Keras's files, 2 and 3, read without Keras, and arrays for its layers."""
