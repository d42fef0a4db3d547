// What is checked of the library, a file each. A check returns what is wrong, or nothing.
#pragma once

#include <string>

#include "cases.h"
#include "derivatives.h"

using Fault = std::string;  // empty: none

// What the reference makes of a case, once for all instruction sets.
struct Reference {
  Vector<Run<double>> runs;
  double tolerance;       // of the forward pass, absolute and relative
  bool is_near_jump;      // an error in the last digits may cross a threshold: nothing can be said of values
  bool is_near_kink;      // … of gradients
  Vector<Directions> directions;
  Vector<Slopes> slopes;  // along them, of each lane
};

Reference reference_of(const Case &given);

// Outputs, final states and the record are the reference's, whatever is recorded; the same for every number of threads.
Fault check_forward(const Case &given, const Reference &reference);

// Every gradient is the derivative of the reference; the same for every number of threads.
Fault check_backward(const Case &given, const Reference &reference);

// NaN and infinities come out where they do in the reference.
Fault check_spoiled(const Case &given);

// Activations and their slopes, in the set that is in use.
Fault check_activations(int64_t dtype, uint64_t seed);

// Two threads of a caller at once give what each gives alone.
Fault check_two_callers(const Case &one, const Case &other);

// A child runs on after a fork, during which another thread is inside the library.
Fault check_fork(const Case &given, const Case &meanwhile);
