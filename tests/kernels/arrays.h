// Numbers as the reference and the cases hold them: of one step, and over time, batch and unit.
#pragma once

#include <cstdint>
#include <vector>

template <class S>
using Vector = std::vector<S>;

// (time, batch, width), without gaps; a width of 0 is an array that is not there.
template <class S>
struct Array {
  int64_t time = 0, batch = 0, width = 0;
  Vector<S> data;

  Array() = default;
  Array(int64_t time, int64_t batch, int64_t width)
      : time(time), batch(batch), width(width), data(static_cast<size_t>(time * batch * width)) {}

  bool is_there() const { return width > 0; }
  S *at(int64_t t, int64_t b) { return data.data() + (t * batch + b) * width; }
  const S *at(int64_t t, int64_t b) const { return data.data() + (t * batch + b) * width; }
  Vector<S> row(int64_t t, int64_t b) const { return Vector<S>(at(t, b), at(t, b) + width); }
};

// f(0), f(1), …
template <class F>
auto each(int64_t count, F f) {
  Vector<decltype(f(int64_t{}))> values;
  values.reserve(static_cast<size_t>(count));
  for (int64_t n = 0; n < count; ++n) values.push_back(f(n));
  return values;
}

template <class To, class From>
Vector<To> converted(const Vector<From> &values) {
  return Vector<To>(values.begin(), values.end());
}

template <class To, class From>
Array<To> converted(const Array<From> &from) {
  Array<To> to(from.time, from.batch, from.width);
  to.data = converted<To>(from.data);
  return to;
}
