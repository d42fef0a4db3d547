// What is compiled once for each instruction set, and what dispatch.cpp chooses among.
#pragma once

#include "peephole.h"

namespace peephole {

struct Kernels {
  const char *name;
  int64_t (*packed_size)(const peephole_cell *, int64_t purpose);
  void (*pack)(const peephole_cell *, const peephole_weights *, int64_t purpose, void *packed);
  int64_t (*forward_workspace)(const peephole_lane *, int64_t count, int64_t threads);
  void (*forward)(const peephole_lane *, int64_t count, int64_t threads, void *workspace);
  int64_t (*backward_workspace)(const peephole_gradient *, int64_t count, int64_t threads);
  void (*backward)(const peephole_gradient *, int64_t count, int64_t threads, void *workspace);
  void (*activate)(int64_t dtype, const peephole_activation *, int64_t n, const void *x, void *y, void *slope);
  int64_t (*keeps_before_activation)(const peephole_cell *);
};

// One namespace each, so that no inline function of a wider set is linked into a narrower. Not all are there everywhere.
namespace avx512 { extern const Kernels kernels; }
namespace avx2 { extern const Kernels kernels; }
namespace neon { extern const Kernels kernels; }
namespace portable { extern const Kernels kernels; }

}  // namespace peephole
