// Forward, for cells in which a step needs whole rows in its midst: layer norm, whose mean is over all of a layer's sums;
// the projection, which reads every unit; the GRU whose reset gate acts on all of h before the candidate's product.
#pragma once

#include "forward.h"

namespace peephole::PEEPHOLE_SET {

// What a tile starts from where there is nothing yet.
template <class T> inline const T *nothing() {
  alignas(64) static const T none[MOST_VECTORS * N<T>] = {};
  return none;
}

// A row of numbers through its norm: (x − mean) · scale · gain + shift.
template <class T> struct Normed {
  const T *row, *gain, *shift;
  Norm<T> norm;

  Normed(const T *row, const T *gain, const T *shift, int64_t size)
      : row(row), gain(gain), shift(shift), norm(norm_of<T>(row, size)) {}
  V<T> at(int64_t unit, int n) const {
    return (load(row + unit, n) - norm.mean) * norm.scale * load(gain + unit, n) + load(shift + unit, n);
  }
};

// h = P m, then its clip and zoneout.
template <class T, class W, int KIND, bool PLAIN>
void Forward<T, W, KIND, PLAIN>::project(int64_t t, int64_t count) {
  alignas(64) T sums[MOST_ROWS_OF_ANY * STRIDE];
  const Blocks<T> outputs(1, e.output);
  for (int64_t block = 0; block < outputs.count; ++block) {
    const int width = outputs.width(block);
    const W *panel = panels(places.projection) + outputs.offset(block, e.hidden);
    in_tiles(count, most_rows(width), [&](int64_t first, int rows) {
      const T *from[MOST_ROWS_OF_ANY];
      for (int r = 0; r < rows; ++r) from[r] = below + (first + r) * e.hidden;
      multiply(rows, width, from, e.hidden, panel, nothing<T>(), 0, sums, STRIDE);
      for (int r = 0; r < rows; ++r)
        for (int v = 0; v < width; ++v) {
          const int64_t vector = outputs.first(block) + v, row = first + r;
          finish_hidden<T, PLAIN>(at(t, row), vector * N<T>, outputs.units(vector), load(sums + r * STRIDE + v * N<T>),
                                  hidden[row], entering_next(row));
        }
    });
  }
}

// Products of the rows `from` into the sequences' rows of products, from number `row` on.
template <class T, class W, int KIND, bool PLAIN>
void Forward<T, W, KIND, PLAIN>::keep_products(int64_t t, int64_t count, const Blocks<T> &of, int64_t place,
                                               const T *const *from, int64_t row) {
  alignas(64) T sums[MOST_ROWS_OF_ANY * STRIDE];
  for (int64_t block = 0; block < of.count; ++block) {
    const int width = of.width(block), vectors = of.gates * width;
    const W *panel = panels(place) + of.offset(block, e.output);
    in_tiles(count, most_rows(vectors), [&](int64_t first, int rows) {
      multiply(rows, vectors, from + first, e.output, panel, nothing<T>(), 0, sums, STRIDE);
      for (int r = 0; r < rows; ++r)
        for (int g = 0; g < of.gates; ++g)
          for (int v = 0; v < width; ++v) {
            const int64_t vector = of.first(block) + v;
            store(product_row(t, first + r) + row + g * e.hidden + vector * N<T>,
                  load(sums + r * STRIDE + (g * width + v) * N<T>), of.units(vector));
          }
    });
  }
}

// With layer_norm: all products first, then sequence by sequence the norm and what follows.
template <class T, class W, int KIND, bool PLAIN>
void Forward<T, W, KIND, PLAIN>::normed(int64_t t, int64_t count) {
  keep_products(t, count, blocks, places.recurrent, entering, 0);
  for (int64_t r = 0; r < count; ++r) norm_row(at(t, r), r);
}

template <class T, class W, int KIND, bool PLAIN>
void Forward<T, W, KIND, PLAIN>::norm_row(const Step<T> &s, int64_t r) {
  const int64_t size = e.hidden;
  const peephole_weights &w = l.weights;
  const T *gain = (const T *)w.norm, *shift = (const T *)w.norm_bias, *bias_hh = (const T *)w.bias_hh;
  const T *given = s.at(l.sums, 0);
  T *row = product_row(s.t, r);
  auto each_vector = [&](auto f) {
    for (int64_t v = 0; v < blocks.vectors; ++v) f(v * N<T>, blocks.units(v));
  };

  if constexpr (KIND == PEEPHOLE_RNN) {
    each_vector([&](int64_t unit, int n) { store(row + unit, load(row + unit, n) + load(given + unit, n), n); });
    const Normed<T> sum(row, gain, shift, size);
    const T *bias_ih = (const T *)w.bias_ih;
    each_vector([&](int64_t unit, int n) {
      V<T> a = sum.at(unit, n);
      if (bias_ih) a += load(bias_ih + unit, n) + load(bias_hh + unit, n);
      const V<T> h = input_function<T, PLAIN>(e, ready<T, PLAIN>(s, 0, unit, n, a));
      finish_hidden<T, PLAIN>(s, unit, n, h, hidden[r], entering_next(r));
    });
  } else if constexpr (KIND == PEEPHOLE_LSTM) {
    const Normed<T> product(row, gain, shift, blocks.gates * size);
    each_vector([&](int64_t unit, int n) {
      alignas(64) T sums[MOST_VECTORS * N<T>];
      for (int g = 0; g < blocks.gates; ++g)
        store(sums + g * N<T>, load(given + g * size + unit, n) + product.at(g * size + unit, n));
      const auto [cell, gate] = lstm_cell<T, PLAIN>(s, unit, n, sums, N<T>, running_cell(r));
      store(cell_row + unit, cell);
      store(gate_row + unit, gate);
    });
    const Normed<T> cell(cell_row, (const T *)w.norm_cell, (const T *)w.norm_cell_bias, size);
    each_vector([&](int64_t unit, int n) {
      const V<T> h = load(gate_row + unit) * output_function<T, PLAIN>(e, cell.at(unit, n));
      if (projected(e)) return deliver_below(s, r, unit, n, h);
      finish_hidden<T, PLAIN>(s, unit, n, h, hidden[r], entering_next(r));
    });
  } else {
    const Normed<T> gates(row, gain, shift, 2 * size);
    const Normed<T> own(row + 2 * size, gain + 2 * size, shift + 2 * size, size);
    each_vector([&](int64_t unit, int n) {
      V<T> sum_r = gates.at(unit, n), sum_z = gates.at(size + unit, n), product = own.at(unit, n);
      if (bias_hh) {
        sum_r += load(bias_hh + unit, n);
        sum_z += load(bias_hh + size + unit, n);
        product += load(bias_hh + 2 * size + unit, n);
      }
      if (l.candidate_product) store(s.at(l.candidate_product, unit), product, n);
      const V<T> reset_gate = gru_gate<T, PLAIN>(s, GRU_RESET, unit, n, load(given + unit, n) + sum_r);
      const V<T> z = gru_gate<T, PLAIN>(s, GRU_UPDATE, unit, n, load(given + size + unit, n) + sum_z);
      const V<T> sum = load(given + 2 * size + unit, n) + reset_gate * product;
      const V<T> h = gru_hidden<T, PLAIN>(s, unit, n, sum, z, load(hidden[r] + unit, n));
      finish_hidden<T, PLAIN>(s, unit, n, h, hidden[r], entering_next(r));
    });
  }
}

// A GRU with two products: from the sums of both gates to z and r∘h; what the candidate has from x waits.
template <class T, class W, int KIND, bool PLAIN>
void Forward<T, W, KIND, PLAIN>::open_gates(const Step<T> &s, int64_t r, int64_t unit, int n, V<T> sum_r, V<T> sum_z,
                                            V<T> from_x) {
  const V<T> gate = gru_gate<T, PLAIN>(s, GRU_RESET, unit, n, sum_r);
  store(reset + r * e.hidden + unit, gate * load(entering[r] + unit, n), n);
  store(update + r * padded() + unit, gru_gate<T, PLAIN>(s, GRU_UPDATE, unit, n, sum_z));
  store(candidate + r * padded() + unit, from_x);
}

template <class T, class W, int KIND, bool PLAIN>
void Forward<T, W, KIND, PLAIN>::open_candidate(const Step<T> &s, int64_t r, int64_t unit, int n, V<T> sum) {
  const V<T> z = load(update + r * padded() + unit);
  const V<T> h = gru_hidden<T, PLAIN>(s, unit, n, sum, z, load(hidden[r] + unit, n));
  finish_hidden<T, PLAIN>(s, unit, n, h, hidden[r], entering_next(r));
}

// The GRU of Cho et al. 2014: both gates of all units, then the candidate's product with r∘h.
template <class T, class W, int KIND, bool PLAIN>
void Forward<T, W, KIND, PLAIN>::two_products(int64_t t, int64_t count) {
  alignas(64) T sums[MOST_ROWS_OF_ANY * STRIDE];
  const Blocks<T> gates = gates_alone<T>(e), one(1, e.hidden);
  for (int64_t block = 0; block < blocks.count; ++block) {
    const W *panel = panels(places.recurrent) + gates.offset(block, e.output);
    in_tiles(count, least(most_rows(2), most_rows(3)), [&](int64_t first, int rows) {
      from_input(t, block, first, rows, sums, block);
      multiply(rows, 2, entering + first, e.output, panel, sums, STRIDE, sums, STRIDE);
      for (int r = 0; r < rows; ++r) {
        const T *row = sums + r * STRIDE;
        open_gates(at(t, first + r), first + r, block * N<T>, blocks.units(block), load(row), load(row + N<T>),
                   load(row + 2 * N<T>));
      }
    });
  }
  for (int64_t block = 0; block < one.count; ++block) {
    const int width = one.width(block);
    const W *panel = panels(places.candidate) + one.offset(block, e.output);
    in_tiles(count, most_rows(width), [&](int64_t first, int rows) {
      const T *from = candidate + first * padded() + one.first(block) * N<T>;
      multiply(rows, width, reset_rows + first, e.hidden, panel, from, padded(), sums, STRIDE);
      for (int r = 0; r < rows; ++r)
        for (int v = 0; v < width; ++v) {
          const int64_t vector = one.first(block) + v;
          open_candidate(at(t, first + r), first + r, vector * N<T>, one.units(vector),
                         load(sums + r * STRIDE + v * N<T>));
        }
    });
  }
}

// The same with layer_norm.
template <class T, class W, int KIND, bool PLAIN>
void Forward<T, W, KIND, PLAIN>::two_normed_products(int64_t t, int64_t count) {
  const int64_t size = e.hidden;
  const T *gain = (const T *)l.weights.norm, *shift = (const T *)l.weights.norm_bias;
  const T *bias_hh = (const T *)l.weights.bias_hh;
  auto plus_bias = [&](V<T> value, int64_t row, int n) { return bias_hh ? value + load(bias_hh + row, n) : value; };

  keep_products(t, count, gates_alone<T>(e), places.recurrent, entering, 0);
  for (int64_t r = 0; r < count; ++r) {
    const Step<T> s = at(t, r);
    const T *given = s.at(l.sums, 0);
    const Normed<T> gates(product_row(t, r), gain, shift, 2 * size);
    for (int64_t v = 0; v < blocks.vectors; ++v) {
      const int64_t unit = v * N<T>;
      const int n = blocks.units(v);
      open_gates(s, r, unit, n, load(given + unit, n) + plus_bias(gates.at(unit, n), unit, n),
                 load(given + size + unit, n) + plus_bias(gates.at(size + unit, n), size + unit, n),
                 load(given + 2 * size + unit, n));
    }
  }
  keep_products(t, count, Blocks<T>(1, size), places.candidate, reset_rows, 2 * size);
  for (int64_t r = 0; r < count; ++r) {
    const Step<T> s = at(t, r);
    const Normed<T> own(product_row(t, r) + 2 * size, gain + 2 * size, shift + 2 * size, size);
    for (int64_t v = 0; v < blocks.vectors; ++v) {
      const int64_t unit = v * N<T>;
      const int n = blocks.units(v);
      open_candidate(s, r, unit, n,
                     load(candidate + r * padded() + unit) + plus_bias(own.at(unit, n), 2 * size + unit, n));
    }
  }
}

}  // namespace peephole::PEEPHOLE_SET
