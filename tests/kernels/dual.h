// A number that carries its derivatives along several directions: exact derivatives of whatever is calculated with it.
#pragma once

#include <array>
#include <cmath>

template <int Directions>
struct Dual {
  double value = 0;
  std::array<double, Directions> slope{};

  Dual() = default;
  explicit Dual(double value) : value(value) {}

  // What has this value, and the slope by the chain rule from a function's.
  Dual through(double result, double derivative) const {
    Dual made(result);
    for (int k = 0; k < Directions; ++k) made.slope[k] = derivative * slope[k];
    return made;
  }

  Dual &operator+=(const Dual &other) {
    value += other.value;
    for (int k = 0; k < Directions; ++k) slope[k] += other.slope[k];
    return *this;
  }
};

template <int D>
Dual<D> operator+(Dual<D> a, const Dual<D> &b) {
  return a += b;
}

template <int D>
Dual<D> operator-(const Dual<D> &a, const Dual<D> &b) {
  return a + b.through(-b.value, -1);
}

template <int D>
Dual<D> operator*(const Dual<D> &a, const Dual<D> &b) {
  Dual<D> made(a.value * b.value);
  for (int k = 0; k < D; ++k) made.slope[k] = a.slope[k] * b.value + a.value * b.slope[k];
  return made;
}

template <int D>
Dual<D> inverse_root(const Dual<D> &a) {
  const double result = 1 / std::sqrt(a.value);
  return a.through(result, -0.5 * result / a.value);
}

template <class R>
R inverse_root(R a) {
  return 1 / std::sqrt(a);
}

template <int D>
double value_of(const Dual<D> &a) {
  return a.value;
}

template <class R>
double value_of(R a) {
  return static_cast<double>(a);
}
