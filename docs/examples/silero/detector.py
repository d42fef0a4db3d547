"""silero-vad: whole by ONNX Runtime, and opened from its LSTM on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from sounds import FRAME, Samples
from torch import Tensor

import peephole as ph


class Detector:
    """The whole network, with what its LSTM reads as one more output, and all from that LSTM on as a module of ours.

    Attributes:
        opened: 128 features to P(speech), by an LSTM of 128 units and a readout.
    """

    def __init__(self, path: Path) -> None:
        model = onnx.load(path)
        (node,) = [node for node in model.graph.node if node.op_type == "LSTM"]
        self.read_by_lstm = node.input[0]
        more = onnx.helper.make_tensor_value_info(self.read_by_lstm, onnx.TensorProto.FLOAT, None)
        model.graph.output.append(more)
        self.session = onnxruntime.InferenceSession(model.SerializeToString())
        self.opened = ph.load(path)

    def read(self, samples: Samples) -> tuple[Tensor, Tensor]:
        """What the LSTM reads, (time, 1, 128), and P(speech), (time,)."""
        frames = samples.astype(np.float32).reshape(-1, FRAME)
        before = np.pad(frames[:-1, -64:], ((1, 0), (0, 0)))  # each step sees the end of the frame before
        zeros = np.zeros((1, 1, 128), np.float32)
        inputs = {"input": np.concatenate([before, frames], 1), "h": zeros, "c": zeros}
        features, speech = self.session.run([self.read_by_lstm, "speech_probs"], inputs)
        return torch.tensor(features), torch.tensor(speech.reshape(-1))
