// Vectors of numbers, as wide as the instruction set that this file is compiled for has them, and e^x, σ and tanh.
//
// Everything that depends on the instruction set lives in a namespace of that set's name (PEEPHOLE_SET), and nothing
// here comes from the standard library's templates: an inline function compiled for a wider set must never be the one
// that the linker keeps for a narrower.
#pragma once

#include <stdint.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#ifndef PEEPHOLE_SET
#error "define PEEPHOLE_SET: the instruction set's name"
#endif

// For what must not become a call in the time loop: its vectors would go through memory.
#define PEEPHOLE_INLINE inline __attribute__((always_inline))
// The same for a lambda, behind its parameters.
#define PEEPHOLE_INLINED __attribute__((always_inline))

namespace peephole::PEEPHOLE_SET {

#if defined(__AVX512F__)
constexpr int BYTES = 64, REGISTERS = 32;
#elif defined(__AVX2__)
constexpr int BYTES = 32, REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int BYTES = 16, REGISTERS = 32;
#else
constexpr int BYTES = 16, REGISTERS = 16;
#endif

template <class T> struct Vector;
template <> struct Vector<float> {
  typedef float Type __attribute__((vector_size(BYTES)));
  typedef int32_t Bits __attribute__((vector_size(BYTES)));
  typedef int32_t Integer;
};
template <> struct Vector<double> {
  typedef double Type __attribute__((vector_size(BYTES)));
  typedef int64_t Bits __attribute__((vector_size(BYTES)));
  typedef int64_t Integer;
};
template <class T> using V = typename Vector<T>::Type;
template <class T> using B = typename Vector<T>::Bits;

// Numbers in a vector.
template <class T> constexpr int N = BYTES / sizeof(T);

// A number rounded to bfloat16: the upper half of a float32.
struct bfloat16 {
  uint16_t bits;
};

template <class T> PEEPHOLE_INLINE V<T> splat(T x) { return x - V<T>{}; }

template <class T> PEEPHOLE_INLINE V<T> load(const T *p) {
  V<T> v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

PEEPHOLE_INLINE V<float> load(const bfloat16 *p) {
#if defined(__AVX512F__)
  __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
  return (V<float>)_mm512_slli_epi32(wide, 16);
#elif defined(__AVX2__)
  __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
  return (V<float>)_mm256_slli_epi32(wide, 16);
#else
  B<float> wide;
  for (int i = 0; i < N<float>; ++i) wide[i] = (int32_t)((uint32_t)p[i].bits << 16);
  return (V<float>)wide;
#endif
}

template <class T> PEEPHOLE_INLINE void store(T *p, V<T> v) { __builtin_memcpy(p, &v, sizeof v); }

// The first n numbers at p, n ≤ N, zeros behind them; what stands past them is not touched.
template <class T> PEEPHOLE_INLINE V<T> load(const T *p, int n) {
  if (n == N<T>) return load(p);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return (V<T>)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
  else
    return (V<T>)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p);
#else
  V<T> v = {};
  for (int i = 0; i < n; ++i) v[i] = p[i];
  return v;
#endif
}

template <class T> PEEPHOLE_INLINE void store(T *p, V<T> v, int n) {
  if (n == N<T>) return store(p, v);
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
  else
    _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), (__m512d)v);
#else
  for (int i = 0; i < n; ++i) p[i] = v[i];
#endif
}

// f(n) for the n numbers that a vector holds, n being a constant where it is full: then no load or store has to look.
template <class T, class F> PEEPHOLE_INLINE void if_full(int n, F f) {
  if (n == N<T>)
    f(N<T>);
  else
    f(n);
}

template <class T> inline T sum(V<T> v) {
  T total = 0;
  for (int i = 0; i < N<T>; ++i) total += v[i];
  return total;
}

template <class T> PEEPHOLE_INLINE V<T> magnitude(V<T> x) {
  using I = typename Vector<T>::Integer;
  return (V<T>)((B<T>)x & ~((I)1 << (8 * sizeof(T) - 1)));
}

template <class T> PEEPHOLE_INLINE V<T> with_sign_of(V<T> x, V<T> sign) {
  using I = typename Vector<T>::Integer;
  return (V<T>)((B<T>)x | ((B<T>)sign & ((I)1 << (8 * sizeof(T) - 1))));
}

// The smaller and the larger of both; where one is NaN, the second.
template <class T> PEEPHOLE_INLINE V<T> smaller(V<T> a, V<T> b) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return (V<T>)_mm512_min_ps((__m512)a, (__m512)b);
  else
    return (V<T>)_mm512_min_pd((__m512d)a, (__m512d)b);
#else
  return a < b ? a : b;
#endif
}

template <class T> PEEPHOLE_INLINE V<T> larger(V<T> a, V<T> b) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return (V<T>)_mm512_max_ps((__m512)a, (__m512)b);
  else
    return (V<T>)_mm512_max_pd((__m512d)a, (__m512d)b);
#else
  return a > b ? a : b;
#endif
}

// x within −limit … limit; NaN stays NaN.
template <class T> PEEPHOLE_INLINE V<T> clipped(V<T> x, T limit) {
  return larger<T>(splat<T>(-limit), smaller<T>(splat<T>(limit), x));
}

template <class T> struct Exponential;
template <> struct Exponential<float> {
  static constexpr float rounder = 12582912.0f, log2e = 1.44269504088896341f;
  static constexpr float ln2_high = 0.693147180559945309f;  // its rounding costs a unit in σ's last place at most
  static constexpr int mantissa = 23, bias = 127;
  static constexpr bool overflows = BYTES == 64;  // times_power gives ∞ beyond `most`
  static constexpr float most = overflows ? 104.0f : 88.0f, far = 10.0f;
  static constexpr float q[] = {0.5f, 0.16666576845993976311f, 0.041666554437685938899f, 0.0083632029715758549465f,
                                0.0013926213466332443037f};
};
template <> struct Exponential<double> {
  static constexpr double rounder = 6755399441055744.0, log2e = 1.4426950408889634074;
  static constexpr double ln2_high = 0.69314718036912381649, ln2_low = 1.9082149292705877e-10;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr bool overflows = BYTES == 64;
  static constexpr double most = overflows ? 750.0 : 708.0, far = 20.0;
  static constexpr double q[] = {0.5,
                                 0.16666666666666671008,
                                 0.041666666666666669767,
                                 0.0083333333333261120526,
                                 0.0013888888888883731828,
                                 0.00019841269874901259234,
                                 0.000024801587325605322782,
                                 2.7557255297969644392e-6,
                                 2.7557273570102139673e-7,
                                 2.5105259538448493419e-8,
                                 2.0914717341716375952e-9};
};

// e^x = 2^n (1 + p) with |x − n ln 2| ≤ ln 2 / 2. The polynomial is fitted to (e^r − 1 − r) / r².
template <class T> PEEPHOLE_INLINE V<T> exponential_parts(V<T> x, V<T> &shifted) {
  using E = Exponential<T>;
  shifted = x * E::log2e + E::rounder;  // its lowest bits are n
  const V<T> n = shifted - E::rounder;
  V<T> r = x - n * E::ln2_high;
  if constexpr (sizeof(T) == 8) r = r - n * E::ln2_low;
  constexpr int degree = sizeof(E::q) / sizeof(T) - 1;
  V<T> q = splat<T>(E::q[degree]);
#pragma GCC unroll 16
  for (int i = degree - 1; i >= 0; --i) q = q * r + E::q[i];
  return r + (r * r) * q;
}

// x · 2^n, n being what `exponential_parts` shifted. With AVX-512 beyond all numbers it is ∞; elsewhere |n| must be that of
// a number's exponent.
template <class T> PEEPHOLE_INLINE V<T> times_power(V<T> x, V<T> shifted) {
  using E = Exponential<T>;
#if defined(__AVX512F__)
  const V<T> n = shifted - E::rounder;
  if constexpr (sizeof(T) == 4)
    return (V<T>)_mm512_scalef_ps((__m512)x, (__m512)n);
  else
    return (V<T>)_mm512_scalef_pd((__m512d)x, (__m512d)n);
#else
  const B<T> n = (B<T>)shifted - (B<T>)splat<T>(E::rounder);
  return x * (V<T>)((n + E::bias) << E::mantissa);
#endif
}

// σ(x) = 1 / (1 + e^−x): exactly 0 where e^−x is beyond all numbers, exactly 1 where it no longer counts.
template <class T> PEEPHOLE_INLINE V<T> sigmoid(V<T> x) {
  constexpr T most = Exponential<T>::most;
  V<T> n, p = exponential_parts<T>(-clipped<T>(x, most), n);
  const V<T> y = T(1) / (T(1) + times_power<T>(T(1) + p, n));
  if constexpr (Exponential<T>::overflows) return y;
  return x < -most ? V<T>{} : y;
}

// tanh x = −m / (2 + m) with m = e^−2|x| − 1 = 2^n p + (2^n − 1), which keeps its digits near 0; under the sign of x.
template <class T> PEEPHOLE_INLINE V<T> hyperbolic_tangent(V<T> x) {
  const V<T> size = smaller<T>(splat<T>(Exponential<T>::far), magnitude<T>(x));
  V<T> n, p = exponential_parts<T>(size * T(-2), n);
  const V<T> power = times_power<T>(splat<T>(T(1)), n);
  const V<T> m = power * p + (power - T(1));
  return with_sign_of<T>(magnitude<T>(m / (m + T(2))), x);
}

}  // namespace peephole::PEEPHOLE_SET
