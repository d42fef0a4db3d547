// A canvas that is painted anew when one of some values changes; a canvas by itself follows signals only.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Canvas } from "../canvas";
import type { Pen } from "../paint";

interface Props {
  readonly draw: (pen: Pen) => void;
  readonly on: readonly unknown[];
}

export function Painted({ draw, on }: Props) {
  const now = useSignal(draw);
  useEffect(() => {
    now.value = draw;
  }, on);
  return <Canvas draw={(pen) => now.value(pen)} />;
}
