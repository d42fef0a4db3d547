// The C interface: chooses the instruction set that runs, once, by what the machine has.
#include <sys/mman.h>

#include <atomic>
#include <cstring>

#include "kernels.h"
#include "threads.h"

namespace peephole {
namespace {

// Best first. What was compiled in is told by the build; what the machine has, by the machine.
const Kernels *runnable(int64_t number) {
  const Kernels *found[4];
  int64_t count = 0;
#ifdef PEEPHOLE_WITH_AVX512
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    found[count++] = &avx512::kernels;
#endif
#ifdef PEEPHOLE_WITH_AVX2
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found[count++] = &avx2::kernels;
#endif
#ifdef PEEPHOLE_WITH_NEON
  found[count++] = &neon::kernels;
#endif
  found[count++] = &portable::kernels;
  return number >= 0 && number < count ? found[number] : nullptr;
}

std::atomic<const Kernels *> chosen{nullptr};

const Kernels &use() {
  const Kernels *kernels = chosen.load(std::memory_order_acquire);
  if (!kernels) chosen.store(kernels = runnable(0), std::memory_order_release);
  return *kernels;
}

}  // namespace
}  // namespace peephole

using peephole::use;

const char *peephole_instruction_set(int64_t number) {
  const peephole::Kernels *kernels = peephole::runnable(number);
  return kernels ? kernels->name : nullptr;
}

int64_t peephole_use(const char *name) {
  for (int64_t i = 0; const peephole::Kernels *kernels = peephole::runnable(i); ++i)
    if (std::strcmp(kernels->name, name) == 0) {
      peephole::chosen.store(kernels, std::memory_order_release);
      return 1;
    }
  return 0;
}

const char *peephole_in_use(void) { return use().name; }
int64_t peephole_version(void) { return PEEPHOLE_VERSION; }

void peephole_use_openmp(void *parallel, void *thread_number, void *in_parallel, void *dynamic, void *thread_limit) {
  using Ask = int (*)();
  peephole::use_openmp({(void (*)(void (*)(void *), void *, unsigned, unsigned))parallel, (Ask)thread_number,
                        (Ask)in_parallel, (Ask)dynamic, (Ask)thread_limit});
}

void peephole_expect(void *memory, int64_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr uintptr_t page = 4096;
  const uintptr_t begin = ((uintptr_t)memory + page - 1) / page * page, end = ((uintptr_t)memory + bytes) / page * page;
  if (begin < end) madvise((void *)begin, end - begin, MADV_HUGEPAGE);  // a hint: where it is refused nothing is lost
#else
  (void)memory, (void)bytes;
#endif
}

int64_t peephole_keeps_before_activation(const peephole_cell *cell) { return use().keeps_before_activation(cell); }

int64_t peephole_packed_size(const peephole_cell *cell, int64_t purpose) {
  return use().packed_size(cell, purpose);
}

void peephole_pack(const peephole_cell *cell, const peephole_weights *weights, int64_t purpose, void *packed) {
  use().pack(cell, weights, purpose, packed);
}

int64_t peephole_forward_workspace(const peephole_lane *lanes, int64_t count, int64_t threads) {
  return use().forward_workspace(lanes, count, threads);
}

void peephole_forward(const peephole_lane *lanes, int64_t count, int64_t threads, void *workspace) {
  use().forward(lanes, count, threads, workspace);
}

int64_t peephole_backward_workspace(const peephole_gradient *lanes, int64_t count, int64_t threads) {
  return use().backward_workspace(lanes, count, threads);
}

void peephole_backward(const peephole_gradient *lanes, int64_t count, int64_t threads, void *workspace) {
  use().backward(lanes, count, threads, workspace);
}

void peephole_activate(int64_t dtype, const peephole_activation *activation, int64_t n, const void *x, void *y,
                       void *slope) {
  use().activate(dtype, activation, n, x, y, slope);
}
