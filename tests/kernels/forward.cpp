// The forward pass against the reference.
#include "checks.h"
#include "compare.h"

namespace {

template <class T>
Fault compared(const Lane<double> &lane, const Run<double> &run, const peephole_lane &got, double tolerance) {
  Fault fault;
  for (size_t q = 0; q < PEEPHOLE_QUANTITIES; ++q)
    fault = first(fault, difference<T>("quantity " + std::to_string(q), lane, run.record[q], got.record[q], tolerance));
  return first(fault, difference<T>("final hidden", run.final[0], got.final[0], tolerance),
               difference<T>("final cell", run.final[1], got.final[1], tolerance),
               difference<T>("before_activation", lane, run.before_activation, got.before_activation, tolerance),
               difference<T>("product", lane, run.product, got.product, tolerance),
               difference<T>("candidate_product", lane, run.candidate_product, got.candidate_product, tolerance));
}

template <class T>
Fault compared(const Case &given, const Reference &reference, const Library<T> &library) {
  if (!library.arena.is_intact()) return "forward wrote where it may not";
  if (reference.is_near_jump) return {};
  for (size_t n = 0; n < given.lanes.size(); ++n) {
    const Fault fault = compared<T>(given.lanes[n], reference.runs[n], library.lanes[n], reference.tolerance);
    if (!fault.empty()) return "lane " + std::to_string(n) + " " + fault;
  }
  return {};
}

template <class T>
Fault checked(const Case &given, const Reference &reference) {
  Library<T> whole(given, given.number, Record::everything), some(given, given.number + 1, Record::some);
  whole.forward(1);
  if (const Fault fault = compared(given, reference, whole); !fault.empty()) return fault;
  some.forward(given.threads);
  if (const Fault fault = compared(given, reference, some); !fault.empty()) return "some recorded: " + fault;
  for (int64_t threads : threads_of(given)) {
    Library<T> again(given, given.number, Record::everything);
    again.forward(threads);
    if (!again.arena.is_same(whole.arena)) return "forward differs with " + std::to_string(threads) + " threads";
  }
  return {};
}

// The reference's runs alone: what is not finite has no derivative.
Reference of_spoiled(const Case &given) {
  Reference made{};
  made.tolerance = given.cell.dtype == PEEPHOLE_FLOAT32 ? 1e-3 : 1e-9;
  for (const Lane<double> &lane : given.lanes) {
    made.runs.push_back(naive_run(lane));
    made.is_near_jump |= made.runs.back().nearest_jump < 1e-3;
  }
  return made;
}

}  // namespace

Fault check_forward(const Case &given, const Reference &reference) {
  return in_dtype(given.cell, [&](auto number) { return checked<decltype(number)>(given, reference); });
}

Fault check_spoiled(const Case &given) {
  Case spoiled = given;
  spoiled.cell.bfloat16 = 0;
  for (Lane<double> &lane : spoiled.lanes) lane.cell.bfloat16 = 0;
  spoil(spoiled);
  const Reference reference = of_spoiled(spoiled);
  return in_dtype(given.cell, [&](auto number) -> Fault {
    Library<decltype(number)> library(spoiled, given.number, Record::everything);
    library.forward(given.threads);
    const Fault fault = compared(spoiled, reference, library);
    return fault.empty() ? fault : "with NaN and infinities in it: " + fault;
  });
}
