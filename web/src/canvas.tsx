// A canvas that draws itself anew whenever a signal it read, its size or the theme changes.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Pen } from "./paint";
import { tones } from "./theme";

interface Props {
  readonly draw: (pen: Pen) => void;
  readonly class?: string;
}

/** `draw` may read signals; it runs again when they change. What it shows is told in words by the element around it. */
export function Canvas({ draw, class: className }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSignal({ width: 0, height: 0 });

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      size.value = { width, height };
    });
    observer.observe(canvas.current!);
    return () => observer.disconnect();
  }, []);

  useSignalEffect(() => {
    const { width, height } = size.value;
    const element = canvas.current;
    if (!element || width === 0 || height === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (element.width !== across) element.width = across;
    if (element.height !== down) element.height = down;
    const context = element.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    draw({ context, tones: tones.value, width, height });
  });

  return <canvas ref={canvas} class={className} aria-hidden="true" />;
}
