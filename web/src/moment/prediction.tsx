// What follows from h: the next layer, or what the network expects now.

import { address } from "../state";
import { run, trace } from "../data";
import { decimal, probability } from "../format";
import { strings } from "../i18n";
import { glyph } from "../symbols";
import { MONO, SANS } from "../theme";
import { useSheet } from "./sheet";

const ROW = 24;
const MOST = 5;

export function Prediction() {
  const sheet = useSheet();
  const words = strings();
  const read = trace.value.value;
  if (!read || read.trace !== sheet.shown.trace) return null;
  const { step } = sheet.shown;
  const { x, y, width } = sheet.prediction;
  const layers = run.value.value?.layers_detail.length ?? 1;
  const { layer } = address.value;
  const way = [
    layer + 1 < layers ? words.moment.throughLayer(layer + 2) : null,
    run.value.value?.bidirectional ? words.moment.bothWays : null,
  ].filter(Boolean);
  const rows =
    read.probabilities && read.outputs
      ? Array.from({ length: Math.min(MOST, read.ranks) }, (_, rank) => ({
          name: read.predicted[read.outputs!.at(step * read.ranks + rank) ?? -1] ?? "",
          share: read.probabilities!.at(step * read.ranks + rank) ?? 0,
        })).filter(({ share }) => share >= 0.005)
      : [];
  const [column, bar] = [44, width - 44 - 36];
  const said = read.output ? [...read.output.subarray(step * read.outputSize, step * read.outputSize + Math.min(MOST, read.outputSize))] : [];
  const silent = rows.length === 0 && said.length === 0 && !read.forecast;
  if (silent && way.length === 0) return null;
  return (
    <g data-testid="prediction" data-phase="reveal">
      <text x={x} y={y} font-family={SANS} font-size={13} font-weight={600} fill={sheet.tones.ink}>
        {silent ? "" : read.target === "output" ? words.output : read.target === "next" || read.target === "value" ? words.next : words.guess}
      </text>
      {way.map((words, line) => (
        <text key={words} x={x} y={y + 18 * (line + 1)} font-family={SANS} font-size={12} fill={sheet.quiet}>
          {words}
        </text>
      ))}
      {rows.map(({ name, share }, rank) => {
        const shown = glyph(name);
        const line = y + 28 + 18 * way.length + rank * ROW;
        return (
          <g key={name}>
            <text
              x={x}
              y={line}
              font-family={MONO}
              font-size={14}
              font-weight={600}
              fill={shown.faint ? sheet.quiet : sheet.tones.ink}
            >
              {shown.text.length > 5 ? `${shown.text.slice(0, 4)}…` : shown.text}
            </text>
            <rect x={x + column} y={line - 11} width={bar} height={12} fill={sheet.wash} />
            <rect x={x + column} y={line - 11} width={share * bar} height={12} fill={sheet.tones.theme.open} />
            <text x={x + width} y={line} text-anchor="end" font-family={SANS} font-size={13} fill={sheet.tones.ink}>
              {probability(share)}
            </text>
          </g>
        );
      })}
      {said.map((value, one) => (
        <text
          key={one}
          x={x}
          y={y + 28 + 18 * way.length + one * ROW}
          font-family={SANS}
          font-size={14}
          font-weight={600}
          fill={sheet.tones.ink}
        >
          {decimal(value)}
        </text>
      ))}
      {read.forecast && (
        <text
          x={x}
          y={y + 32 + 18 * way.length}
          font-family={SANS}
          font-size={20}
          font-weight={600}
          fill={sheet.tones.ink}
        >
          {decimal(read.forecast.at(step) ?? Number.NaN)}
        </text>
      )}
    </g>
  );
}
