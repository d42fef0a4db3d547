// One chart: how sensitivity fades with the lag, on a log scale, for each kind of cell that learned the same.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { run } from "../data";
import { strings } from "../i18n";
import { lags, type Lags } from "./data";
import { curve, floored, powersOf, reachOf, relative, spread } from "./lag-curve";
import { powerOfTen } from "./scale";

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [168, 40, 56, 8, 24];
const LABEL = 16;

export function LagChart() {
  const frame = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  const words = strings().light;
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      width.value = entry!.contentRect.width;
    });
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  const { value: curves, failure } = lags.value;
  return (
    <figure class="lags" data-testid="lags">
      <figcaption>{words.lags}</figcaption>
      <div ref={frame}>
        {failure && <p class="quiet">{failure.what}</p>}
        {curves && width.value > LEFT + RIGHT && <Chart curves={curves} width={width.value} />}
      </div>
    </figure>
  );
}

function Chart({ curves, width }: { readonly curves: readonly Lags[]; readonly width: number }) {
  const words = strings();
  const shown = curves.map((one) => ({ ...one, shares: relative(one.sensitivity), reach: reachOf(one.sensitivity) }));
  const own = shown.find((one) => one.run === run.value.value?.name);
  const name = (cell: string) => words.cells[cell] ?? cell;
  const reach = Math.max(1, ...shown.map((one) => one.reach));
  const [lowest, highest] = powersOf(shown.map(({ shares }) => shares));
  const x = (lag: number) => LEFT + (lag / reach) * (width - LEFT - RIGHT);
  const y = (share: number) => TOP + ((highest - Math.log10(share)) / (highest - lowest)) * (HEIGHT - TOP - BOTTOM);
  const last = shown.map((one) => one.shares[one.reach] ?? 1);
  const product = own?.gates ?? null;
  const ends = product ? [...last, product[reachOf(product)] ?? 1] : last;
  const labels = spread(ends.map((share) => y(floored(share, lowest))), LABEL, HEIGHT - BOTTOM);
  const ticks = Array.from({ length: (highest - lowest) / 2 + 1 }, (_, place) => highest - 2 * place);
  const told = shown.map((one, place) => words.light.lagTold(name(one.cell), one.reach, last[place]!.toPrecision(2)));
  return (
    <svg width={width} height={HEIGHT} role="img" aria-label={told.join("; ")}>
      {ticks.map((power) => (
        <g key={power}>
          <line class="grid" x1={LEFT} x2={width - RIGHT} y1={y(10 ** power)} y2={y(10 ** power)} />
          <text x={LEFT - 8} y={y(10 ** power)} text-anchor="end" dominant-baseline="middle">
            {powerOfTen(power)}
          </text>
        </g>
      ))}
      {[...new Set([0, Math.round(reach / 2), reach])].map((lag) => (
        <text key={lag} x={x(lag)} y={HEIGHT - 6} text-anchor="middle">
          {lag}
        </text>
      ))}
      {product && (
        <g class="product">
          <path d={curve(product, x, y, lowest)} />
          <text x={width - RIGHT + 8} y={labels.at(-1)} dominant-baseline="middle">
            {own?.cell === "gru" ? "∏z" : "∏f"}
          </text>
        </g>
      )}
      {shown.map(({ cell, run: of, shares }, place) => (
        <g key={of} class={`cell-${cell}${of === own?.run ? " own" : ""}`}>
          <path d={curve(shares, x, y, lowest)} />
          <text x={width - RIGHT + 8} y={labels[place]} dominant-baseline="middle">
            {name(cell)}
          </text>
        </g>
      ))}
    </svg>
  );
}
