// The activation functions as their formulas, with their slopes and the points where those jump.
// At such a point the slope is the one that torch takes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <vector>

#include "dual.h"
#include "peephole.h"

template <class R>
struct Point {
  R y, slope;
};

template <class R>
R clamped(R x, R low, R high) {
  return x < low ? low : x > high ? high : x;  // NaN passes
}

template <class R>
Point<R> tanh_point(R x) {
  const R y = std::tanh(x), c = std::cosh(x);
  return {y, 1 / (c * c)};
}

template <class R>
Point<R> sigmoid_point(R x) {
  const R y = 1 / (1 + std::exp(-x));
  return {y, y / (1 + std::exp(x))};
}

template <class R>
Point<R> elu_point(R x, R alpha, R scale) {
  if (x > 0) return {scale * x, scale};
  return {scale * alpha * std::expm1(x), scale * alpha * std::exp(x)};
}

template <class R>
Point<R> gelu_point(R x) {
  const R normal = std::erfc(-x / std::numbers::sqrt2_v<R>) / 2;
  const R density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<R>);
  return {x * normal, normal + x * density};
}

template <class R>
Point<R> silu_point(R x) {
  const Point<R> s = sigmoid_point(x);
  return {x * s.y, s.y + x * s.slope};
}

template <class R>
Point<R> softplus_point(R x) {
  return {std::max(x, R(0)) + std::log1p(std::exp(-std::abs(x))), sigmoid_point(x).y};
}

template <class R>
Point<R> softsign_point(R x) {
  const R d = 1 + std::abs(x);
  return {x / d, 1 / (d * d)};
}

template <class R>
Point<R> hard_sigmoid_point(R x, R alpha, R beta) {
  const R y = alpha * x + beta;
  return {clamped<R>(y, 0, 1), y >= 0 && y <= 1 ? alpha : R(0)};
}

template <class R>
Point<R> scaled_tanh_point(R x, R alpha, R beta) {
  const Point<R> t = tanh_point(beta * x);
  return {alpha * t.y, alpha * beta * t.slope};
}

template <class R>
Point<R> point(const peephole_activation &function, R x) {
  const R alpha = static_cast<R>(function.alpha), beta = static_cast<R>(function.beta);
  switch (function.kind) {
    case PEEPHOLE_SIGMOID: return sigmoid_point(x);
    case PEEPHOLE_TANH: return tanh_point(x);
    case PEEPHOLE_RELU: return {x < 0 ? R(0) : x, x > 0 ? R(1) : R(0)};
    case PEEPHOLE_IDENTITY: return {x, 1};
    case PEEPHOLE_HARD_SIGMOID: return hard_sigmoid_point(x, alpha, beta);
    case PEEPHOLE_HARD_SIGMOID_6: return hard_sigmoid_point(x, R(1) / 6, R(0.5));
    case PEEPHOLE_HARD_TANH: return {clamped<R>(x, -1, 1), x > -1 && x < 1 ? R(1) : R(0)};
    case PEEPHOLE_SOFTSIGN: return softsign_point(x);
    case PEEPHOLE_SOFTPLUS: return softplus_point(x);
    case PEEPHOLE_LEAKY_RELU: return {x > 0 ? x : alpha * x, x > 0 ? R(1) : alpha};
    case PEEPHOLE_THRESHOLDED_RELU: return {x > alpha ? x : R(0), x > alpha ? R(1) : R(0)};
    case PEEPHOLE_ELU: return elu_point(x, alpha, R(1));
    case PEEPHOLE_SELU:
      return elu_point(x, static_cast<R>(1.6732632423543772848170429916717L),
                       static_cast<R>(1.0507009873554804934193349852946L));
    case PEEPHOLE_GELU: return gelu_point(x);
    case PEEPHOLE_SILU: return silu_point(x);
    case PEEPHOLE_SCALED_TANH: return scaled_tanh_point(x, alpha, beta);
    case PEEPHOLE_AFFINE: return {alpha * x + beta, alpha};
    default: return {std::numeric_limits<R>::quiet_NaN(), std::numeric_limits<R>::quiet_NaN()};
  }
}

template <class R>
R activated(const peephole_activation &function, R x) {
  return point(function, x).y;
}

template <int D>
Dual<D> activated(const peephole_activation &function, const Dual<D> &x) {
  const Point<double> p = point(function, x.value);
  return x.through(p.y, p.slope);
}

// Where the slope jumps, or the value itself.
inline std::vector<double> kinks(const peephole_activation &function) {
  switch (function.kind) {
    case PEEPHOLE_HARD_SIGMOID:
      if (function.alpha == 0) return {};
      return {-function.beta / function.alpha, (1 - function.beta) / function.alpha};
    case PEEPHOLE_HARD_SIGMOID_6: return {-3, 3};
    case PEEPHOLE_HARD_TANH: return {-1, 1};
    case PEEPHOLE_THRESHOLDED_RELU: return {function.alpha};
    case PEEPHOLE_RELU:
    case PEEPHOLE_LEAKY_RELU:
    case PEEPHOLE_ELU:
    case PEEPHOLE_SELU: return {0};
    default: return {};
  }
}
