// One lane as the kernels see it: the contract's structs with their types, and how its units are cut into blocks.
#pragma once

#include "activations.h"
#include "multiply.h"
#include "peephole.h"

namespace peephole::PEEPHOLE_SET {

template <class T> inline T least(T a, T b) { return a < b ? a : b; }
template <class T> inline T most(T a, T b) { return a > b ? a : b; }
inline int64_t parts(int64_t whole, int64_t part) { return (whole + part - 1) / part; }

// A plane with its type.
template <class T> struct Plane {
  T *data = nullptr;
  int64_t time = 0, batch = 0;

  Plane() = default;
  Plane(const peephole_plane &p) : data((T *)p.data), time(p.time), batch(p.batch) {}
  T *at(int64_t t, int64_t b) const { return data + t * time + b * batch; }
  explicit operator bool() const { return data; }
};

// The gates of an LSTM that have parameters, and the blocks of rows of a cell's stacked matrices.
inline bool has_input_gate(const peephole_cell &c) { return c.input_gate; }
inline bool has_forget_gate(const peephole_cell &c) { return c.forget_gate && !c.coupled; }
inline bool has_output_gate(const peephole_cell &c) { return c.output_gate; }
inline int gates_of(const peephole_cell &c) {
  if (c.kind == PEEPHOLE_RNN) return 1;
  if (c.kind == PEEPHOLE_GRU) return 3;
  return 1 + has_input_gate(c) + has_forget_gate(c) + has_output_gate(c);
}

inline bool projected(const peephole_cell &c) { return c.output != c.hidden; }
// The GRU whose candidate's product comes after the reset gate.
inline bool in_two_products(const peephole_cell &c) { return c.kind == PEEPHOLE_GRU && !c.reset_after; }

// Units cut into vectors, and vectors into blocks: a block's columns, its units times its gates, fill a tile.
template <class T> struct Blocks {
  int gates;        // matrices side by side
  int64_t size;     // units of each
  int64_t vectors;  // of units; the last may be in part
  int each;         // vectors of units in a block; the last block may have fewer
  int64_t count;

  Blocks(int gates, int64_t size) : Blocks(gates, size, MOST_VECTORS / gates) {}
  Blocks(int gates, int64_t size, int each)
      : gates(gates),
        size(size),
        vectors(parts(size, N<T>)),
        each(each),
        count(parts(vectors, each)) {}
  int64_t first(int64_t block) const { return block * each; }
  int width(int64_t block) const { return (int)least<int64_t>(each, vectors - block * each); }
  // Numbers in front of a block where k rows of panels are packed.
  int64_t offset(int64_t block, int64_t k) const { return block * each * gates * N<T> * k; }
  int64_t numbers(int64_t k) const { return vectors * gates * N<T> * k; }
  // How many units the vector holds.
  int units(int64_t vector) const { return (int)least<int64_t>(N<T>, size - vector * N<T>); }
};

// Both gates of a GRU whose candidate's product comes after them, in blocks of the same units as all three.
template <class T> inline Blocks<T> gates_alone(const peephole_cell &c) { return {2, c.hidden, 1}; }

// Where things stand in what peephole_pack makes, in bytes from its beginning.
template <class T> struct Packing {
  int64_t bias = 0, input = 0, recurrent = 0, candidate = 0, candidate_bias = 0, projection = 0, size = 0;

  Packing(const peephole_cell &c, int64_t purpose) {
    const bool backward = purpose != PEEPHOLE_FORWARD;
    const int64_t number = c.bfloat16 && !backward ? sizeof(bfloat16) : sizeof(T);
    auto place = [&](int64_t bytes) {
      int64_t here = size;
      size += parts(bytes, 64) * 64;
      return here;
    };
    const int gates = gates_of(c);
    const bool split = in_two_products(c);
    if (backward) {
      recurrent = place(Blocks<T>(1, c.output).numbers(gates * c.hidden) * number);
      if (projected(c)) projection = place(Blocks<T>(1, c.hidden).numbers(c.output) * number);
      if (purpose == PEEPHOLE_BACKWARD_TO_INPUT) input = place(Blocks<T>(1, c.input).numbers(gates * c.hidden) * number);
      return;
    }
    if (!c.layer_norm) {
      bias = place(Blocks<T>(gates, c.hidden).numbers(1) * sizeof(T));
      input = place(Blocks<T>(gates, c.hidden).numbers(c.input) * number);
    }
    recurrent = place((split ? gates_alone<T>(c) : Blocks<T>(gates, c.hidden)).numbers(c.output) * number);
    if (split) candidate = place(Blocks<T>(1, c.hidden).numbers(c.output) * number);
    if (c.kind == PEEPHOLE_GRU && c.reset_after) candidate_bias = place(Blocks<T>(1, c.hidden).numbers(1) * sizeof(T));
    if (projected(c)) projection = place(Blocks<T>(1, c.output).numbers(c.hidden) * number);
  }
};

// A lane with its types.
template <class T> struct Lane {
  const peephole_cell &cell;
  const peephole_weights &weights;
  const char *packed;
  int64_t time, batch;
  bool reverse;
  const int64_t *lengths;
  Plane<const T> x, sums;
  const T *initial[2];
  T *final[2];
  Plane<const T> candidate_mask, cell_zoneout_mask, hidden_zoneout_mask, hidden_mask;
  const peephole_clamp *clamps;
  int64_t clamp_count;
  Plane<T> record[PEEPHOLE_QUANTITIES];
  Plane<T> before_activation, product, candidate_product;

  explicit Lane(const peephole_lane &l)
      : cell(*l.cell),
        weights(*l.weights),
        packed((const char *)l.packed),
        time(l.time),
        batch(l.batch),
        reverse(l.reverse),
        lengths(l.lengths),
        x(l.x),
        sums(l.sums),
        candidate_mask(l.candidate_mask),
        cell_zoneout_mask(l.cell_zoneout_mask),
        hidden_zoneout_mask(l.hidden_zoneout_mask),
        hidden_mask(l.hidden_mask),
        clamps(l.clamps),
        clamp_count(l.clamp_count),
        before_activation(l.before_activation),
        product(l.product),
        candidate_product(l.candidate_product) {
    for (int i = 0; i < 2; ++i) initial[i] = (const T *)l.initial[i], final[i] = (T *)l.final[i];
    for (int q = 0; q < PEEPHOLE_QUANTITIES; ++q) record[q] = l.record[q];
  }

  int64_t length(int64_t b) const { return lengths ? lengths[b] : time; }
  // The input time of step number i, and, being its own inverse, the number of the step at an input time.
  int64_t time_of(int64_t i) const { return reverse ? time - 1 - i : i; }
  // The state that the step at t started from.
  const T *hidden_before(int64_t t, int64_t b) const { return state_before(PEEPHOLE_HIDDEN, 0, cell.output, t, b); }
  const T *cell_before(int64_t t, int64_t b) const { return state_before(PEEPHOLE_CELL, 1, cell.hidden, t, b); }
  bool is_clamped(int64_t t) const {
    for (int64_t i = 0; i < clamp_count; ++i)
      if (!clamps[i].steps || clamps[i].steps[t]) return true;
    return false;
  }

 private:
  const T *state_before(int quantity, int number, int64_t size, int64_t t, int64_t b) const {
    const bool first = reverse ? t == length(b) - 1 : t == 0;
    return first ? initial[number] + b * size : record[quantity].at(reverse ? t + 1 : t - 1, b);
  }
};

// Lines of memory that are soon read or written, asked for while there is something else to do: stores wait for their lines
// in order, and a step's record is always new memory.
template <class T> struct Soon {
  const T *rows[PEEPHOLE_QUANTITIES + 1];
  int64_t batch[PEEPHOLE_QUANTITIES + 1];
  int count = 0;

  void add(const Plane<T> &plane, int64_t t) {
    if (!plane) return;
    rows[count] = plane.at(t, 0);
    batch[count++] = plane.batch;
  }
  void ask(int64_t b, int64_t unit) const {
    for (int i = 0; i < count; ++i) __builtin_prefetch(rows[i] + b * batch[i] + unit);
  }
};

// One step of one sequence, and the tap through which it speaks: each quantity, once it is there, is held where it is
// clamped and written down where that is wanted.
template <class T> struct Step {
  const Lane<T> &lane;
  int64_t t, b;
  bool clamped;

  PEEPHOLE_INLINE T *at(const Plane<T> &p, int64_t unit) const { return p.at(t, b) + unit; }
  PEEPHOLE_INLINE const T *at(const Plane<const T> &p, int64_t unit) const { return p.at(t, b) + unit; }

  PEEPHOLE_INLINE V<T> tap(int quantity, int64_t unit, int n, V<T> value) const {
    if (__builtin_expect(clamped, 0)) value = each_held(quantity, unit, value, [](T to) { return to; });
    const Plane<T> &plane = lane.record[quantity];
    if (plane) store(at(plane, unit), value, n);
    return value;
  }

  // The gradient on its way back through a tap: what comes in from the record is added, what was held stops it.
  PEEPHOLE_INLINE V<T> untap(int quantity, int64_t unit, int n, V<T> gradient, const Plane<const T> *incoming) const {
    if (incoming[quantity]) gradient += load(at(incoming[quantity], unit), n);
    if (__builtin_expect(clamped, 0)) gradient = each_held(quantity, unit, gradient, [](T) { return T(0); });
    return gradient;
  }

  // The vector with f(what it is held at) in the place of each unit that is held here. By value: whose address is taken, goes
  // through memory even where nothing is held.
  template <class F> [[gnu::noinline]] V<T> each_held(int quantity, int64_t unit, V<T> values, F f) const {
    for (int64_t number = 0; number < lane.clamp_count; ++number) {
      const peephole_clamp &clamp = lane.clamps[number];
      T to;
      if (!holds(clamp, quantity, to)) continue;
      for (int i = 0; i < N<T>; ++i)
        if (clamp.unit < 0 || clamp.unit == unit + i) values[i] = f(to);
    }
    return values;
  }

  // Whether a clamp acts here, and at what it holds.
  bool holds(const peephole_clamp &clamp, int quantity, T &to) const {
    if (clamp.quantity != quantity || (clamp.steps && !clamp.steps[t])) return false;
    to = ((const T *)clamp.values)[clamp.each ? b : 0];
    return !clamp.each || to == to;
  }
};

}  // namespace peephole::PEEPHOLE_SET
