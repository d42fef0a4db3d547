// The reference: one layer in one direction as plain loops that read as the equations of src/peephole/nn. It runs on
// any kind of number, so that on a Dual it also gives the exact derivatives of whatever it makes.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "arrays.h"
#include "cells.h"
#include "dual.h"
#include "functions.h"
#include "peephole.h"

template <class S>
struct Weights {
  Vector<S> ih, hh, bias_ih, bias_hh, hr, peephole, norm, norm_bias, norm_cell, norm_cell_bias;
};

struct Masks {
  Array<double> candidate, cell_zoneout, hidden_zoneout, hidden;
};

struct Clamp {
  int64_t quantity, unit;
  bool each;
  Vector<double> values;
  Vector<uint8_t> steps;  // empty: everywhere

  bool acts(int64_t time) const { return steps.empty() || steps[static_cast<size_t>(time)]; }
};

// What is added to a sum or product as it comes to be; its derivative is the gradient that the kernels write.
template <class S>
struct Nudges {
  Array<S> sums, product, candidate_product, projected, normalised_cell;
};

template <class S>
struct Lane {
  peephole_cell cell;
  int64_t time, batch, reverse;
  Vector<int64_t> lengths;
  Weights<S> weights;
  Array<S> x, sums;
  std::array<Vector<S>, 2> initial;
  Masks masks;
  Vector<Clamp> clamps;
  Nudges<S> nudges;
};

template <class S>
struct Run {
  std::array<Array<S>, PEEPHOLE_QUANTITIES> record;
  Array<S> before_activation, product, candidate_product;
  std::array<Vector<S>, 2> final;
  double nearest_kink = std::numeric_limits<double>::infinity();  // how close anything came to one
  double nearest_jump = std::numeric_limits<double>::infinity();  // … to a threshold, where the value jumps
};

template <class S>
class Step {
 public:
  Step(const Lane<S> &lane, Run<S> &run, int64_t t, int64_t b)
      : lane(lane), cell(lane.cell), w(lane.weights), run(run), hidden(cell.hidden), t(t), b(b) {}

  // h_t = φ(W x_t + b_ih + R h_{t-1} + b_hh), with layer_norm φ(LN(W x_t + R h_{t-1}) + b_ih + b_hh)
  void rnn(Vector<S> &h) {
    Vector<S> a = plus(input_product(), product(w.hh, 0, hidden, masked(h)));
    if (cell.layer_norm) a = normalised(kept(run.product, 0, nudged(a, lane.nudges.product)), w.norm, w.norm_bias);
    a = nudged(plus(plus(a, w.bias_ih), w.bias_hh), lane.nudges.sums);
    const Vector<S> made = activation(cell.input_activation, PEEPHOLE_HIDDEN, a);
    h = carried(PEEPHOLE_HIDDEN, h, made, lane.masks.hidden_zoneout).second;
  }

  void lstm(Vector<S> &h, Vector<S> &c) {
    const Vector<S> sums = lstm_sums(h);
    const Vector<S> i = gate(PEEPHOLE_INPUT_GATE, sums, c);
    const Vector<S> f = cell.coupled ? each(hidden, [&](int64_t u) { return S(1) - i[u]; })
                                     : gate(PEEPHOLE_FORGET_GATE, sums, c);
    const Vector<S> g = tap(PEEPHOLE_CANDIDATE, activation(cell.input_activation, PEEPHOLE_CANDIDATE,
                                                           part(sums, PEEPHOLE_CANDIDATE)));
    const Vector<S> mg = masked(g, lane.masks.candidate);
    Vector<S> made = each(hidden, [&](int64_t u) { return f[u] * c[u] + i[u] * mg[u]; });
    made = limited(PEEPHOLE_CELL_BEFORE_CLIP, made, cell.cell_clip);
    std::tie(made, c) = carried(PEEPHOLE_CELL, c, made, lane.masks.cell_zoneout);
    const Vector<S> o = gate(PEEPHOLE_OUTPUT_GATE, sums, made);
    h = carried(PEEPHOLE_HIDDEN, h, shown(o, made), lane.masks.hidden_zoneout).second;
  }

  void gru(Vector<S> &h) {
    const Vector<S> seen = masked(h);
    const Vector<S> a = gru_input();
    const Vector<S> rz = gru_product(0, 2 * hidden, seen);
    const Vector<S> r = gru_gate(PEEPHOLE_RESET_GATE, a, rz), z = gru_gate(PEEPHOLE_UPDATE_GATE, a, rz);
    const Vector<S> n = gru_candidate(a, seen, r);
    const Vector<S> mn = masked(n, lane.masks.candidate);
    const Vector<S> made = each(hidden, [&](int64_t u) { return (S(1) - z[u]) * mn[u] + z[u] * h[u]; });
    h = carried(PEEPHOLE_HIDDEN, h, made, lane.masks.hidden_zoneout).second;
  }

 private:
  const Lane<S> &lane;
  const peephole_cell &cell;
  const Weights<S> &w;
  Run<S> &run;
  const int64_t hidden, t, b;

  // The LSTM

  // W x + R h + b of all gates and the candidate; with layer_norm LN(W x) + LN(R h) + b.
  Vector<S> lstm_sums(const Vector<S> &h) {
    Vector<S> received = product(w.hh, 0, rows(cell), masked(h));
    if (!cell.layer_norm) {
      const Vector<S> a = plus(plus(input_product(), w.bias_ih), w.bias_hh);
      return nudged(plus(a, received), lane.nudges.sums);
    }
    received = kept(run.product, 0, nudged(received, lane.nudges.product));
    return nudged(plus(lane.sums.row(t, b), normalised(received, w.norm, w.norm_bias)), lane.nudges.sums);
  }

  // σ(W x + R h + p∘cell + b), or the constant 1 where there is no such gate.
  Vector<S> gate(int64_t quantity, const Vector<S> &sums, const Vector<S> &seen) {
    if (first_row(cell, quantity) < 0) return Vector<S>(static_cast<size_t>(hidden), S(1));
    Vector<S> a = part(sums, quantity);
    if (cell.peephole) {
      const S *p = w.peephole.data() + first_peephole(cell, quantity);
      a = each(hidden, [&](int64_t u) { return a[u] + p[u] * seen[u]; });
    }
    return tap(quantity, activation(cell.gate_activation, quantity, a));
  }

  // o∘tanh(c), projected and clipped: what leaves the layer.
  Vector<S> shown(const Vector<S> &o, const Vector<S> &c) {
    Vector<S> seen = c;
    if (cell.layer_norm)
      seen = nudged(normalised(c, w.norm_cell, w.norm_cell_bias), lane.nudges.normalised_cell);
    note_kinks(cell.output_activation, seen);
    Vector<S> out = each(hidden, [&](int64_t u) { return o[u] * activated(cell.output_activation, seen[u]); });
    if (!projects(cell)) return out;
    out = tap(PEEPHOLE_HIDDEN_BEFORE_PROJECTION, out);
    out = nudged(product(w.hr, 0, cell.output, out), lane.nudges.projected);
    return limited(PEEPHOLE_HIDDEN_BEFORE_CLIP, out, cell.proj_clip);
  }

  // The GRU

  // W x + b_ih, with layer_norm LN(W x) + b_ih.
  Vector<S> gru_input() {
    return nudged(cell.layer_norm ? lane.sums.row(t, b) : plus(input_product(), w.bias_ih), lane.nudges.sums);
  }

  // R v + b_hh of some of the rows, with layer_norm LN(R v) + b_hh.
  Vector<S> gru_product(int64_t first, int64_t count, const Vector<S> &v) {
    Vector<S> made = product(w.hh, first, count, v);
    if (cell.layer_norm) {
      made = kept(run.product, first, nudged(made, lane.nudges.product, first));
      made = normalised(made, slice(w.norm, first, count), slice(w.norm_bias, first, count));
    }
    return plus(made, slice(w.bias_hh, first, count));
  }

  Vector<S> gru_gate(int64_t quantity, const Vector<S> &a, const Vector<S> &b_rz) {
    return tap(quantity, activation(cell.gate_activation, quantity, plus(part(a, quantity), part(b_rz, quantity))));
  }

  // tanh(W x + b_in + r∘(R h + b_hn)), or tanh(W x + b_in + R (r∘h) + b_hn).
  Vector<S> gru_candidate(const Vector<S> &a, const Vector<S> &seen, const Vector<S> &r) {
    Vector<S> received = gru_product(2 * hidden, hidden, cell.reset_after ? seen : times(r, seen));
    if (cell.reset_after) {
      received = kept(run.candidate_product, 0, nudged(received, lane.nudges.candidate_product));
      received = times(r, received);
    }
    const Vector<S> sum = plus(part(a, PEEPHOLE_CANDIDATE), received);
    return tap(PEEPHOLE_CANDIDATE, activation(cell.input_activation, PEEPHOLE_CANDIDATE, sum));
  }

  // What all cells share

  // W x; an RNN with layer_norm is given it.
  Vector<S> input_product() {
    return cell.layer_norm ? lane.sums.row(t, b) : product(w.ih, 0, rows(cell), lane.x.row(t, b));
  }

  // M v, for `count` of M's rows.
  Vector<S> product(const Vector<S> &matrix, int64_t first, int64_t count, const Vector<S> &v) {
    const int64_t columns = static_cast<int64_t>(v.size());
    return each(count, [&](int64_t row) {
      const S *m = matrix.data() + (first + row) * columns;
      S sum(0);
      for (int64_t k = 0; k < columns; ++k) sum += m[k] * v[k];
      return sum;
    });
  }

  // (a − mean) / √(variance + ε) · gain + bias
  Vector<S> normalised(const Vector<S> &a, const Vector<S> &gain, const Vector<S> &bias) {
    const int64_t count = static_cast<int64_t>(a.size());
    const S share(1.0 / static_cast<double>(count));
    S mean(0), variance(0);
    for (const S &value : a) mean += value * share;
    for (const S &value : a) variance += (value - mean) * (value - mean) * share;
    const S scale = inverse_root(variance + S(1e-5));
    return each(count, [&](int64_t n) { return (a[n] - mean) * scale * gain[n] + bias[n]; });
  }

  // f(clip(a)); a is kept as what stood before.
  Vector<S> activation(const peephole_activation &f, int64_t quantity, const Vector<S> &a) {
    kept(run.before_activation, first_row(cell, quantity), a);
    const Vector<S> inside = clipped(a, cell.gate_clip);
    note_kinks(f, inside);
    return each(hidden, [&](int64_t u) { return activated(f, inside[u]); });
  }

  // A value within −limit … limit.
  Vector<S> clipped(const Vector<S> &a, double limit) {
    if (!std::isfinite(limit)) return a;
    for (const S &value : a)
      run.nearest_kink = std::fmin(run.nearest_kink, std::abs(std::abs(value_of(value)) - limit));
    return each(static_cast<int64_t>(a.size()), [&](int64_t n) {
      const double value = value_of(a[n]);
      return value < -limit ? S(-limit) : value > limit ? S(limit) : a[n];
    });
  }

  // The same of a state, which is a quantity before.
  Vector<S> limited(int64_t before_clip, const Vector<S> &value, double limit) {
    return std::isfinite(limit) ? clipped(tap(before_clip, value), limit) : value;
  }

  // Taps a new state, and zones it out where there is a mask: as the rest of the step sees it, and as the next step does.
  std::pair<Vector<S>, Vector<S>> carried(int64_t quantity, const Vector<S> &before, const Vector<S> &made,
                                          const Array<double> &mask) {
    if (!mask.is_there()) {
      const Vector<S> seen = tap(quantity, made);
      return {seen, seen};
    }
    const Vector<S> seen = tap(quantity - 1, made);  // PEEPHOLE_…_BEFORE_ZONEOUT stands just before
    const double *d = mask.at(t, b);
    return {seen, tap(quantity, each(mask.width, [&](int64_t u) {
              return S(d[u]) * before[u] + (S(1) - S(d[u])) * seen[u];
            }))};
  }

  // Holds what is clamped, and notes the quantity.
  Vector<S> tap(int64_t quantity, Vector<S> value) {
    for (const Clamp &clamp : lane.clamps)
      if (clamp.quantity == quantity && clamp.acts(t)) hold(clamp, value);
    return kept(run.record[static_cast<size_t>(quantity)], 0, value);
  }

  void hold(const Clamp &clamp, Vector<S> &value) {
    const double held = clamp.values[static_cast<size_t>(clamp.each ? b : 0)];
    if (clamp.each && std::isnan(held)) return;
    for (int64_t u = 0; u < static_cast<int64_t>(value.size()); ++u)
      if (clamp.unit < 0 || clamp.unit == u) value[u] = S(held);
  }

  // h_{t-1} as it enters R.
  Vector<S> masked(const Vector<S> &h) {
    if (!lane.masks.hidden.is_there()) return h;
    const double *m = lane.masks.hidden.at(0, b);
    return each(cell.output, [&](int64_t u) { return h[u] * S(m[u]); });
  }

  Vector<S> masked(const Vector<S> &value, const Array<double> &mask) {
    if (!mask.is_there()) return value;
    return each(mask.width, [&](int64_t u) { return value[u] * S(mask.at(t, b)[u]); });
  }

  // Writes values into a plane, from a row on, and returns them.
  const Vector<S> &kept(Array<S> &plane, int64_t first, const Vector<S> &values) {
    if (plane.is_there()) std::copy(values.begin(), values.end(), plane.at(t, b) + first);
    return values;
  }

  Vector<S> nudged(Vector<S> value, const Array<S> &nudge, int64_t first = 0) {
    if (nudge.is_there())
      for (size_t n = 0; n < value.size(); ++n) value[n] += nudge.at(t, b)[first + static_cast<int64_t>(n)];
    return value;
  }

  void note_kinks(const peephole_activation &f, const Vector<S> &a) {
    for (double kink : kinks(f))
      for (const S &value : a) {
        const double distance = std::abs(value_of(value) - kink);
        run.nearest_kink = std::fmin(run.nearest_kink, distance);
        if (f.kind == PEEPHOLE_THRESHOLDED_RELU) run.nearest_jump = std::fmin(run.nearest_jump, distance);
      }
  }

  Vector<S> part(const Vector<S> &stacked, int64_t quantity) {
    return slice(stacked, first_row(cell, quantity), hidden);
  }

  // Some of the values; nothing of nothing.
  static Vector<S> slice(const Vector<S> &values, int64_t first, int64_t count) {
    if (values.empty()) return {};
    return Vector<S>(values.begin() + first, values.begin() + first + count);
  }

  // a + b, or a where there is no b.
  static Vector<S> plus(Vector<S> a, const Vector<S> &b) {
    for (size_t n = 0; n < b.size(); ++n) a[n] += b[n];
    return a;
  }

  static Vector<S> times(const Vector<S> &a, const Vector<S> &b) {
    return each(static_cast<int64_t>(a.size()), [&](int64_t n) { return a[n] * b[n]; });
  }
};

// Room for everything that a run of this lane writes down.
template <class S>
Run<S> empty_run(const Lane<S> &lane) {
  const peephole_cell &cell = lane.cell;
  const auto room = [&](int64_t width) { return Array<S>(lane.time, lane.batch, width); };
  Run<S> run;
  const bool zoned[] = {lane.masks.cell_zoneout.is_there(), lane.masks.hidden_zoneout.is_there()};
  for (int64_t quantity : quantities(cell, zoned[0], zoned[1]))
    run.record[static_cast<size_t>(quantity)] = room(size_of(cell, quantity));
  run.before_activation = room(rows(cell));
  if (cell.layer_norm) run.product = room(rows(cell));
  if (keeps_candidate_product(cell)) run.candidate_product = room(cell.hidden);
  run.final = lane.initial;
  return run;
}

template <class S>
Run<S> naive_run(const Lane<S> &lane) {
  Run<S> run = empty_run(lane);
  for (int64_t b = 0; b < lane.batch; ++b) {
    const int64_t length = lane.lengths[static_cast<size_t>(b)];
    const auto own = [&](int64_t which, int64_t width) {
      const Vector<S> &all = lane.initial[static_cast<size_t>(which)];
      return all.empty() ? Vector<S>() : Vector<S>(all.begin() + b * width, all.begin() + (b + 1) * width);
    };
    Vector<S> h = own(0, lane.cell.output), c = own(1, lane.cell.hidden);
    for (int64_t n = 0; n < length; ++n) {
      Step<S> step(lane, run, lane.reverse ? length - 1 - n : n, b);
      if (lane.cell.kind == PEEPHOLE_RNN) step.rnn(h);
      if (lane.cell.kind == PEEPHOLE_LSTM) step.lstm(h, c);
      if (lane.cell.kind == PEEPHOLE_GRU) step.gru(h);
    }
    std::copy(h.begin(), h.end(), run.final[0].begin() + b * lane.cell.output);
    std::copy(c.begin(), c.end(), run.final[1].begin() + b * lane.cell.hidden);
  }
  return run;
}
