// Packing: the matrices in the order in which the tiles read them.
#pragma once

#include "lane.h"

namespace peephole::PEEPHOLE_SET {

// The numbers 0 … n − 1 as a type.
template <int... I> struct Numbers {};
template <int n, int... I> struct CountDown : CountDown<n - 1, n - 1, I...> {};
template <int... I> struct CountDown<0, I...> {
  using Type = Numbers<I...>;
};
template <int n> using Below = typename CountDown<n>::Type;

// To the nearest, ties to even; NaN stays NaN.
inline void put(bfloat16 *to, float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  to->bits = x == x ? (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) : (uint16_t)((bits >> 16) | 0x40);
}

// One vector of the `columns` that a panel has side by side for each k, as load_row in multiply.h reads them.
template <class T> inline void put(T *row, int column, int, V<T> x) { store(row + column * N<T>, x); }

template <class T> inline void put(bfloat16 *row, int column, int columns, V<T> x) {
  constexpr int second = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 0;  // where upper halves are
  const bool alone = column % 2 == 0 && column + 1 == columns;
  bfloat16 *to = alone ? row + column * N<T> : row + column / 2 * 2 * N<T> + (column % 2 == second);
  for (int i = 0; i < N<T>; ++i) put(to + (alone ? i : 2 * i), x[i]);
}

// Halves of two vectors by turns: a0 b0 a1 b1 … of their lower or upper halves.
template <class T, int... I> inline V<T> by_turns(V<T> a, V<T> b, Numbers<I...>, bool upper) {
  constexpr int n = N<T>;
  return upper ? __builtin_shufflevector(a, b, (n / 2 + I / 2 + I % 2 * n)...)
               : __builtin_shufflevector(a, b, (I / 2 + I % 2 * n)...);
}

// A square of numbers, its rows made columns: log₂ N rounds in which rows half the square apart go by turns.
template <class T> inline void transpose(V<T> *square) {
  constexpr int n = N<T>;
  V<T> other[n];
  for (int round = 1; round < n; round *= 2) {
#pragma GCC unroll 16
    for (int i = 0; i < n / 2; ++i) {
      other[2 * i] = by_turns<T>(square[i], square[i + n / 2], Below<n>(), false);
      other[2 * i + 1] = by_turns<T>(square[i], square[i + n / 2], Below<n>(), true);
    }
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) square[i] = other[i];
  }
}

// A matrix (gates · size, k), whose rows are outputs: panels [block][k][gate][vector][unit], zeros past the last unit.
template <class T, class W> void pack_rows(const Blocks<T> &blocks, int64_t k, const T *matrix, W *panels) {
  for (int64_t block = 0; block < blocks.count; ++block) {
    const int width = blocks.width(block);
    const int columns = blocks.gates * width;
    for (int g = 0; g < blocks.gates; ++g)
      for (int v = 0; v < width; ++v) {
        const int64_t vector = blocks.first(block) + v;
        const int units = blocks.units(vector);
        const T *rows = matrix + (g * blocks.size + vector * N<T>) * k;
        W *to = panels + blocks.offset(block, k);
        for (int64_t from = 0; from < k; from += N<T>) {
          const int here = (int)least<int64_t>(N<T>, k - from);
          V<T> square[N<T>] = {};
          for (int i = 0; i < units; ++i) square[i] = load(rows + i * k + from, here);
          transpose<T>(square);
          for (int j = 0; j < here; ++j) put<T>(to + (from + j) * columns * N<T>, g * width + v, columns, square[j]);
        }
      }
  }
}

// A matrix (k, size), whose columns are outputs.
template <class T> void pack_columns(const Blocks<T> &blocks, int64_t k, const T *matrix, T *panels) {
  for (int64_t block = 0; block < blocks.count; ++block) {
    T *panel = panels + blocks.offset(block, k);
    const int width = blocks.width(block);
    for (int64_t j = 0; j < k; ++j)
      for (int v = 0; v < width; ++v) {
        const int64_t vector = blocks.first(block) + v;
        store(panel, load(matrix + j * blocks.size + vector * N<T>, blocks.units(vector)));
        panel += N<T>;
      }
  }
}

// The sum of both biases (rows,), in the blocks' order; of a GRU's candidate the input's alone with reset_after.
template <class T> void pack_bias(const peephole_cell &c, const peephole_weights &w, const Blocks<T> &blocks, T *to) {
  const T *ih = (const T *)w.bias_ih, *hh = (const T *)w.bias_hh;
  for (int64_t block = 0; block < blocks.count; ++block)
    for (int g = 0; g < blocks.gates; ++g)
      for (int v = 0; v < blocks.width(block); ++v) {
        const int64_t vector = blocks.first(block) + v, at = g * blocks.size + vector * N<T>;
        const bool apart = c.kind == PEEPHOLE_GRU && c.reset_after && g == 2;
        V<T> bias = {};
        if (ih) bias += load(ih + at, blocks.units(vector));
        if (hh && !apart) bias += load(hh + at, blocks.units(vector));
        store(to, bias);
        to += N<T>;
      }
}

template <class T, class W> void pack_forward(const peephole_cell &c, const peephole_weights &w, char *packed) {
  const Packing<T> places(c, PEEPHOLE_FORWARD);
  const int gates = gates_of(c);
  const Blocks<T> all(gates, c.hidden);
  const T *hh = (const T *)w.hh;
  if (!c.layer_norm) {
    pack_bias(c, w, all, (T *)(packed + places.bias));
    pack_rows(all, c.input, (const T *)w.ih, (W *)(packed + places.input));
  }
  if (in_two_products(c)) {
    pack_rows(gates_alone<T>(c), c.output, hh, (W *)(packed + places.recurrent));
    pack_rows(Blocks<T>(1, c.hidden), c.output, hh + 2 * c.hidden * c.output, (W *)(packed + places.candidate));
  } else {
    pack_rows(all, c.output, hh, (W *)(packed + places.recurrent));
  }
  if (c.kind == PEEPHOLE_GRU && c.reset_after) {
    const Blocks<T> one(1, c.hidden);
    T *to = (T *)(packed + places.candidate_bias);
    for (int64_t vector = 0; vector < one.vectors; ++vector, to += N<T>) {
      V<T> bias = {};
      if (w.bias_hh) bias = load((const T *)w.bias_hh + 2 * c.hidden + vector * N<T>, one.units(vector));
      store(to, bias);
    }
  }
  if (projected(c)) pack_rows(Blocks<T>(1, c.output), c.hidden, (const T *)w.hr, (W *)(packed + places.projection));
}

template <class T>
void pack_backward(const peephole_cell &c, const peephole_weights &w, int64_t purpose, char *packed) {
  const Packing<T> places(c, purpose);
  const int64_t rows = gates_of(c) * c.hidden;
  pack_columns(Blocks<T>(1, c.output), rows, (const T *)w.hh, (T *)(packed + places.recurrent));
  if (projected(c))
    pack_columns(Blocks<T>(1, c.hidden), c.output, (const T *)w.hr, (T *)(packed + places.projection));
  if (purpose == PEEPHOLE_BACKWARD_TO_INPUT)
    pack_columns(Blocks<T>(1, c.input), rows, (const T *)w.ih, (T *)(packed + places.input));
}

}  // namespace peephole::PEEPHOLE_SET
