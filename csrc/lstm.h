// One step of the LSTM for one sequence and one vector of units, forward and back. The equations are those of
// src/peephole/nn/lstm.py, in its order.
#pragma once

#include "pieces.h"

namespace peephole::PEEPHOLE_SET {

// The cell as tanh sees it, and the output gate.
template <class T> struct CellAndGate {
  V<T> cell, gate;
};

// From the sums to the cell. `sums` are the gates' W x + R h + b, those that there are, `apart` numbers apart; `c` is
// the sequence's running cell, which the new one replaces.
template <class T, bool PLAIN>
PEEPHOLE_INLINE CellAndGate<T> lstm_cell(const Step<T> &s, int64_t unit, int n, const T *sums, int64_t apart, T *c) {
  const Lane<T> &l = s.lane;
  const peephole_cell &e = l.cell;
  const T *peephole = !PLAIN && e.peephole ? (const T *)l.weights.peephole + unit : nullptr;
  const V<T> one = splat<T>(1);
  const V<T> before = load(c + unit, n);
  int row = 0;  // of the stacked matrices

  auto gate = [&](int quantity, V<T> cell) PEEPHOLE_INLINED {
    V<T> a = load(sums + row * apart);
    if (!PLAIN && e.peephole) {
      a += load(peephole, n) * cell;
      peephole += e.hidden;
    }
    a = ready<T, PLAIN>(s, row++, unit, n, a);
    return s.tap(quantity, unit, n, gate_function<T, PLAIN>(e, a));
  };

  V<T> i = one, f = one, o = one;
  if (PLAIN || has_input_gate(e)) i = gate(PEEPHOLE_INPUT_GATE, before);
  if (PLAIN || has_forget_gate(e)) f = gate(PEEPHOLE_FORGET_GATE, before);
  if (!PLAIN && e.coupled) f = one - i;
  V<T> a = ready<T, PLAIN>(s, row, unit, n, load(sums + row * apart));
  V<T> g = s.tap(PEEPHOLE_CANDIDATE, unit, n, input_function<T, PLAIN>(e, a));
  ++row;
  if (!PLAIN && l.candidate_mask) g *= load(s.at(l.candidate_mask, unit), n);

  V<T> cell = f * before + i * g;
  if (!PLAIN && within(e.cell_clip)) {
    cell = s.tap(PEEPHOLE_CELL_BEFORE_CLIP, unit, n, cell);
    cell = clipped<T>(cell, (T)e.cell_clip);
  }
  V<T> carried;
  if (!PLAIN && l.cell_zoneout_mask) {
    cell = s.tap(PEEPHOLE_CELL_BEFORE_ZONEOUT, unit, n, cell);
    carried = s.tap(PEEPHOLE_CELL, unit, n, zoned_out<T>(load(s.at(l.cell_zoneout_mask, unit), n), before, cell));
  } else {
    carried = cell = s.tap(PEEPHOLE_CELL, unit, n, cell);
  }
  store(c + unit, carried, n);
  if (PLAIN || has_output_gate(e)) o = gate(PEEPHOLE_OUTPUT_GATE, cell);
  return {cell, o};
}

// What the gradients of a step go by: where they come from, and where they are left.
template <class T> struct LstmGradients {
  const Plane<const T> *incoming;
  T *sums;            // this sequence's row of the gradients of the sums (rows,)
  T *cell;            // its running gradient of the carried cell
  T *bias, *peephole; // its running sums over time, padded to whole vectors; NULL where not wanted
  int64_t padded;     // units of one of their rows
};

// From the gradient of o∘φ(cell) (`dm`), or with layer_norm of the cell through the norm (`through_norm`) and of the
// output gate, back to the sums. `before` is the cell before the step.
template <class T, bool PLAIN>
PEEPHOLE_INLINE void lstm_cell_back(const Step<T> &s, int64_t unit, int n, V<T> through_tanh, V<T> d_gate, V<T> before,
                           const LstmGradients<T> &to) {
  const Lane<T> &l = s.lane;
  const peephole_cell &e = l.cell;
  const int gates = PLAIN ? 4 : gates_of(e);
  const V<T> one = splat<T>(1), zero = {};
  const T *peephole = !PLAIN && e.peephole ? (const T *)l.weights.peephole + unit : nullptr;
  const int with_output = PLAIN || has_output_gate(e), with_forget = PLAIN || has_forget_gate(e);
  const int with_input = PLAIN || has_input_gate(e);
  auto recorded = [&](int quantity) PEEPHOLE_INLINED { return load(s.at(l.record[quantity], unit), n); };
  auto leave = [&](int row, V<T> da) PEEPHOLE_INLINED {
    store(to.sums + row * e.hidden + unit, da, n);
    if (to.bias) {
      T *total = to.bias + row * to.padded + unit;
      store(total, load(total) + da);
    }
  };
  // What a peephole passes on to the cell that it saw, and its own gradient.
  auto through_peephole = [&](int number, V<T> da, V<T> seen) PEEPHOLE_INLINED {
    if (to.peephole) {
      T *total = to.peephole + number * to.padded + unit;
      store(total, load(total) + da * seen);
    }
    return load(peephole + number * e.hidden, n) * da;
  };

  V<T> dc = load(to.cell + unit, n), d_new = through_tanh;
  const bool zoned = !PLAIN && l.cell_zoneout_mask;
  V<T> cell = zoned ? recorded(PEEPHOLE_CELL_BEFORE_ZONEOUT) : recorded(PEEPHOLE_CELL);
  if (with_output) {
    V<T> o = recorded(PEEPHOLE_OUTPUT_GATE);
    V<T> d = s.untap(PEEPHOLE_OUTPUT_GATE, unit, n, d_gate, to.incoming);
    d = unready<T, PLAIN>(s, e.gate_activation, gates - 1, unit, n, o, d);
    leave(gates - 1, d);
    if (!PLAIN && e.peephole) d_new += through_peephole(with_input + with_forget, d, cell);
  }
  V<T> d_before = zero;
  if (zoned) {
    V<T> mask = load(s.at(l.cell_zoneout_mask, unit), n);
    dc = s.untap(PEEPHOLE_CELL, unit, n, dc, to.incoming);
    d_before = mask * dc;
    d_new = s.untap(PEEPHOLE_CELL_BEFORE_ZONEOUT, unit, n, d_new + (one - mask) * dc, to.incoming);
  } else {
    d_new = s.untap(PEEPHOLE_CELL, unit, n, d_new + dc, to.incoming);
  }
  if (!PLAIN && within(e.cell_clip)) {
    V<T> raw = recorded(PEEPHOLE_CELL_BEFORE_CLIP);
    d_new = clipped<T>(raw, (T)e.cell_clip) == raw ? d_new : zero;
    d_new = s.untap(PEEPHOLE_CELL_BEFORE_CLIP, unit, n, d_new, to.incoming);
  }

  V<T> i = with_input ? recorded(PEEPHOLE_INPUT_GATE) : one;
  V<T> f = with_forget ? recorded(PEEPHOLE_FORGET_GATE) : !PLAIN && e.coupled ? one - i : one;
  V<T> g = recorded(PEEPHOLE_CANDIDATE);
  V<T> mask = !PLAIN && l.candidate_mask ? load(s.at(l.candidate_mask, unit), n) : one;
  d_before += f * d_new;
  const int row = with_input + with_forget;
  V<T> d = s.untap(PEEPHOLE_CANDIDATE, unit, n, PLAIN ? d_new * i : d_new * i * mask, to.incoming);
  leave(row, unready<T, PLAIN>(s, e.input_activation, row, unit, n, g, d));
  V<T> di = PLAIN ? d_new * g : d_new * g * mask, df = d_new * before;
  if (!PLAIN && e.coupled) di -= df;
  if (with_forget) {
    d = s.untap(PEEPHOLE_FORGET_GATE, unit, n, df, to.incoming);
    d = unready<T, PLAIN>(s, e.gate_activation, with_input, unit, n, f, d);
    leave(with_input, d);
    if (!PLAIN && e.peephole) d_before += through_peephole(with_input, d, before);
  }
  if (with_input) {
    d = s.untap(PEEPHOLE_INPUT_GATE, unit, n, di, to.incoming);
    d = unready<T, PLAIN>(s, e.gate_activation, 0, unit, n, i, d);
    leave(0, d);
    if (!PLAIN && e.peephole) d_before += through_peephole(0, d, before);
  }
  store(to.cell + unit, d_before, n);
}

}  // namespace peephole::PEEPHOLE_SET
