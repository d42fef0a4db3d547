// Which diagram takes the page's place at each step of the tour, or which widget stands in the rail beside it.

import type { FunctionComponent } from "preact";
import { Circle } from "./circle";
import { DigitStep } from "./digit";
import { Fading } from "./fading";
import { Functions } from "./functions";
import { GatesStep } from "./gates";
import { Growth } from "./growth";
import { Lines } from "./lines";
import { Outside } from "./outside";
import { Peepholes } from "./peepholes";
import type { StepKey } from "./places";
import { Roads } from "./roads";
import { Sequences } from "./sequences";
import { Shapes } from "./shapes";
import { Sharing } from "./sharing";
import { Silence } from "./silence";
import { TextStep } from "./text";

type Parts = Readonly<Partial<Record<StepKey, FunctionComponent>>>;

export const STAGES: Parts = {
  circle: Circle,
  sharing: Sharing,
  sequences: Sequences,
  growth: Growth,
  outside: Outside,
  gates: GatesStep,
  silence: Silence,
  roads: Roads,
  fading: Fading,
  functions: Functions,
  peepholes: Peepholes,
  shapes: Shapes,
  lines: Lines,
};

export const WIDGETS: Parts = { digit: DigitStep, text: TextStep };
