// Rows times a panel: the product in the time loop, in registers.
//
// A panel is a slice of a packed matrix: for each k the vectors of C output columns, side by side and one after the
// other, so that a step through k reads straight on. A tile of R rows × C vectors stays in registers over all of k, and
// each of its numbers is made of its own chains of additions in the order of k, how many its width tells: the result does
// not depend on which rows share a tile, and so not on how a batch is divided among threads.
#pragma once

#include "vector.h"

namespace peephole::PEEPHOLE_SET {

constexpr int MOST_VECTORS = 4;

// Chains of additions of which each number of a tile is the sum: k goes to chain k mod CHAINS. With one alone a narrow tile
// of few rows would wait for every addition.
template <int C> constexpr int CHAINS = C == 1 ? 4 : C == 2 ? 2 : 1;

// Rows of a tile: as many as registers hold.
template <int C> constexpr int MOST_ROWS = REGISTERS == 32 ? (C == 3 ? 8 : 6) : (C == 3 ? 4 : 3);
constexpr int MOST_ROWS_OF_ANY = 8;

// The C vectors of one k.
template <int C, class T> PEEPHOLE_INLINE void load_row(const T *panel, V<T> (&row)[C]) {
#pragma GCC unroll 4
  for (int c = 0; c < C; ++c) row[c] = load(panel + c * N<T>);
}

// In bfloat16 two vectors share one, number by number, the first in the lower halves: so each is one cheap operation away
// from float32. The last of an odd number stands alone.
template <int C> PEEPHOLE_INLINE void load_row(const bfloat16 *panel, V<float> (&row)[C]) {
#pragma GCC unroll 2
  for (int c = 0; c + 1 < C; c += 2) {
    const B<float> both = (B<float>)load((const float *)(panel + c * N<float>));
    row[c] = (V<float>)(both << 16);
    row[c + 1] = (V<float>)(both & (int32_t)0xffff0000);
  }
  if constexpr (C % 2) row[C - 1] = load(panel + (C - 1) * N<float>);
}

// out[r] = start[r] + Σ_k a[r][k A] panel[k], each row C vectors; start may be out, and a stride of 0 starts all alike. `soon`
// is a panel of the same size that will be wanted next: it is brought nearer meanwhile (a tile of a row or two has no time
// to spare for that).
template <class T, class W, int R, int C, int A>
[[gnu::noinline]] void multiply_tile(const T *const *a, int64_t k, const W *panel, const T *start,
                                     int64_t start_stride, T *out, int64_t out_stride, const W *soon) {
  if (k < 1) __builtin_unreachable();
  constexpr int S = CHAINS<C>;
  V<T> sum[R][S][C];
  const T *row[R];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    row[r] = a[r];
#pragma GCC unroll 4
    for (int s = 0; s < S; ++s)
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) sum[r][s][c] = s ? V<T>{} : load(start + r * start_stride + c * N<T>);
  }
  auto add = [&](int s, int64_t j) PEEPHOLE_INLINED {
    V<T> w[C];
    load_row<C>(panel, w);
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c)
      if constexpr (R > 2) __builtin_prefetch(soon + c * N<T>, 0, 2);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const T x = row[r][j * A];
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) sum[r][s][c] += x * w[c];
    }
    panel += C * N<T>;
    soon += C * N<T>;
  };
  int64_t j = 0;
  for (; j + S <= k; j += S)
#pragma GCC unroll 4
    for (int s = 0; s < S; ++s) add(s, j + s);
#pragma GCC unroll 4
  for (int s = 0; s < S - 1; ++s)
    if (j + s < k) add(s, j + s);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) {
      V<T> total = sum[r][0][c];
      if constexpr (S == 2) total += sum[r][1][c];
      if constexpr (S == 4) total = (total + sum[r][1][c]) + (sum[r][2][c] + sum[r][3][c]);
      store(out + r * out_stride + c * N<T>, total);
    }
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
