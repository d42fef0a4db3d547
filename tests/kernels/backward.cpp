// The backward pass against the exact derivatives of the reference.
//
// The library's gradients along a direction are a sum of products, gradient times direction. Those of the matrices are
// also made from the planes of gradients and the record, as a caller may do who wants to.
#include <cmath>

#include "checks.h"
#include "compare.h"

namespace {

// A sum, and how large what was summed is: rounding is relative to that.
struct Sum {
  double value = 0, size = 0;

  void add(double term) {
    value += term;
    size += std::abs(term);
  }
};

template <class T>
class Contraction {
 public:
  Contraction(const Lane<double> &lane, const peephole_gradient &got) : lane(lane), cell(lane.cell), got(got) {}

  Sum along(Direction direction, const Directions &to) const {
    switch (direction) {
      case OF_SUMS: return over(got.sums, to.nudges.sums);
      case OF_PRODUCT: return over(got.product, to.nudges.product);
      case OF_CANDIDATE_PRODUCT: return over(got.candidate_product, to.nudges.candidate_product);
      case OF_PROJECTED: return over(got.projected, to.nudges.projected);
      case OF_NORMALISED_CELL: return over(got.normalised_cell, to.nudges.normalised_cell);
      case OF_INITIAL_HIDDEN: return over(got.initial[0], to.initial[0]);
      case OF_INITIAL_CELL: return over(got.initial[1], to.initial[1]);
      case OF_PEEPHOLE: return over(got.peephole, to.peephole);
      case OF_INPUT: return over(got.x, to.x);
      case OF_INPUT_WEIGHTS: return of_input_weights(to.ih);
      case OF_RECURRENT_WEIGHTS: return of_recurrent_weights(to.hh);
      case OF_PROJECTION: return of_projection(to.hr);
      default: return {};
    }
  }

  // The same of the matrices, as the library made them.
  Sum made(Direction direction, const Directions &to) const {
    switch (direction) {
      case OF_INPUT_WEIGHTS: return over(got.ih, to.ih);
      case OF_RECURRENT_WEIGHTS: return over(got.hh, to.hh);
      case OF_PROJECTION: return over(got.hr, to.hr);
      default: return {};
    }
  }

  // Whether a caller wants it.
  bool is_wanted(Direction direction) const {
    switch (direction) {
      case OF_PEEPHOLE: return got.peephole;
      case OF_INPUT: return got.x.data;
      default: return true;
    }
  }

  bool is_made(Direction direction) const {
    switch (direction) {
      case OF_INPUT_WEIGHTS: return got.ih;
      case OF_RECURRENT_WEIGHTS: return got.hh;
      case OF_PROJECTION: return got.hr;
      default: return false;
    }
  }

  // Whether a sum over time and batch, where it was asked for, is that of the plane.
  Fault summed(const char *what, const void *bias, const peephole_plane &plane, int64_t width, double tolerance) const {
    if (!bias) return {};
    for (int64_t u = 0; u < width; ++u) {
      Sum sum;
      over_steps([&](int64_t t, int64_t b) { sum.add(Arena<T>::at(plane, t, b)[u]); });
      const double is = static_cast<double>(static_cast<const T *>(bias)[u]);
      if (!(std::abs(is - sum.value) <= tolerance * (sum.size + tolerance))) return told(what, sum.value, is);
    }
    return {};
  }

 private:
  const Lane<double> &lane;
  const peephole_cell &cell;
  const peephole_gradient &got;

  template <class F>
  void over_steps(F f) const {
    for (int64_t b = 0; b < lane.batch; ++b)
      for (int64_t t = 0; t < lane.lengths[b]; ++t) f(t, b);
  }

  Sum over(const peephole_plane &plane, const Array<double> &to) const {
    Sum sum;
    if (to.is_there() && plane.data)
      over_steps([&](int64_t t, int64_t b) {
        for (int64_t u = 0; u < to.width; ++u) sum.add(Arena<T>::at(plane, t, b)[u] * to.at(t, b)[u]);
      });
    return sum;
  }

  Sum over(const void *data, const Vector<double> &to) const {
    Sum sum;
    if (data)
      for (size_t n = 0; n < to.size(); ++n) sum.add(static_cast<const T *>(data)[n] * to[n]);
    return sum;
  }

  Sum of_input_weights(const Vector<double> &to) const {
    Sum sum;
    if (!to.empty())
      over_steps([&](int64_t t, int64_t b) {
        add_outer(sum, Arena<T>::at(got.sums, t, b), lane.x.row(t, b), to, 0, rows(cell));
      });
    return sum;
  }

  Sum of_projection(const Vector<double> &to) const {
    Sum sum;
    if (!to.empty())
      over_steps([&](int64_t t, int64_t b) {
        const Vector<double> before = recorded(PEEPHOLE_HIDDEN_BEFORE_PROJECTION, t, b);
        add_outer(sum, Arena<T>::at(got.projected, t, b), before, to, 0, cell.output);
      });
    return sum;
  }

  Sum of_recurrent_weights(const Vector<double> &to) const {
    const int64_t all = rows(cell), candidate = cell.kind == PEEPHOLE_GRU ? 2 * cell.hidden : all;
    Sum sum;
    over_steps([&](int64_t t, int64_t b) {
      const Vector<double> seen = entering(t, b);
      const T *received = Arena<T>::at(cell.layer_norm ? got.product : got.sums, t, b);
      add_outer(sum, received, seen, to, 0, candidate);
      if (candidate == all) return;
      if (cell.reset_after && !cell.layer_norm)
        add_outer(sum, Arena<T>::at(got.candidate_product, t, b), seen, to, candidate, all);
      else
        add_outer(sum, received + candidate, cell.reset_after ? seen : reset(seen, t, b), to, candidate, all);
    });
    return sum;
  }

  // Σ gradient_row · seen_column · to[row][column] over some of the rows.
  static void add_outer(Sum &sum, const T *gradient, const Vector<double> &seen, const Vector<double> &to,
                        int64_t first, int64_t end) {
    const auto columns = static_cast<int64_t>(seen.size());
    for (int64_t row = first; row < end; ++row)
      for (int64_t k = 0; k < columns; ++k) sum.add(gradient[row - first] * seen[k] * to[row * columns + k]);
  }

  Vector<double> recorded(int64_t quantity, int64_t t, int64_t b) const {
    const T *values = Arena<T>::at(got.lane->record[quantity], t, b);
    return Vector<double>(values, values + size_of(cell, quantity));
  }

  // h of the step before, through its mask.
  Vector<double> entering(int64_t t, int64_t b) const {
    const int64_t before = lane.reverse ? t + 1 : t - 1;
    const bool is_first = before < 0 || before >= lane.lengths[b];
    const double *initial = lane.initial[0].data() + b * cell.output;
    Vector<double> h = is_first ? Vector<double>(initial, initial + cell.output) : recorded(PEEPHOLE_HIDDEN, before, b);
    if (lane.masks.hidden.is_there())
      for (int64_t u = 0; u < cell.output; ++u) h[u] *= lane.masks.hidden.at(0, b)[u];
    return h;
  }

  Vector<double> reset(Vector<double> seen, int64_t t, int64_t b) const {
    const Vector<double> r = recorded(PEEPHOLE_RESET_GATE, t, b);
    for (size_t u = 0; u < seen.size(); ++u) seen[u] *= r[u];
    return seen;
  }
};

template <class T>
Fault compared(const Lane<double> &lane, const Directions &to, const Slopes &slopes, const peephole_gradient &got,
               double tolerance) {
  const Contraction<T> contraction(lane, got);
  // What is zero but for rounding, as the gradient through a norm of one unit is, is small beside that of the sums; the
  // norm of a few units may enlarge it by 1 / √ε.
  const bool is_narrow = lane.cell.layer_norm && lane.cell.hidden <= 4;
  const double floor = (is_narrow ? 1 : 1e-2) * contraction.along(OF_SUMS, to).size + 1e-3;
  const auto is_right = [&](const Sum &sum, double slope) {
    return std::abs(sum.value - slope) <= tolerance * (sum.size + floor);
  };
  for (int k = 0; k < DIRECTIONS; ++k) {
    const auto direction = static_cast<Direction>(k);
    const Sum sum = contraction.along(direction, to), made = contraction.made(direction, to);
    const std::string what = std::string("the gradient of ") + kDirections[k];
    if (contraction.is_wanted(direction) && !is_right(sum, slopes[k])) return told(what, slopes[k], sum.value);
    if (contraction.is_made(direction) && !is_right(made, slopes[k]))
      return told(what + ", as the library makes it", slopes[k], made.value);
  }
  const double precision = sizeof(T) == 4 ? 1e-5 : 1e-12;
  return first(contraction.summed("the gradient of the bias", got.bias, got.sums, rows(lane.cell), precision),
               contraction.summed("the gradient of the candidate's bias", got.candidate_bias, got.candidate_product,
                                  lane.cell.hidden, precision));
}

template <class T>
Fault compared(const Case &given, const Reference &reference, const Library<T> &library) {
  if (!library.arena.is_intact()) return "backward wrote where it may not";
  if (reference.is_near_jump || reference.is_near_kink) return {};
  const double tolerance = reference.tolerance * 10;
  for (size_t n = 0; n < given.lanes.size(); ++n) {
    const Fault fault = compared<T>(given.lanes[n], reference.directions[n], reference.slopes[n],
                                    library.gradients[n], tolerance);
    if (!fault.empty()) return "lane " + std::to_string(n) + " " + fault;
  }
  return {};
}

template <class T>
Fault checked(const Case &given, const Reference &reference) {
  Library<T> alone(given, given.number, Record::everything);
  alone.forward(1);
  alone.backward(1);
  if (const Fault fault = compared(given, reference, alone); !fault.empty()) return fault;
  for (int64_t threads : threads_of(given)) {
    Library<T> again(given, given.number, Record::everything);
    again.forward(1);
    again.backward(threads);
    if (!again.arena.is_same(alone.arena)) return "backward differs with " + std::to_string(threads) + " threads";
  }
  return {};
}

}  // namespace

Fault check_backward(const Case &given, const Reference &reference) {
  if (given.cell.bfloat16) return {};
  return in_dtype(given.cell, [&](auto number) { return checked<decltype(number)>(given, reference); });
}
