// Where the page starts: the address is read, the page it names is drawn.

import { effect } from "@preact/signals";
import { render } from "preact";
import { Dialogs } from "./dialogs";
import { run, unit } from "./data";
import { language, strings } from "./i18n";
import { listen } from "./keyboard";
import { Link } from "./link";
import { Message } from "./message";
import { ComparePage } from "./pages/compare";
import { DigitPage } from "./pages/digit";
import { HomePage } from "./pages/home";
import { MomentPage } from "./pages/moment";
import { NetworkPage } from "./pages/network";
import { UnitPage } from "./pages/unit";
import { settle } from "./place";
import { address, followAddress, HOME } from "./state";
import { Toured } from "./tour/toured";
import "./styles/index.css";

function Page() {
  switch (address.value.page) {
    case "home":
      return <HomePage />;
    case "network":
      return <NetworkPage />;
    case "unit":
      return <UnitPage />;
    case "moment":
      return <MomentPage />;
    case "digit":
      return <DigitPage />;
    case "compare":
      return <ComparePage />;
    default:
      return (
        <main class="home">
          <Message what={strings().nowhere} />
          <p>
            <Link to={HOME}>{strings().toHome}</Link>
          </p>
        </main>
      );
  }
}

function Explorer() {
  return (
    <>
      <Toured>
        <Page />
      </Toured>
      <Dialogs />
    </>
  );
}

const frame = await settle();
followAddress();
listen();
frame?.listen();

effect(() => {
  const { page } = address.value;
  const place = page === "home" || page === "nowhere" ? "" : (run.value.value?.name ?? address.value.run);
  const number = (page === "unit" || page === "moment") && unit.value !== null ? strings().unitN(unit.value) : "";
  const deepest = page === "moment" ? strings().moment.name : "";
  document.title = [deepest, number, place, "Peephole"].filter(Boolean).join(" · ");
});

// Apart from the title, which changes with every unit: a document whose language is set is styled anew.
effect(() => {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
});

render(<Explorer />, document.getElementById("root")!);
