"""A digit drawn on the page: 28 × 28 grey values that fit in an address.

Each is 0 (paper) to 15 (ink), row after row, two a byte with the first in the high half, base64url without padding:
392 bytes, 523 characters.
"""

from __future__ import annotations

import base64
import binascii

import torch
from torch import Tensor

from peephole.explorer.refusal import Refusal
from peephole.explorer.words import Words

SIDE = 28
INK = 15


def pixels_in(drawn: str) -> Tensor:
    """(row, column) float32 from 0 (paper) to 1 (ink).

    Raises:
        Refusal: it is no such drawing.
    """
    try:
        packed = base64.b64decode(drawn + "=" * (-len(drawn) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:  # ValueError: not ASCII
        raise _no_drawing(Words("it is not base64url", "不是 base64url")) from error
    if len(packed) != SIDE * SIDE // 2:
        wanted = SIDE * SIDE // 2
        raise _no_drawing(
            Words(f"it has {len(packed)} bytes and not {wanted}", f"应为 {wanted} 字节，实为 {len(packed)}")
        )
    halves = torch.tensor([half for byte in packed for half in (byte >> 4, byte & INK)])
    return halves.reshape(SIDE, SIDE).float() / INK


def _no_drawing(why: Words) -> Refusal:
    return Refusal(
        Words(f"the drawing cannot be read: {why.en}", f"无法读取手写图像：{why.zh}"),
        do=Words("Draw it again.", "请重新绘制。"),
    )
