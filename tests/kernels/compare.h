// Comparing what the library wrote with the reference.
#pragma once

#include <cmath>
#include <sstream>
#include <string>

#include "arena.h"
#include "arrays.h"
#include "checks.h"
#include "library.h"

inline bool is_close(double expected, double got, double tolerance) {
  if (std::isnan(expected) || std::isnan(got)) return std::isnan(expected) && std::isnan(got);
  if (std::isinf(expected) || std::isinf(got)) return expected == got;
  return std::abs(got - expected) <= tolerance * (1 + std::abs(expected));
}

inline Fault told(const std::string &what, double expected, double got) {
  std::ostringstream out;
  out.precision(17);
  out << what << " should be " << expected << ", is " << got;
  return out.str();
}

template <class T>
Fault difference(const std::string &what, const Lane<double> &lane, const Array<double> &expected,
                 const peephole_plane &plane, double tolerance) {
  if (!plane.data) return {};
  for (int64_t b = 0; b < lane.batch; ++b)
    for (int64_t t = 0; t < lane.lengths[b]; ++t)
      for (int64_t u = 0; u < expected.width; ++u) {
        const double want = expected.at(t, b)[u], got = static_cast<double>(Arena<T>::at(plane, t, b)[u]);
        if (is_close(want, got, tolerance)) continue;
        std::ostringstream where;
        where << what << " at time " << t << " batch " << b << " unit " << u;
        return told(where.str(), want, got);
      }
  return {};
}

template <class T>
Fault difference(const std::string &what, const Vector<double> &expected, const void *data, double tolerance) {
  for (size_t n = 0; n < expected.size(); ++n) {
    const double got = static_cast<double>(static_cast<const T *>(data)[n]);
    if (!is_close(expected[n], got, tolerance)) return told(what + " " + std::to_string(n), expected[n], got);
  }
  return {};
}

// The first fault of several.
template <class... Faults>
Fault first(const Faults &...faults) {
  Fault found;
  ((found = found.empty() ? faults : found), ...);
  return found;
}

// f<float> or f<double>, as the cell's dtype is.
template <class F>
auto in_dtype(const peephole_cell &cell, F f) {
  return cell.dtype == PEEPHOLE_FLOAT32 ? f(float{}) : f(double{});
}

// The numbers of threads to run with beside one: for some cases all.
inline Vector<int64_t> threads_of(const Case &given) {
  return given.number % 8 ? Vector<int64_t>{given.threads} : Vector<int64_t>{2, 3, 4};
}
