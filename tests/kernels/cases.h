// Random cases: a cell with any options, the numbers of its one or two lanes, and a loss on what they record.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "naive.h"

// The loss is the sum of everything recorded times these; what is not there is not in it.
struct Loss {
  std::array<Array<double>, PEEPHOLE_QUANTITIES> record;
  std::array<Vector<double>, 2> final;
};

struct Case {
  uint64_t seed, number;
  peephole_cell cell;
  int64_t time, batch;
  bool ragged;  // otherwise the kernels are given no lengths
  Vector<Lane<double>> lanes;
  Vector<Loss> losses;
  int64_t threads;  // the second number of threads that it runs with; the first is 1

  std::string told() const;
};

// Every number in it is one of the cell's dtype.
Case random_case(uint64_t seed, uint64_t number);

// Puts a few NaN and infinities into what a case reads.
void spoil(Case &spoiled);
