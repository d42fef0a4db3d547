// Rows times a panel: the product in the time loop, in registers.
//
// A panel is a slice of a packed matrix: for each k the vectors of C output columns, side by side and one after the
// other, so that a step through k reads straight on. A tile of R rows × C vectors stays in registers over all of k, and
// each of its numbers is its own chain of additions in the order of k: the result does not depend on which rows share
// a tile, and so not on how a batch is divided among threads.
#pragma once

#include "vector.h"

namespace peephole::PEEPHOLE_SET {

constexpr int MOST_VECTORS = 4;

// Rows of a tile: as many as registers hold.
template <int C> constexpr int MOST_ROWS = REGISTERS == 32 ? (C == 4 ? 6 : 8) : (C == 4 ? 3 : C == 3 ? 4 : 6);
constexpr int MOST_ROWS_OF_ANY = 8;

// out[r] = start[r] + Σ_k a[r][k A] panel[k], each row C vectors; start may be out, and a stride of 0 starts all alike. `soon`
// is a panel of the same size that will be wanted next: it is brought nearer meanwhile (a tile of a row or two has no time
// to spare for that).
template <class T, class W, int R, int C, int A>
[[gnu::noinline]] void multiply_tile(const T *const *a, int64_t k, const W *panel, const T *start,
                                     int64_t start_stride, T *out, int64_t out_stride, const W *soon) {
  if (k < 1) __builtin_unreachable();
  V<T> sum[R][C];
  const T *row[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    row[r] = a[r];
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) sum[r][c] = load(start + r * start_stride + c * N<T>);
  }
  for (int64_t j = 0; j < k; ++j) {
    V<T> w[C];
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) {
      w[c] = load(panel + c * N<T>);
      if constexpr (R > 2) __builtin_prefetch(soon + c * N<T>, 0, 2);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const T x = row[r][j * A];
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) sum[r][c] += x * w[c];
    }
    panel += C * N<T>;
    soon += C * N<T>;
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) store(out + r * out_stride + c * N<T>, sum[r][c]);
}

template <class T, class W, int C, int A>
inline void multiply_rows(int rows, const T *const *a, int64_t k, const W *panel, const T *start,
                          int64_t start_stride, T *out, int64_t out_stride, const W *soon) {
#define PEEPHOLE_ROWS(R)                                                                           \
  case R:                                                                                          \
    if constexpr (R <= MOST_ROWS<C>)                                                               \
      multiply_tile<T, W, R, C, A>(a, k, panel, start, start_stride, out, out_stride, soon);                \
    break
  switch (rows) {
    PEEPHOLE_ROWS(1);
    PEEPHOLE_ROWS(2);
    PEEPHOLE_ROWS(3);
    PEEPHOLE_ROWS(4);
    PEEPHOLE_ROWS(5);
    PEEPHOLE_ROWS(6);
    PEEPHOLE_ROWS(7);
    PEEPHOLE_ROWS(8);
  }
#undef PEEPHOLE_ROWS
}

// The same for any number of vectors up to MOST_VECTORS; `rows` is at most `most_rows(vectors)`.
template <class T, class W, int A = 1>
inline void multiply(int rows, int vectors, const T *const *a, int64_t k, const W *panel, const T *start,
                     int64_t start_stride, T *out, int64_t out_stride, const W *soon = nullptr) {
  if (!soon) soon = panel;
  switch (vectors) {
    case 1: return multiply_rows<T, W, 1, A>(rows, a, k, panel, start, start_stride, out, out_stride, soon);
    case 2: return multiply_rows<T, W, 2, A>(rows, a, k, panel, start, start_stride, out, out_stride, soon);
    case 3: return multiply_rows<T, W, 3, A>(rows, a, k, panel, start, start_stride, out, out_stride, soon);
    default: return multiply_rows<T, W, 4, A>(rows, a, k, panel, start, start_stride, out, out_stride, soon);
  }
}

inline int most_rows(int vectors) {
  switch (vectors) {
    case 1: return MOST_ROWS<1>;
    case 2: return MOST_ROWS<2>;
    case 3: return MOST_ROWS<3>;
    default: return MOST_ROWS<4>;
  }
}

}  // namespace peephole::PEEPHOLE_SET
