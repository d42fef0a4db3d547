// Home: one sentence, a network that remembers a letter, the networks to look into, and the runs.

import { home } from "../data";
import { LanguageButton } from "../dialogs";
import { strings } from "../i18n";
import { Trouble } from "../message";
import { Own, Shipped } from "../home/cards";
import { ChooseTwo } from "../home/choose-two";
import { SharedLegend } from "../home/shared-legend";
import { memorizer } from "../home/play";
import { Stage } from "../home/stage";
import { TourEntrance } from "../tour/entrance";

export function HomePage() {
  const words = strings();
  const found = home.value.value;
  const runs = found?.runs ?? [];
  const gallery = found?.gallery ?? [];
  return (
    <main class="home" data-testid="home-page">
      <header class="bar">
        <p class="name">
          Peephole <span class="quiet">{found?.version}</span>
        </p>
        <span class="spring" />
        <TourEntrance />
        <LanguageButton />
      </header>
      <Trouble />
      <h1>{words.tagline}</h1>
      {memorizer.value && <Stage />}
      {gallery.length > 0 && (
        <section class="gallery">
          <header>
            <h2>{words.gallery.gallery}</h2>
            <SharedLegend />
          </header>
          <ul>
            {gallery.map((card) => (
              <li key={card.id}>
                <Shipped card={card} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {found && runs.length + gallery.length === 0 && <Empty />}
      {runs.length > 0 && (
        <section class="runs">
          <h2>{words.gallery.runs}</h2>
          <ul>
            {runs.map((run) => (
              <li key={run.id}>
                <Own run={run} />
              </li>
            ))}
          </ul>
        </section>
      )}
      <ChooseTwo />
    </main>
  );
}

function Empty() {
  const words = strings();
  return (
    <section class="empty" data-testid="empty">
      <h2>{words.noRuns}</h2>
      <p>{words.noRunsDemo}</p>
      <pre>peephole demo</pre>
      <p>{words.noRunsTrain}</p>
      <pre>{"peephole train TEXT -o RUN\npeephole explore RUN"}</pre>
    </section>
  );
}
