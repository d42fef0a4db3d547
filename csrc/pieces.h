// What the options add to a step, for every cell: as src/peephole/nn/pieces.py. With PLAIN all of it falls away.
#pragma once

#include "lane.h"

namespace peephole::PEEPHOLE_SET {

inline bool within(double limit) { return limit < __builtin_inf(); }

inline bool is(const peephole_activation &f, int kind) { return f.kind == kind; }

// Whether a cell is what torch has, so that nothing but its equations need be there.
inline bool is_plain(const peephole_cell &c, const peephole_lane &l) {
  const bool masked = l.candidate_mask.data || l.cell_zoneout_mask.data || l.hidden_zoneout_mask.data;
  if (masked || c.layer_norm || within(c.gate_clip)) return false;
  switch (c.kind) {
    case PEEPHOLE_LSTM:
      return c.input_gate && c.forget_gate && c.output_gate && !c.coupled && !c.peephole && !within(c.cell_clip) &&
             !within(c.proj_clip) && is(c.gate_activation, PEEPHOLE_SIGMOID) &&
             is(c.input_activation, PEEPHOLE_TANH) && is(c.output_activation, PEEPHOLE_TANH);
    case PEEPHOLE_GRU:
      return c.reset_after && is(c.gate_activation, PEEPHOLE_SIGMOID) && is(c.input_activation, PEEPHOLE_TANH);
    default: return is(c.input_activation, PEEPHOLE_TANH);
  }
}

// Whether the backward pass must be told the sums, since the values after them do not tell the slope.
inline bool keeps_before_activation(const peephole_cell &c) {
  if (within(c.gate_clip) || !slope_from_value(c.input_activation)) return true;
  return c.kind != PEEPHOLE_RNN && !slope_from_value(c.gate_activation);
}

template <class T, bool PLAIN> PEEPHOLE_INLINE V<T> gate_function(const peephole_cell &c, V<T> a) {
  if constexpr (PLAIN) return sigmoid<T>(a);
  return activate<T>(c.gate_activation, a);
}

template <class T, bool PLAIN> PEEPHOLE_INLINE V<T> input_function(const peephole_cell &c, V<T> a) {
  if constexpr (PLAIN) return hyperbolic_tangent<T>(a);
  return activate<T>(c.input_activation, a);
}

template <class T, bool PLAIN> PEEPHOLE_INLINE V<T> output_function(const peephole_cell &c, V<T> a) {
  if constexpr (PLAIN) return hyperbolic_tangent<T>(a);
  return activate<T>(c.output_activation, a);
}

// A sum before its activation: kept where the backward pass needs it, and clipped. `row` is its block of rows.
template <class T, bool PLAIN>
PEEPHOLE_INLINE V<T> ready(const Step<T> &s, int row, int64_t unit, int n, V<T> sum) {
  if constexpr (PLAIN) return sum;
  const peephole_cell &c = s.lane.cell;
  if (s.lane.before_activation) store(s.at(s.lane.before_activation, row * c.hidden + unit), sum, n);
  return within(c.gate_clip) ? clipped<T>(sum, (T)c.gate_clip) : sum;
}

// The gradient before the activation (and the clip) from the one after it.
template <class T, bool PLAIN>
PEEPHOLE_INLINE V<T> unready(const Step<T> &s, const peephole_activation &f, int row, int64_t unit, int n, V<T> value,
                    V<T> gradient) {
  if constexpr (PLAIN) return gradient * (f.kind == PEEPHOLE_SIGMOID ? value * (T(1) - value) : T(1) - value * value);
  const peephole_cell &c = s.lane.cell;
  if (!s.lane.before_activation) return gradient * slope<T>(f, value, value);
  V<T> sum = load(s.at(s.lane.before_activation, row * c.hidden + unit), n);
  if (!within(c.gate_clip)) return gradient * slope<T>(f, sum, value);
  V<T> zero = {}, within_clip = clipped<T>(sum, (T)c.gate_clip);
  return within_clip == sum ? gradient * slope<T>(f, within_clip, value) : zero;
}

// Old where the mask is 1, new where it is 0: d old + (1 − d) new.
template <class T> PEEPHOLE_INLINE V<T> zoned_out(V<T> mask, V<T> old, V<T> fresh) {
  return mask * old + (T(1) - mask) * fresh;
}

// The last words of a step, in every cell: clip and zoneout of the hidden state, which is then written where the next
// step and the next layer find it. `before` is the whole previous hidden state, `entering` (or NULL) where R reads the
// new one through its mask.
template <class T, bool PLAIN>
PEEPHOLE_INLINE void finish_hidden(const Step<T> &s, int64_t unit, int n, V<T> h, const T *before, T *entering) {
  const Lane<T> &l = s.lane;
  if constexpr (!PLAIN) {
    if (within(l.cell.proj_clip)) {
      h = s.tap(PEEPHOLE_HIDDEN_BEFORE_CLIP, unit, n, h);
      h = clipped<T>(h, (T)l.cell.proj_clip);
    }
    if (l.hidden_zoneout_mask) {
      h = s.tap(PEEPHOLE_HIDDEN_BEFORE_ZONEOUT, unit, n, h);
      h = zoned_out<T>(load(s.at(l.hidden_zoneout_mask, unit), n), load(before + unit, n), h);
    }
  }
  h = s.tap(PEEPHOLE_HIDDEN, unit, n, h);
  if (entering) store(entering + unit, h * load(l.hidden_mask.at(0, s.b) + unit, n), n);
}

// The same on the way back: from the gradient of the hidden state to that before clip and zoneout. `kept` is what goes
// to the previous hidden state past the cell.
template <class T, bool PLAIN>
PEEPHOLE_INLINE V<T> unfinish_hidden(const Step<T> &s, int64_t unit, int n, V<T> dh, const Plane<const T> *incoming, V<T> &kept) {
  const Lane<T> &l = s.lane;
  kept = V<T>{};
  dh = s.untap(PEEPHOLE_HIDDEN, unit, n, dh, incoming);
  if constexpr (!PLAIN) {
    if (l.hidden_zoneout_mask) {
      V<T> mask = load(s.at(l.hidden_zoneout_mask, unit), n);
      kept = mask * dh;
      dh = s.untap(PEEPHOLE_HIDDEN_BEFORE_ZONEOUT, unit, n, (T(1) - mask) * dh, incoming);
    }
    if (within(l.cell.proj_clip)) {
      V<T> zero = {}, h = load(s.at(l.record[PEEPHOLE_HIDDEN_BEFORE_CLIP], unit), n);
      dh = clipped<T>(h, (T)l.cell.proj_clip) == h ? dh : zero;
      dh = s.untap(PEEPHOLE_HIDDEN_BEFORE_CLIP, unit, n, dh, incoming);
    }
  }
  return dh;
}

// Layer normalisation of a row (Ba 2016), ε = 1e-5: (x − mean) · scale.
template <class T> struct Norm {
  T mean, scale;
};

// Of `size` numbers that `at(vector)` gives as vectors, zeros past the end.
template <class T, class F> inline Norm<T> norm_of(int64_t size, F at) {
  const int64_t vectors = parts(size, N<T>);
  V<T> total = {};
  for (int64_t v = 0; v < vectors; ++v) total += at(v);
  const T mean = sum<T>(total) / (T)size;
  V<T> squares = {};
  for (int64_t v = 0; v < vectors; ++v) {
    V<T> d = at(v) - mean;
    if ((v + 1) * N<T> > size)
      for (int64_t i = size - v * N<T>; i < N<T>; ++i) d[i] = 0;
    squares += d * d;
  }
  return {mean, T(1) / (T)__builtin_sqrt((double)(sum<T>(squares) / (T)size) + 1e-5)};
}

template <class T> inline Norm<T> norm_of(const T *x, int64_t size) {
  return norm_of<T>(size, [&](int64_t v) { return load(x + v * N<T>, (int)least<int64_t>(N<T>, size - v * N<T>)); });
}

// In place: the gradient of x from that of y = (x − mean) · scale · gain (+ bias), both rows of `size` numbers:
// dx = scale (g − mean(g) − x̂ mean(g x̂)) with g = gain · dy.
template <class T>
inline void denormalise(const T *x, const T *gain, const T *dy, T *dx, int64_t size) {
  const Norm<T> norm = norm_of<T>(x, size);
  const int64_t vectors = parts(size, N<T>);
  V<T> total = {}, along = {};
  for (int64_t v = 0; v < vectors; ++v) {
    const int n = (int)least<int64_t>(N<T>, size - v * N<T>);
    V<T> g = load(gain + v * N<T>, n) * load(dy + v * N<T>, n);
    total += g;
    along += g * ((load(x + v * N<T>, n) - norm.mean) * norm.scale);  // g is 0 past the end
  }
  const T mean = sum<T>(total) / (T)size, slope = sum<T>(along) / (T)size;
  for (int64_t v = 0; v < vectors; ++v) {
    const int n = (int)least<int64_t>(N<T>, size - v * N<T>);
    V<T> g = load(gain + v * N<T>, n) * load(dy + v * N<T>, n);
    V<T> centred = (load(x + v * N<T>, n) - norm.mean) * norm.scale;
    store(dx + v * N<T>, norm.scale * (g - mean - centred * slope), n);
  }
}

}  // namespace peephole::PEEPHOLE_SET
