// The ten guesses after the row under the cursor, as bars with their numbers.

import { moment, trace } from "../data";
import { decimal, probability } from "../format";
import { strings } from "../i18n";
import { likelihoods } from "../picture";
import { entropy } from "./doubt";

export function Bars() {
  const words = strings().digit;
  const read = trace.value.value;
  const shares = read && read.steps > 0 ? likelihoods(read, moment.value) : new Float32Array();
  const best = shares.indexOf(Math.max(...shares));
  return (
    <section class="guesses-now" aria-label={words.now(moment.value + 1)}>
      <h2 data-testid="digit-row">{words.now(moment.value + 1)}</h2>
      <ol class="bars" data-testid="digit-bars">
        {Array.from(shares, (share, output) => (
          <li key={output} class={output === best ? "best" : ""}>
            <span>{read!.predicted[output]}</span>
            <span class="bar-room">
              <span class="bar-ink" style={{ width: `${100 * share}%` }} />
            </span>
            <b>{share >= 0.005 ? probability(share) : "0"}</b>
          </li>
        ))}
      </ol>
      <p class="quiet" data-testid="digit-doubt">
        {words.bits(decimal(entropy(shares)))}
      </p>
    </section>
  );
}
