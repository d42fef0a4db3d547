"""Made `tensorflow1.npz`: what TensorFlow itself computes for every case of `lines.py`. No test runs this.

    python -m venv elsewhere && elsewhere/bin/pip install "tensorflow-cpu==2.15.1"    # Python 3.11
    elsewhere/bin/python tests/tf1/record.py

TensorFlow 2.15 is the last that has TensorFlow 1's cells. Each case has its variables, random ones, by TensorFlow's
names as a checkpoint has them, under "<case>|variable|<name>", and its results in order under "<case>|result|<k>".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow
from lines import BATCH, CASES, FEATURES, LENGTHS, TIME

tf = tensorflow.compat.v1


def main() -> None:
    rng = np.random.default_rng(1997)
    x = rng.standard_normal((BATCH, TIME, FEATURES))
    arrays = {"x": x}
    for name, case in CASES.items():
        with tf.Graph().as_default(), tf.Session() as session:
            results: Any = tf.nest.flatten(case.run(tf, case.make(tf), tf.constant(x), tf.constant(LENGTHS)))
            for variable in tf.global_variables():
                value = rng.uniform(-0.8, 0.8, variable.shape)
                variable.load(value, session)
                arrays[f"{name}|variable|{variable.name}"] = value
            for number, result in enumerate(session.run(results)):
                arrays[f"{name}|result|{number}"] = result
    np.savez_compressed(Path(__file__).with_name("tensorflow1.npz"), **arrays)


if __name__ == "__main__":
    main()
