// What a case's numbers should come to, and how closely a kernel can be expected to meet them.
#include <algorithm>
#include <cmath>

#include "checks.h"

namespace {

double rounded_to_bfloat16(double value) {
  const float single = static_cast<float>(value);
  uint32_t bits;
  static_assert(sizeof bits == sizeof single);
  std::copy_n(reinterpret_cast<const char *>(&single), sizeof bits, reinterpret_cast<char *>(&bits));
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
  float made;
  std::copy_n(reinterpret_cast<const char *>(&bits), sizeof bits, reinterpret_cast<char *>(&made));
  return static_cast<double>(made);
}

// The lane as the kernels calculate it: with its matrices rounded where they are packed as bfloat16.
Lane<double> as_packed(Lane<double> lane) {
  if (lane.cell.bfloat16)
    for (Vector<double> *matrix : {&lane.weights.ih, &lane.weights.hh, &lane.weights.hr})
      for (double &value : *matrix) value = rounded_to_bfloat16(value);
  return lane;
}

Lane<float> in_single(const Lane<double> &lane) {
  const Weights<double> &w = lane.weights;
  const auto c = [](const Vector<double> &values) { return converted<float>(values); };
  return {lane.cell, lane.time, lane.batch, lane.reverse, lane.lengths,
          {c(w.ih), c(w.hh), c(w.bias_ih), c(w.bias_hh), c(w.hr), c(w.peephole), c(w.norm), c(w.norm_bias),
           c(w.norm_cell), c(w.norm_cell_bias)},
          converted<float>(lane.x), converted<float>(lane.sums),
          {c(lane.initial[0]), c(lane.initial[1])}, lane.masks, lane.clamps, {}};
}

double furthest(const Vector<float> &single, const Vector<double> &exact) {
  double most = 0;
  for (size_t n = 0; n < exact.size(); ++n)
    most = std::max(most, std::abs(static_cast<double>(single[n]) - exact[n]) / (1 + std::abs(exact[n])));
  return most;
}

// How far the same loops in single precision are from the exact numbers.
double single_error(const Lane<double> &lane, const Run<double> &exact) {
  const Run<float> single = naive_run(in_single(lane));
  double most = furthest(single.before_activation.data, exact.before_activation.data);
  for (size_t q = 0; q < PEEPHOLE_QUANTITIES; ++q)
    most = std::max(most, furthest(single.record[q].data, exact.record[q].data));
  return most;
}

}  // namespace

Reference reference_of(const Case &given) {
  const bool single = given.cell.dtype == PEEPHOLE_FLOAT32;
  Reference made{};
  double error = 0, kink = 1, jump = 1;
  for (size_t n = 0; n < given.lanes.size(); ++n) {
    const Lane<double> lane = as_packed(given.lanes[n]);
    made.runs.push_back(naive_run(lane));
    made.directions.push_back(random_directions(lane, given.seed + given.number + n));
    made.slopes.push_back(slopes(lane, given.losses[n], made.directions.back()));
    if (single) error = std::max(error, single_error(lane, made.runs.back()));
    kink = std::min(kink, made.runs.back().nearest_kink);
    jump = std::min(jump, made.runs.back().nearest_jump);
  }
  // Where even plain loops lose digits in single precision, as the norm of few units does, so may kernels.
  made.tolerance = single ? std::max(1e-5, 10 * error) : 1e-10;
  made.is_near_jump = jump < 2 * made.tolerance;
  made.is_near_kink = kink < 2 * made.tolerance;
  return made;
}
