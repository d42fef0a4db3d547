// The vector mathematics alone: every activation over its whole range, beside libm in the widest type there is.
#include <cmath>
#include <limits>
#include <sstream>

#include "checks.h"
#include "compare.h"

namespace {

// A function with parameters that show.
peephole_activation example(int64_t kind) {
  switch (kind) {
    case PEEPHOLE_HARD_SIGMOID: return {kind, 0.25, 0.5};
    case PEEPHOLE_SCALED_TANH: return {kind, 1.75, 0.625};
    case PEEPHOLE_AFFINE: return {kind, -0.75, 0.125};
    default: return {kind, 0.5, 0};
  }
}

// Everywhere: near zero densely, over all magnitudes, and the odd ones.
template <class T>
Vector<T> grid(uint64_t seed, int64_t points) {
  using Limits = std::numeric_limits<T>;
  Random random(seed, 4);
  Vector<T> made;
  for (T odd : {T(0), Limits::denorm_min(), Limits::min(), Limits::epsilon(), T(1), T(3), T(88), T(104), T(3e38),
                Limits::max(), Limits::infinity()})
    made.push_back(odd), made.push_back(-odd);
  made.push_back(Limits::quiet_NaN());
  for (int64_t n = 0; n < points; ++n) {
    const double spread = n % 3 ? (n % 3 == 1 ? 4 : 110) : 1;
    const double at = random.uniform(-spread, spread);
    const double power = std::ldexp(at, static_cast<int>(random.whole(Limits::min_exponent - 3, Limits::max_exponent - 1)));
    made.push_back(static_cast<T>(n % 3 ? at : power));
  }
  return made;
}

bool is_at_kink(const peephole_activation &f, double x) {
  for (double kink : kinks(f))
    // At 0 the slope is settled (torch's); where a value stops at a bound, it does not tell on which side it is.
    if (kink != 0 && std::abs(x - kink) < 1e-5 * (1 + std::abs(kink))) return true;
  return false;
}

Fault told_at(const char *what, int64_t kind, long double x, long double expected, long double got) {
  std::ostringstream out;
  out.precision(20);
  out << what << " of activation " << kind << " at " << x << " should be " << expected << ", is " << got;
  return out.str();
}

// Near enough for the type, which may also round what lies at its ends to infinity or zero.
template <class T>
bool is_near(long double expected, T got, long double tolerance) {
  const auto rounded = static_cast<T>(expected);
  if (std::isnan(rounded) || std::isnan(got)) return std::isnan(rounded) && std::isnan(got);
  if (std::isinf(rounded) || std::isinf(got)) return rounded == got;
  return std::abs(static_cast<long double>(got) - expected) <= tolerance * std::max(1.0L, std::abs(expected));
}

template <class T>
Fault compared(const peephole_activation &f, const Vector<T> &x, const T *y, const T *slope) {
  // float32 is within 3e-7 of what it should be; a slope is up to twice as sensitive as the value it is made from.
  const long double tolerance = sizeof(T) == 4 ? 3e-7L : 2e-15L;
  for (size_t n = 0; n < x.size(); ++n) {
    const auto exact = point<long double>(f, x[n]);
    if (!is_near(exact.y, y[n], tolerance)) return told_at("the value", f.kind, x[n], exact.y, y[n]);
    const bool has_slope = std::isfinite(x[n]) && std::isfinite(exact.slope) && !is_at_kink(f, x[n]);
    if (has_slope && !is_near(exact.slope, slope[n], 4 * tolerance))
      return told_at("the slope", f.kind, x[n], exact.slope, slope[n]);
  }
  return {};
}

template <class T>
Fault checked(int64_t dtype, const peephole_activation &f, const Vector<T> &x) {
  Arena<T> arena(1);
  const Vector<double> read(x.begin(), x.end());
  const auto count = static_cast<int64_t>(x.size());
  T *y = arena.room(count), *slope = arena.room(count);
  peephole_activate(dtype, &f, count, arena.put(read), y, slope);
  if (!arena.is_intact()) return "peephole_activate wrote where it may not";
  return compared(f, x, y, slope);
}

// The formulas' own slopes, by differences; else a wrong one would be a wrong oracle.
Fault check_slopes() {
  for (int64_t kind = 0; kind < PEEPHOLE_ACTIVATIONS; ++kind)
    for (double x = -6.03; x < 6; x += 0.11) {
      const peephole_activation f = example(kind);
      if (is_at_kink(f, x)) continue;
      const double step = 1e-5, rise = point(f, x + step).y - point(f, x - step).y;
      if (std::abs(rise / (2 * step) - point(f, x).slope) > 1e-8)
        return told_at("the reference's slope", kind, x, rise / (2 * step), point(f, x).slope);
    }
  return {};
}

template <class T>
Fault checked(int64_t dtype, uint64_t seed) {
  for (int64_t kind = 0; kind < PEEPHOLE_ACTIVATIONS; ++kind) {
    // Counts at and beside the widths of vectors, the longest last.
    for (int64_t points : {0, 1, 2, 3, 5, 8, 11, 16, 20, 20'000}) {
      const Fault fault = checked<T>(dtype, example(kind), grid<T>(seed + static_cast<uint64_t>(points), points));
      if (!fault.empty()) return fault;
    }
  }
  return {};
}

}  // namespace

Fault check_activations(int64_t dtype, uint64_t seed) {
  if (const Fault fault = check_slopes(); !fault.empty()) return fault;
  return dtype == PEEPHOLE_FLOAT32 ? checked<float>(dtype, seed) : checked<double>(dtype, seed);
}
