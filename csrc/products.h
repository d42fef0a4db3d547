// The products over all steps at once that a backward pass ends with: the gradients of the input and of the matrices.
//
// They are tiles like those of the time loop: dx is rows of the gradients of sums times W; dW and dR are sums over all
// steps of outer products, in which the steps play the part of k. Rows are found where they lie, so that ragged batches,
// the shift from h_t to h_{t−1} and the masks cost no copies of whole arrays. Each number is its own sum in the order of
// time and batch: the result does not depend on the number of threads.
#pragma once

#include "backward.h"
#include "pack.h"

namespace peephole::PEEPHOLE_SET {

constexpr int64_t CHUNK = 256;  // steps whose outer products are added up in one tile
constexpr int64_t INPUT_CHUNK = 48;

// Goes through every step of every sequence, in the order of time and then of the batch, some at a time.
template <class T> class Steps {
 public:
  int64_t t[CHUNK], b[CHUNK];

  explicit Steps(const Lane<T> &lane) : lane_(lane) {}

  // Fills t and b with the next steps, `wanted` at most; returns how many.
  int64_t next(int64_t wanted) {
    int64_t count = 0;
    for (; time_ < lane_.time; ++time_, batch_ = 0)
      for (; batch_ < lane_.batch; ++batch_) {
        if (time_ >= lane_.length(batch_)) continue;
        if (count == wanted) return count;
        t[count] = time_, b[count++] = batch_;
      }
    return count;
  }

 private:
  const Lane<T> &lane_;
  int64_t time_ = 0, batch_ = 0;
};

// dx = dG W for the steps whose number is this share's.
template <class T> class InputGradient {
 public:
  InputGradient(const Lane<T> &lane, const Gradient<T> &gradient)
      : l(lane), to(gradient), columns(1, l.cell.input), rows(gates_of(l.cell) * l.cell.hidden) {}

  void run(int64_t share, int64_t shares) const {
    Steps<T> steps(l);
    int64_t count;
    for (int64_t number = 0; (count = steps.next(INPUT_CHUNK)); ++number)
      if (number % shares == share) some(steps, count);
  }

 private:
  const Lane<T> &l;
  const Gradient<T> &to;
  const Blocks<T> columns;
  const int64_t rows;

  void some(const Steps<T> &steps, int64_t count) const {
    constexpr int64_t stride = MOST_VECTORS * N<T>;
    alignas(64) T sums[MOST_ROWS_OF_ANY * stride];
    const T *from[INPUT_CHUNK];
    for (int64_t i = 0; i < count; ++i) from[i] = to.sums.at(steps.t[i], steps.b[i]);
    const T *panels = (const T *)(to.packed + Packing<T>(l.cell, PEEPHOLE_BACKWARD_TO_INPUT).input);
    for (int64_t block = 0; block < columns.count; ++block) {
      const int width = columns.width(block);
      in_tiles(count, most_rows(width), [&](int64_t first, int rows_now) {
        multiply(rows_now, width, from + first, rows, panels + columns.offset(block, rows), nothing<T>(), 0, sums,
                 stride);
        for (int r = 0; r < rows_now; ++r) {
          T *row = to.x.at(steps.t[first + r], steps.b[first + r]);
          for (int v = 0; v < width; ++v) {
            const int64_t vector = columns.first(block) + v;
            store(row + vector * N<T>, load(sums + r * stride + v * N<T>), columns.units(vector));
          }
        }
      });
    }
  }
};

// Σ over all steps of aᵀ [x | h]: a is some columns of a plane of gradients, h what that side of the cell read.
template <class T> struct Outer {
  enum Side { NOTHING, HIDDEN, RESET_HIDDEN, BEFORE_PROJECTION };

  Plane<T> a;
  int64_t column, rows;  // which of the plane's columns; each becomes a row of the results
  T *x_to;               // (rows, input), or NULL
  Side side;
  T *h_to;               // (rows, width of the side), or NULL
};

template <class T> class WeightGradients {
 public:
  // `most_rows` is that of all products that will be asked for.
  WeightGradients(const Lane<T> &lane, int64_t most_rows, Arena &arena) : l(lane) {
    const int64_t width = padded(l.cell.input + most(l.cell.hidden, l.cell.output));
    left = arena.take<T>((most_rows + N<T>) * CHUNK);
    right = arena.take<T>(width * CHUNK);
    total = arena.take<T>(most_rows * width);
    row = arena.take<T>(width);
  }

  // The rows of this share of the product.
  void run(const Outer<T> &outer, int64_t share, int64_t shares) {
    const int64_t vectors = parts(outer.rows, N<T>);
    const int64_t begin = vectors * share / shares * N<T>;
    const int64_t end = least(outer.rows, vectors * (share + 1) / shares * N<T>);
    if (begin >= end) return;
    const int64_t inputs = outer.x_to ? l.cell.input : 0, others = outer.h_to ? width_of(outer.side) : 0;
    const Blocks<T> columns(1, inputs + others);
    const int64_t width = columns.vectors * N<T>;
    constexpr int64_t stride = MOST_VECTORS * N<T>;
    alignas(64) T sums[MOST_ROWS_OF_ANY * stride];
    __builtin_memset(total, 0, (end - begin) * width * sizeof(T));
    Steps<T> steps(l);
    int64_t count;
    while ((count = steps.next(CHUNK))) {
      gather_left(outer, steps, count, begin, end);
      gather_right(outer, steps, count, columns, inputs, others);
      for (int64_t block = 0; block < columns.count; ++block)
        in_tiles_of_vectors(end - begin, most_rows(columns.width(block)), [&](int64_t first, int rows) {
          const T *from[MOST_ROWS_OF_ANY];
          for (int r = 0; r < rows; ++r) from[r] = left + first / N<T> * N<T> * CHUNK + first % N<T> + r;
          const int vectors = columns.width(block);
          multiply<T, T, N<T>>(rows, vectors, from, count, right + columns.offset(block, count), nothing<T>(), 0, sums,
                               stride);
          // A sum of sums loses fewer digits than one long sum.
          for (int r = 0; r < rows; ++r)
            for (int v = 0; v < vectors; ++v) {
              T *here = total + (first + r) * width + (columns.first(block) + v) * N<T>;
              store(here, load(here) + load(sums + r * stride + v * N<T>));
            }
        });
    }
    for (int64_t r = begin; r < end; ++r) {
      const T *from = total + (r - begin) * width;
      if (inputs) __builtin_memcpy(outer.x_to + r * inputs, from, inputs * sizeof(T));
      if (others) __builtin_memcpy(outer.h_to + r * others, from + inputs, others * sizeof(T));
    }
  }

 private:
  const Lane<T> &l;
  T *left;   // (vectors of rows, CHUNK, N): a's columns, the steps being k
  T *right;  // panels of [x | h], the steps being k
  T *total;  // (rows, width)
  T *row;    // [x | h] of one step

  static int64_t padded(int64_t size) { return parts(size, N<T>) * N<T>; }
  int64_t width_of(typename Outer<T>::Side side) const {
    return side == Outer<T>::RESET_HIDDEN || side == Outer<T>::BEFORE_PROJECTION ? l.cell.hidden : l.cell.output;
  }

  // Tiles none of which has rows of two vectors.
  template <class F> static void in_tiles_of_vectors(int64_t count, int most_in_one, F f) {
    for (int64_t begin = 0; begin < count; begin += N<T>)
      in_tiles(least<int64_t>(N<T>, count - begin), most_in_one, [&](int64_t first, int rows) { f(begin + first, rows); });
  }

  void gather_left(const Outer<T> &outer, const Steps<T> &steps, int64_t count, int64_t begin, int64_t end) const {
    for (int64_t i = 0; i < count; ++i) {
      const T *from = outer.a.at(steps.t[i], steps.b[i]) + outer.column;
      for (int64_t r = begin; r < end; r += N<T>)
        store(left + (r - begin) * CHUNK + i * N<T>, load(from + r, (int)least<int64_t>(N<T>, end - r)));
    }
  }

  void gather_right(const Outer<T> &outer, const Steps<T> &steps, int64_t count, const Blocks<T> &columns,
                    int64_t inputs, int64_t others) const {
    store(row + columns.vectors * N<T> - N<T>, V<T>{});
    for (int64_t i = 0; i < count; ++i) {
      const int64_t t = steps.t[i], b = steps.b[i];
      if (inputs) each_vector(inputs, [&](int64_t u, int n) { store(row + u, load(l.x.at(t, b) + u, n), n); });
      if (others) side_row(outer.side, t, b, row + inputs);
      for (int64_t block = 0; block < columns.count; ++block) {
        const int64_t width = columns.width(block) * N<T>;
        T *to = right + columns.offset(block, count) + i * width;
        for (int64_t u = 0; u < width; u += N<T>) store(to + u, load(row + columns.first(block) * N<T> + u));
      }
    }
  }

  template <class F> static void each_vector(int64_t size, F f) {
    for (int64_t u = 0; u < size; u += N<T>) f(u, (int)least<int64_t>(N<T>, size - u));
  }

  void side_row(typename Outer<T>::Side side, int64_t t, int64_t b, T *to) const {
    const T *h = side == Outer<T>::BEFORE_PROJECTION ? l.record[PEEPHOLE_HIDDEN_BEFORE_PROJECTION].at(t, b)
                                                     : l.hidden_before(t, b);
    const T *mask = l.hidden_mask && side != Outer<T>::BEFORE_PROJECTION ? l.hidden_mask.at(0, b) : nullptr;
    const T *reset = side == Outer<T>::RESET_HIDDEN ? l.record[PEEPHOLE_RESET_GATE].at(t, b) : nullptr;
    each_vector(width_of(side), [&](int64_t u, int n) {
      V<T> value = load(h + u, n);
      if (mask) value *= load(mask + u, n);
      if (reset) value *= load(reset + u, n);
      store(to + u, value, n);
    });
  }
};

// All products that give a cell's matrices their gradients; f(outer) for each.
template <class T, class F> void each_outer(const Lane<T> &l, const Gradient<T> &g, F f) {
  using O = Outer<T>;
  const peephole_cell &c = l.cell;
  const int64_t rows = gates_of(c) * c.hidden, gates = 2 * c.hidden;
  if (g.projection) f(O{g.projected, 0, c.output, nullptr, O::BEFORE_PROJECTION, g.projection});
  T *ih = c.layer_norm ? nullptr : g.ih, *hh = g.hh;
  if (!ih && !hh) return;
  const Plane<T> &r_side = c.layer_norm ? g.product : g.sums;
  if (c.kind != PEEPHOLE_GRU) return f(O{r_side, 0, rows, ih, O::HIDDEN, hh});
  T *ih_candidate = ih ? ih + gates * c.input : nullptr, *hh_candidate = hh ? hh + gates * c.output : nullptr;
  f(O{r_side, 0, gates, ih, O::HIDDEN, hh});
  if (in_two_products(c)) return f(O{r_side, gates, c.hidden, ih_candidate, O::RESET_HIDDEN, hh_candidate});
  if (c.layer_norm) return f(O{r_side, gates, c.hidden, nullptr, O::HIDDEN, hh_candidate});
  if (ih) f(O{g.sums, gates, c.hidden, ih_candidate, O::NOTHING, nullptr});
  if (hh) f(O{g.candidate_product, 0, c.hidden, nullptr, O::HIDDEN, hh_candidate});
}

}  // namespace peephole::PEEPHOLE_SET
