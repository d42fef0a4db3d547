// The backward pass of one part of a lane: from the record alone, step by step, last to first.
//
// A step has two halves. Unit by unit the gradient of the new state goes back through the gates to the sums; then one
// product, the gradients of the sums times R, gives what the hidden state before owes to them. Where parts share units
// they meet in between. What can be done for all steps at once comes after, in products.h.
#pragma once

#include "forward_rows.h"

namespace peephole::PEEPHOLE_SET {

// A peephole_gradient with its types.
template <class T> struct Gradient {
  Plane<const T> incoming[PEEPHOLE_QUANTITIES];
  const T *final[2];
  T *initial[2];
  Plane<T> sums, candidate_product, product, projected, normalised_cell, x;
  T *ih, *hh, *projection;
  const char *packed;
  // Sums over time of each sequence, (batch, padded rows): added up in the order of the batch when all parts are done,
  // so that the result does not depend on the parts.
  T *bias = nullptr, *candidate_bias = nullptr, *peephole = nullptr;

  explicit Gradient(const peephole_gradient &g)
      : sums(g.sums),
        candidate_product(g.candidate_product),
        product(g.product),
        projected(g.projected),
        normalised_cell(g.normalised_cell),
        x(g.x),
        ih((T *)g.ih),
        hh((T *)g.hh),
        projection((T *)g.hr),
        packed((const char *)g.packed) {
    for (int i = 0; i < 2; ++i) final[i] = (const T *)g.final[i], initial[i] = (T *)g.initial[i];
    for (int q = 0; q < PEEPHOLE_QUANTITIES; ++q) incoming[q] = g.record[q];
  }
};

template <class T, int KIND, bool PLAIN> class Backward {
 public:
  Backward(const Lane<T> &lane, const Gradient<T> &gradient, const Part &part, Arena &arena)
      : l(lane), e(lane.cell), to(gradient), part(part), units(1, e.hidden), outputs(1, e.output), places(e, PEEPHOLE_BACKWARD) {
    from = arena.take<const T *>(part.count);
    if (projected(e)) below = arena.take<T>(part.count * padded());
    if (in_two_products(e)) reset = arena.take<T>(part.count * padded());
    if (KIND == PEEPHOLE_LSTM && e.layer_norm) cell_row = arena.take<T>(padded()), gate_row = arena.take<T>(padded());
  }

  void run() {
    begin();
    Alive<T> alive(l, part, l.reverse);
    for (int64_t i = l.time; i-- > 0;) {
      const int64_t t = l.time_of(i), count = alive.at(t);
      clamped = l.clamp_count && l.is_clamped(t);
      if (projected(e)) through_projection(t, count);
      for (int64_t r = 0; r < count; ++r) back_to_sums(at(t, r), r);
      if (in_two_products(e)) through_reset(t, count);
      part.barrier->wait();
      through_recurrence(t, count);
    }
  }

 private:
  const Lane<T> &l;
  const peephole_cell &e;
  const Gradient<T> &to;
  const Part part;
  const Blocks<T> units, outputs;
  const Packing<T> places;
  bool clamped = false;
  const T **from;  // by the part's number of a sequence: the row that a product reads
  // Rows: the gradient of what the projection read; of a GRU with two products that of r∘h, and what h has from it.
  T *below = nullptr, *reset = nullptr;
  T *cell_row = nullptr, *gate_row = nullptr;  // one row: of an LSTM with layer_norm

  int64_t padded() const { return units.vectors * N<T>; }
  Step<T> at(int64_t t, int64_t r) const { return {l, t, part.sequence(r), clamped}; }
  T *running_hidden(const Step<T> &s) const { return to.initial[0] + s.b * e.output; }
  T *running_cell(const Step<T> &s) const { return to.initial[1] + s.b * e.hidden; }

  // The part's own vectors of units; with a projection it has all of both kinds.
  int64_t last_of(const Blocks<T> &of) const { return least(of.vectors, of.first(part.end(of.count))); }

  template <class F> PEEPHOLE_INLINE void each_vector(const Blocks<T> &of, F f) const {
    for (int64_t v = of.first(part.begin(of.count)), last = last_of(of); v < last; ++v)
      if_full<T>(of.units(v), [&](int n) PEEPHOLE_INLINED { f(v * N<T>, n); });
  }

  void begin() {
    for (int64_t r = 0; r < part.count; ++r) {
      const Step<T> s = at(0, r);
      each_vector(outputs, [&](int64_t unit, int n) {
        store(running_hidden(s) + unit, to.final[0] ? load(to.final[0] + s.b * e.output + unit, n) : V<T>{}, n);
      });
      each_vector(units, [&](int64_t unit, int n) PEEPHOLE_INLINED {
        if (KIND == PEEPHOLE_LSTM)
          store(running_cell(s) + unit, to.final[1] ? load(to.final[1] + s.b * e.hidden + unit, n) : V<T>{}, n);
        clear(to.bias, gates_of(e), s.b, unit);
        clear(to.candidate_bias, 1, s.b, unit);
        clear(to.peephole, gates_of(e) - 1, s.b, unit);
      });
    }
  }

  void clear(T *totals, int rows, int64_t b, int64_t unit) const {
    for (int row = 0; totals && row < rows; ++row) store(totals + (b * rows + row) * padded() + unit, V<T>{});
  }

  // The gradient of one row of sums, left where the products find it, and added to the bias's.
  PEEPHOLE_INLINE void leave(const Step<T> &s, int row, int64_t unit, int n, V<T> d) const {
    store(s.at(to.sums, row * e.hidden + unit), d, n);
    if (!to.bias) return;
    T *total = to.bias + (s.b * gates_of(e) + row) * padded() + unit;
    store(total, load(total) + d);
  }

  // From the hidden state's gradient to what entered its clip and zoneout; what passes the cell by stays behind.
  PEEPHOLE_INLINE V<T> unfinished(const Step<T> &s, int64_t unit, int n) const {
    V<T> kept, dh = load(running_hidden(s) + unit, n);
    dh = unfinish_hidden<T, PLAIN>(s, unit, n, dh, to.incoming, kept);
    store(running_hidden(s) + unit, kept, n);
    return dh;
  }

  void through_projection(int64_t t, int64_t count) {
    for (int64_t r = 0; r < count; ++r) {
      const Step<T> s = at(t, r);
      from[r] = s.at(to.projected, 0);
      each_vector(outputs, [&](int64_t unit, int n) { store(s.at(to.projected, unit), unfinished(s, unit, n), n); });
    }
    products(count, units, places.projection, e.output, 0, e.output, nothing<T>(), 0,
             [&](int64_t r, int64_t unit, int, V<T> d) { store(below + r * padded() + unit, d); });
  }

  // Rows `from` times k rows, from number `row` on, of a packed matrix of `all`: f(r, unit, n, vector of the product) for
  // the part's own blocks of `of`. Each begins with its row of `start`, or, with a stride of 0, all with the same.
  template <class F>
  void products(int64_t count, const Blocks<T> &of, int64_t place, int64_t all, int64_t row, int64_t k, const T *start,
                int64_t start_stride, F f) const {
    constexpr int64_t stride = MOST_VECTORS * N<T>;
    alignas(64) T sums[MOST_ROWS_OF_ANY * stride];
    for (int64_t block = part.begin(of.count); block < part.end(of.count); ++block) {
      const int width = of.width(block);
      const T *panel = (const T *)(to.packed + place) + of.offset(block, all) + row * width * N<T>;
      const T *next = block + 1 < part.end(of.count) ? panel + of.offset(1, all) : nullptr;
      in_tiles(count, most_rows(width), [&](int64_t first, int rows) {
        const T *begin = start_stride ? start + first * start_stride + of.first(block) * N<T> : start;
        multiply(rows, width, from + first, k, panel, begin, start_stride, sums, stride,
                 first + rows == count ? next : nullptr);
        for (int r = 0; r < rows; ++r)
          for (int v = 0; v < width; ++v) {
            const int64_t vector = of.first(block) + v;
            f(first + r, vector * N<T>, of.units(vector), load(sums + r * stride + v * N<T>));
          }
      });
    }
  }

  // The same with R.
  template <class F>
  void recurrent(int64_t count, int64_t row, int64_t k, const T *start, int64_t start_stride, F f) const {
    products(count, outputs, places.recurrent, gates_of(e) * e.hidden, row, k, start, start_stride, f);
  }

  void back_to_sums(const Step<T> &s, int64_t r) {
    if constexpr (KIND == PEEPHOLE_LSTM) {
      e.layer_norm ? normed_lstm_back(s, r) : lstm_back(s, r);
    } else if constexpr (KIND == PEEPHOLE_GRU) {
      gru_back(s);
    } else {
      each_vector(units, [&](int64_t unit, int n) PEEPHOLE_INLINED {
        const int quantity = l.record[PEEPHOLE_HIDDEN_BEFORE_ZONEOUT] ? PEEPHOLE_HIDDEN_BEFORE_ZONEOUT : PEEPHOLE_HIDDEN;
        const V<T> h = load(s.at(l.record[quantity], unit), n), dh = unfinished(s, unit, n);
        leave(s, 0, unit, n, unready<T, PLAIN>(s, e.input_activation, 0, unit, n, h, dh));
      });
    }
    if (e.layer_norm) through_norm(s);
  }

  // The gradient of o∘φ(cell), from above the projection or straight from the hidden state.
  PEEPHOLE_INLINE V<T> of_output(const Step<T> &s, int64_t r, int64_t unit, int n) const {
    if (!projected(e)) return unfinished(s, unit, n);
    return s.untap(PEEPHOLE_HIDDEN_BEFORE_PROJECTION, unit, n, load(below + r * padded() + unit), to.incoming);
  }

  PEEPHOLE_INLINE V<T> output_gate(const Step<T> &s, int64_t unit, int n) const {
    if (!PLAIN && !has_output_gate(e)) return splat<T>(1);
    return load(s.at(l.record[PEEPHOLE_OUTPUT_GATE], unit), n);
  }

  // The cell as the norm or φ saw it.
  const T *seen_cell(const Step<T> &s) const {
    return s.at(l.record[!PLAIN && l.cell_zoneout_mask ? PEEPHOLE_CELL_BEFORE_ZONEOUT : PEEPHOLE_CELL], 0);
  }

  LstmGradients<T> lstm_gradients(const Step<T> &s) const {
    const int rows = gates_of(e);
    return {to.incoming,
            s.at(to.sums, 0),
            running_cell(s),
            to.bias ? to.bias + s.b * rows * padded() : nullptr,
            to.peephole ? to.peephole + s.b * (rows - 1) * padded() : nullptr,
            padded()};
  }

  void lstm_back(const Step<T> &s, int64_t r) {
    const LstmGradients<T> gradients = lstm_gradients(s);
    const T *before = l.cell_before(s.t, s.b), *seen = seen_cell(s);
    each_vector(units, [&](int64_t unit, int n) PEEPHOLE_INLINED {
      const V<T> dm = of_output(s, r, unit, n), cell = load(seen + unit, n), y = output_function<T, PLAIN>(e, cell);
      const V<T> d = dm * output_gate(s, unit, n);
      const V<T> through = PLAIN ? d * (T(1) - y * y) : d * slope<T>(e.output_activation, cell, y);
      lstm_cell_back<T, PLAIN>(s, unit, n, through, dm * y, load(before + unit, n), gradients);
    });
  }

  void normed_lstm_back(const Step<T> &s, int64_t r) {
    const LstmGradients<T> gradients = lstm_gradients(s);
    const T *before = l.cell_before(s.t, s.b), *seen = seen_cell(s), *gain = (const T *)l.weights.norm_cell;
    const Normed<T> normed(seen, gain, (const T *)l.weights.norm_cell_bias, e.hidden);
    T *d_normed = s.at(to.normalised_cell, 0);
    each_vector(units, [&](int64_t unit, int n) PEEPHOLE_INLINED {
      const V<T> dm = of_output(s, r, unit, n), x = normed.at(unit, n), y = output_function<T, PLAIN>(e, x);
      store(gate_row + unit, dm * y);
      store(d_normed + unit, dm * output_gate(s, unit, n) * slope<T>(e.output_activation, x, y), n);
    });
    denormalise<T>(seen, gain, d_normed, cell_row, e.hidden);
    each_vector(units, [&](int64_t unit, int n) PEEPHOLE_INLINED {
      lstm_cell_back<T, PLAIN>(s, unit, n, load(cell_row + unit, n), load(gate_row + unit), load(before + unit, n),
                               gradients);
    });
  }

  void gru_back(const Step<T> &s) {
    const T *before = l.hidden_before(s.t, s.b);
    each_vector(units, [&](int64_t unit, int n) PEEPHOLE_INLINED {
      const V<T> dh = unfinished(s, unit, n);
      V<T> kept = load(running_hidden(s) + unit, n);
      const auto [candidate, update] =
          gru_hidden_back<T, PLAIN>(s, unit, n, dh, load(before + unit, n), kept, to.incoming);
      store(running_hidden(s) + unit, kept, n);
      leave(s, GRU_UPDATE, unit, n, update);
      leave(s, GRU_CANDIDATE, unit, n, candidate);
      if (in_two_products(e)) return;
      const V<T> r = load(s.at(l.record[PEEPHOLE_RESET_GATE], unit), n);
      const V<T> product = load(s.at(l.candidate_product, unit), n), d_product = candidate * r;
      leave(s, GRU_RESET, unit, n, gru_reset_back<T, PLAIN>(s, unit, n, candidate * product, to.incoming));
      store(s.at(to.candidate_product, unit), d_product, n);
      if (!to.candidate_bias) return;
      T *total = to.candidate_bias + s.b * padded() + unit;
      store(total, load(total) + d_product);
    });
  }

  // A GRU with two products: from the candidate's sum through R_n to r∘h, and on to the reset gate.
  void through_reset(int64_t t, int64_t count) {
    const Plane<T> &plane = e.layer_norm ? to.product : to.sums;
    for (int64_t r = 0; r < count; ++r) from[r] = at(t, r).at(plane, 2 * e.hidden);
    const int64_t gates = 2 * e.hidden;
    recurrent(count, gates, e.hidden, nothing<T>(), 0, [&](int64_t r, int64_t unit, int n, V<T> d) {
      const Step<T> s = at(t, r);
      const V<T> gate = load(s.at(l.record[PEEPHOLE_RESET_GATE], unit), n);
      V<T> h = load(l.hidden_before(s.t, s.b) + unit, n);
      if (l.hidden_mask) h *= load(l.hidden_mask.at(0, s.b) + unit, n);
      leave(s, GRU_RESET, unit, n, gru_reset_back<T, PLAIN>(s, unit, n, d * h, to.incoming));
      store(reset + r * padded() + unit, d * gate);
    });
    if (e.layer_norm)
      for (int64_t r = 0; r < count; ++r) {
        const Step<T> s = at(t, r);
        denormalise<T>(s.at(l.product, 0), (const T *)l.weights.norm, s.at(to.sums, 0), s.at(to.product, 0), gates);
      }
  }

  // With layer_norm: from the norm's result to the product that it read.
  void through_norm(const Step<T> &s) const {
    const T *product = s.at(l.product, 0), *gain = (const T *)l.weights.norm, *d = s.at(to.sums, 0);
    T *d_product = s.at(to.product, 0);
    const int64_t size = e.hidden;
    if constexpr (KIND == PEEPHOLE_GRU) {
      const T *own = in_two_products(e) ? d + 2 * size : s.at(to.candidate_product, 0);
      denormalise<T>(product + 2 * size, gain + 2 * size, own, d_product + 2 * size, size);
      if (!in_two_products(e)) denormalise<T>(product, gain, d, d_product, 2 * size);  // else r is not there yet
    } else {
      denormalise<T>(product, gain, d, d_product, gates_of(e) * size);
    }
  }

  // What the hidden state before owes to the sums.
  void through_recurrence(int64_t t, int64_t count) {
    auto add = [&](int64_t r, int64_t unit, int n, V<T> d) {
      const Step<T> s = at(t, r);
      if (l.hidden_mask) d *= load(l.hidden_mask.at(0, s.b) + unit, n);
      T *total = running_hidden(s) + unit;
      store(total, load(total, n) + d, n);
    };
    const Plane<T> &plane = e.layer_norm ? to.product : to.sums;
    for (int64_t r = 0; r < count; ++r) from[r] = at(t, r).at(plane, 0);
    const int64_t size = e.hidden;
    if (in_two_products(e)) return recurrent(count, 0, 2 * size, reset, padded(), add);
    if (KIND != PEEPHOLE_GRU || e.layer_norm) return recurrent(count, 0, gates_of(e) * size, nothing<T>(), 0, add);
    recurrent(count, 0, 2 * size, nothing<T>(), 0, add);
    for (int64_t r = 0; r < count; ++r) from[r] = at(t, r).at(to.candidate_product, 0);
    recurrent(count, 2 * size, size, nothing<T>(), 0, add);
  }
};

}  // namespace peephole::PEEPHOLE_SET
