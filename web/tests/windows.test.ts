import { effect, signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Failure } from "../src/failure";
import { attempt } from "../src/resource";
import { windowFailure, Windows, type Window } from "../src/windows";

interface Numbers extends Window {
  readonly values: number[];
}

/** A text of 100 steps in windows of 10, whose number is the step; what is asked for is noted, and answered at once. */
function text(load?: (from: number, to: number) => Promise<Numbers>, share = signal(1)) {
  const asked: [number, number][] = [];
  const answer = async (from: number, to: number): Promise<Numbers> => ({
    from,
    values: Array.from({ length: to - from }, (_, place) => from + place),
  });
  const windows = new Windows<Numbers>({
    steps: 95,
    span: 10,
    share,
    load: (from, to) => {
      asked.push([from, to]);
      return (load ?? answer)(from, to);
    },
  });
  const at = (step: number) => {
    const found = windows.around(step);
    return found?.values[step - found.from];
  };
  return { asked, at };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
/** Lets everything happen that is under way, but nothing that waits for a pause. */
const soon = () => vi.advanceTimersByTimeAsync(1);

describe("windows", () => {
  test("a step that is not here is undefined, is fetched, and whoever missed it is told", async () => {
    const { at, asked } = text();
    const seen: (number | undefined)[] = [];
    effect(() => void seen.push(at(42)));
    await soon();
    expect(seen).toEqual([undefined, 42]);
    expect(asked).toEqual([[40, 50]]);
  });

  test("neighbours that are wanted together are asked for together, the last one up to the text's end", async () => {
    const { at, asked } = text();
    effect(() => [75, 85, 93].forEach(at));
    await soon();
    expect(asked).toEqual([[70, 95]]);
    expect([at(70), at(94), at(95), at(-1)]).toEqual([70, 94, undefined, undefined]);
  });

  test("after a jump the new place comes first, and what was scrolled past is not asked for", async () => {
    const waiting: (() => void)[] = [];
    const answer = (from: number, to: number) =>
      new Promise<Numbers>((resolve) => {
        waiting.push(() => resolve({ from, values: Array.from({ length: to - from }, (_, place) => from + place) }));
      });
    const { at, asked } = text(answer);
    const place = signal(0);
    effect(() => void at(place.value));
    await soon();
    for (const step of [20, 40, 60, 80]) {
      place.value = step;
      await soon();
    }
    expect(asked).toEqual([
      [0, 10],
      [20, 30],
    ]);
    waiting.splice(0).forEach((resolve) => resolve());
    await soon();
    expect(asked.slice(2)).toEqual([[80, 90]]);
  });

  test("when nothing is asked for, what lies ahead is fetched, in the direction of reading", async () => {
    const { at, asked } = text();
    const place = signal(70);
    effect(() => void at(place.value));
    await soon();
    place.value = 60;
    await soon();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.map(([from]) => from)).toEqual([70, 60, 50, 40, 30]);
  });

  test("nothing is asked for before the text has been read", async () => {
    const share = signal(0.5);
    const { at, asked } = text(undefined, share);
    effect(() => void at(3));
    await soon();
    expect(asked).toEqual([]);
    share.value = 1;
    await soon();
    expect(at(3)).toBe(3);
  });

  test("a failure is told, is not repeated by itself, and is tried again when the user asks", async () => {
    let broken = true;
    const { at, asked } = text(async (from, to) => {
      if (broken) throw new Failure("gone", "start it again");
      return { from, values: Array.from({ length: to - from }, (_, place) => from + place) };
    });
    effect(() => void at(5));
    await soon();
    await soon();
    expect(windowFailure.value?.what).toBe("gone");
    expect(asked.length).toBe(1);
    broken = false;
    attempt.value++;
    await soon();
    expect(at(5)).toBe(5);
    expect(windowFailure.value).toBeNull();
  });

  test("only so many are held, however much is looked at", async () => {
    const windows = new Windows<Window>({ steps: 10_000, span: 1, share: signal(1), load: async (from) => ({ from }) });
    const place = signal(0);
    effect(() => void windows.around(place.value));
    for (let step = 0; step < 300; step++) {
      place.value = step;
      await soon();
    }
    const held = Array.from({ length: 300 }, (_, step) => windows.around(step)).filter(Boolean);
    expect(held.length).toBeLessThanOrEqual(96);
    expect(windows.around(299)).toEqual({ from: 299 });
  });
});

test("a short text is one window that is the whole of it", () => {
  const whole = Windows.whole(3, { from: 0 });
  expect([0, 2].map((step) => whole.around(step))).toEqual([{ from: 0 }, { from: 0 }]);
  expect(whole.around(3)).toBeUndefined();
});
