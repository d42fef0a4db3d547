// The activation functions by name, and their slopes. Formulas as in src/peephole/nn/activations.py.
#pragma once

#include <math.h>

#include "peephole.h"
#include "vector.h"

namespace peephole::PEEPHOLE_SET {

// Functions that few networks use are calculated number by number by the C library.
template <class T, class F> inline V<T> each(V<T> x, F function) {
  for (int i = 0; i < N<T>; ++i) x[i] = function(x[i]);
  return x;
}

constexpr double SELU_ALPHA = 1.6732632423543772848170429916717, SELU_SCALE = 1.0507009873554804934193349852946;
constexpr double INVERSE_SQRT_2 = 0.70710678118654752440, INVERSE_SQRT_2PI = 0.39894228040143267794;

// 0 … 1 with NaN staying NaN.
template <class T> inline V<T> within_unit(V<T> x) {
  V<T> zero = {}, one = splat<T>(1);
  x = x > one ? one : x;
  return x < zero ? zero : x;
}

template <class T> inline V<T> exponential_less_one(V<T> x) {
  return each<T>(x, [](T v) { return (T)expm1(v); });
}

template <class T> [[gnu::noinline]] V<T> seldom_used(const peephole_activation &f, V<T> x) {
  const T alpha = (T)f.alpha, beta = (T)f.beta;
  const V<T> zero = {};
  switch (f.kind) {
    case PEEPHOLE_RELU: return x < zero ? zero : x;
    case PEEPHOLE_IDENTITY: return x;
    case PEEPHOLE_HARD_SIGMOID: return within_unit<T>(x * alpha + beta);
    case PEEPHOLE_HARD_SIGMOID_6: return within_unit<T>(x / T(6) + T(0.5));
    case PEEPHOLE_HARD_TANH: return clipped<T>(x, 1);
    case PEEPHOLE_SOFTSIGN: return x / (T(1) + magnitude<T>(x));
    case PEEPHOLE_SOFTPLUS:
      return each<T>(x, [](T v) { return (v > 0 ? v : v == v ? T(0) : v) + (T)log1p(exp(-fabs((double)v))); });
    case PEEPHOLE_LEAKY_RELU: return x > zero ? x : x * alpha;
    case PEEPHOLE_THRESHOLDED_RELU: return x > splat<T>(alpha) ? x : zero;
    case PEEPHOLE_ELU: return x > zero ? x : alpha * exponential_less_one<T>(x);
    case PEEPHOLE_SELU:
      return T(SELU_SCALE) * (x > zero ? x : T(SELU_ALPHA) * exponential_less_one<T>(x));
    case PEEPHOLE_GELU:
      return each<T>(x, [](T v) { return (T)(0.5 * v * erfc(-(double)v * INVERSE_SQRT_2)); });
    case PEEPHOLE_SILU: return x * sigmoid<T>(x);
    case PEEPHOLE_SCALED_TANH: return alpha * hyperbolic_tangent<T>(beta * x);
    default: return alpha * x + beta;  // PEEPHOLE_AFFINE
  }
}

template <class T> PEEPHOLE_INLINE V<T> activate(const peephole_activation &f, V<T> x) {
  if (f.kind == PEEPHOLE_SIGMOID) return sigmoid<T>(x);
  if (f.kind == PEEPHOLE_TANH) return hyperbolic_tangent<T>(x);
  return seldom_used<T>(f, x);
}

// Whether f'(x) follows from f(x) alone.
inline bool slope_from_value(const peephole_activation &f) {
  switch (f.kind) {
    case PEEPHOLE_SIGMOID:
    case PEEPHOLE_TANH:
    case PEEPHOLE_RELU:
    case PEEPHOLE_IDENTITY: return true;
    default: return false;
  }
}

template <class T> [[gnu::noinline]] V<T> seldom_used_slope(const peephole_activation &f, V<T> x, V<T> y) {
  const T alpha = (T)f.alpha, beta = (T)f.beta;
  const V<T> zero = {}, one = splat<T>(1);
  switch (f.kind) {
    case PEEPHOLE_RELU: return y > zero ? one : zero;
    case PEEPHOLE_IDENTITY: return one;
    case PEEPHOLE_HARD_SIGMOID: {
      V<T> line = x * alpha + beta;
      return (line >= zero) & (line <= one) ? splat<T>(alpha) : zero;
    }
    case PEEPHOLE_HARD_SIGMOID_6: {
      V<T> line = x / T(6) + T(0.5);
      return (line >= zero) & (line <= one) ? splat<T>(T(1) / 6) : zero;
    }
    case PEEPHOLE_HARD_TANH: return (x > -one) & (x < one) ? one : zero;
    case PEEPHOLE_SOFTSIGN: {
      V<T> under = T(1) + magnitude<T>(x);
      return T(1) / (under * under);
    }
    case PEEPHOLE_SOFTPLUS: return sigmoid<T>(x);
    case PEEPHOLE_LEAKY_RELU: return x > zero ? one : splat<T>(alpha);
    case PEEPHOLE_THRESHOLDED_RELU: return x > splat<T>(alpha) ? one : zero;
    case PEEPHOLE_ELU: return x > zero ? one : y + alpha;
    case PEEPHOLE_SELU: return x > zero ? splat<T>(T(SELU_SCALE)) : y + T(SELU_SCALE * SELU_ALPHA);
    case PEEPHOLE_GELU:
      return each<T>(x, [](T v) {
        double w = v;
        return (T)(0.5 * erfc(-w * INVERSE_SQRT_2) + w * INVERSE_SQRT_2PI * exp(-0.5 * w * w));
      });
    case PEEPHOLE_SILU: {
      V<T> s = sigmoid<T>(x);
      return s + x * s * (T(1) - s);
    }
    case PEEPHOLE_SCALED_TANH: {
      V<T> t = hyperbolic_tangent<T>(beta * x);
      return alpha * beta * (T(1) - t * t);
    }
    default: return splat<T>(alpha);  // PEEPHOLE_AFFINE
  }
}

// f'(x) from x and y = f(x); x is read only where `slope_from_value` says that y does not tell.
template <class T> PEEPHOLE_INLINE V<T> slope(const peephole_activation &f, V<T> x, V<T> y) {
  if (f.kind == PEEPHOLE_SIGMOID) return y * (T(1) - y);
  if (f.kind == PEEPHOLE_TANH) return T(1) - y * y;
  return seldom_used_slope<T>(f, x, y);
}

}  // namespace peephole::PEEPHOLE_SET
