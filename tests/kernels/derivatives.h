// The exact derivatives of a loss on one lane, along one random direction for each kind of thing that has a gradient.
#pragma once

#include <array>

#include "cases.h"
#include "dual.h"

enum Direction {
  OF_SUMS,
  OF_PRODUCT,
  OF_CANDIDATE_PRODUCT,
  OF_PROJECTED,
  OF_NORMALISED_CELL,
  OF_INITIAL_HIDDEN,
  OF_INITIAL_CELL,
  OF_PEEPHOLE,
  OF_INPUT,
  OF_INPUT_WEIGHTS,
  OF_RECURRENT_WEIGHTS,
  OF_PROJECTION,
  DIRECTIONS
};

inline const char *const kDirections[] = {"sums",
                                          "product",
                                          "candidate_product",
                                          "projected",
                                          "normalised_cell",
                                          "initial hidden",
                                          "initial cell",
                                          "peephole",
                                          "x",
                                          "weight_ih",
                                          "weight_hh",
                                          "weight_hr"};

// Where each direction points; what the cell has not is empty.
struct Directions {
  Nudges<double> nudges;
  Array<double> x;
  std::array<Vector<double>, 2> initial;
  Vector<double> peephole, ih, hh, hr;
};

Directions random_directions(const Lane<double> &lane, uint64_t seed);

using Slopes = std::array<double, DIRECTIONS>;

Slopes slopes(const Lane<double> &lane, const Loss &loss, const Directions &directions);
