// Threads: those of an OpenMP that the process has, or a small pool of the library's own; and a barrier for threads that
// meet at every step of time.
//
// An OpenMP's threads stay awake for milliseconds after each of its regions. Where torch has used them a moment ago, a
// pool beside them finds the processors taken. So they are used where they are; but they do not survive a fork, and
// ThreadSanitizer cannot see them. Threads are given to one caller at a time: whoever calls meanwhile from another
// thread computes alone, which changes no value.
#pragma once

#include <stdint.h>

#include <atomic>

namespace peephole {

using Task = void (*)(void *context, int64_t part);

// The functions of an OpenMP under the names that GCC's library has and LLVM's answers to; all or none.
struct OpenMP {
  void (*parallel)(void (*region)(void *), void *context, unsigned threads, unsigned flags);  // GOMP_parallel
  int (*thread_number)();                                                                     // omp_get_thread_num
  int (*in_parallel)();                                                                       // omp_in_parallel
  int (*dynamic)();                                                                           // omp_get_dynamic
  int (*thread_limit)();                                                                      // omp_get_thread_limit
};

// From now on its threads do the work, until this process forks: the child has none of them and uses a pool of its own.
void use_openmp(const OpenMP &openmp);

// Up to `wanted` threads, the caller among them, for as long as this object lives.
class Threads {
 public:
  explicit Threads(int64_t wanted);
  ~Threads();
  Threads(const Threads &) = delete;
  Threads &operator=(const Threads &) = delete;

  // How many there are: 1 where others have the pool, or none more could be started.
  int64_t count() const;

  // task(context, part) for each of `parts`; returns when all are done. With `together` there are count() of them, one a
  // thread and all at the same time; else whoever has time takes the next, so that nothing waits for a thread that the
  // system does not let run.
  void run(Task task, void *context, int64_t parts, bool together);

 private:
  int64_t count_;
  bool owner_, openmp_;
};

// Where `count` threads wait for one another. It belongs to one call. Spins for a moment, then lets others run: with
// more threads than processors somebody else must get on for the wait to end.
class Barrier {
 public:
  // Makes one for `count` threads in memory of sizeof(Barrier) bytes.
  static Barrier *make(void *memory, int64_t count);
  void wait();

 private:
  explicit Barrier(int64_t count) : count_(count) {}
  const int64_t count_;
  std::atomic<int64_t> arrived_{0};
  std::atomic<uint64_t> round_{0};
};

}  // namespace peephole
