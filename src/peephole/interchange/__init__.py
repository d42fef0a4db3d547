"""Other people's networks: PyTorch's, Keras's and ONNX's files and modules, in and out."""
