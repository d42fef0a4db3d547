#include "threads.h"

#include <pthread.h>
#include <sched.h>

#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

namespace peephole {
namespace {

constexpr int64_t MOST = 256;  // threads
constexpr int SPINS = 2000;     // of a worker that waits, some tens of microseconds

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Workers wait for the next task, at first awake: a backward pass has two, one right after the other.
class Pool {
 public:
  std::mutex owner;  // held by whoever has the threads

  int64_t grow(int64_t wanted) {
    for (; started_ < wanted - 1 && started_ < MOST; ++started_) {
      try {
        std::thread([this] { work(); }).detach();
      } catch (const std::system_error &) {  // no more threads on this machine: fewer do it too
        break;
      }
    }
    return started_ + 1;
  }

  void run(Task task, void *context, int64_t parts, int64_t count, bool together) {
    {
      std::lock_guard lock(mutex_);
      task_ = task, context_ = context, parts_ = parts, next_ = 0, free_ = count - 1, together_ = together;
      number_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    std::unique_lock lock(mutex_);
    take_parts(lock);
    done_.wait(lock, [this] { return next_ >= parts_ && active_ == 0; });
    free_ = 0;  // who has not come by now need not come
  }

 private:
  // The lock is held but for the tasks themselves.
  void take_parts(std::unique_lock<std::mutex> &lock) {
    while (next_ < parts_) {
      const int64_t part = next_++;
      const Task task = task_;
      void *const context = context_;
      lock.unlock();
      task(context, part);
      lock.lock();
      if (together_) return;
    }
  }

  void work() {
    uint64_t seen = 0;
    for (;;) {
      for (int spins = 0; spins < SPINS && number_.load(std::memory_order_acquire) == seen; ++spins) pause();
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return number_.load(std::memory_order_relaxed) != seen; });
      seen = number_.load(std::memory_order_relaxed);
      if (free_ == 0) continue;
      --free_, ++active_;
      take_parts(lock);
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Task task_ = nullptr;
  void *context_ = nullptr;
  bool together_ = false;
  int64_t parts_ = 0, next_ = 0;
  int64_t free_ = 0, active_ = 0;  // workers that this task may still have, and has
  int64_t started_ = 0;
  std::atomic<uint64_t> number_{0};  // of the task
};

// Never destroyed: its threads outlive everything. A child of a fork has none of them and starts with a pool of its own;
// the parent's, whose locks may be held by threads that are not there, is left alone.
Pool *pool = nullptr;
OpenMP openmp;
std::atomic<bool> openmp_is_here{false};
pthread_once_t once = PTHREAD_ONCE_INIT;

void begin() {
  pool = new Pool;
  pthread_atfork(nullptr, nullptr, [] {
    pool = new Pool;
    openmp_is_here = false;
  });
}

// Whether a region of so many threads would have them all.
bool openmp_has(int64_t threads) {
  return openmp_is_here && !openmp.in_parallel() && !openmp.dynamic() && openmp.thread_limit() >= threads;
}

// One task on OpenMP's threads.
struct Region {
  const Task task;
  void *const context;
  const int64_t parts;
  const bool together;
  std::atomic<int64_t> next{0};

  static void run(void *pointer) {
    Region &r = *(Region *)pointer;
    if (r.together) {
      if (const int64_t number = openmp.thread_number(); number < r.parts) r.task(r.context, number);
      return;
    }
    for (int64_t part; (part = r.next.fetch_add(1, std::memory_order_relaxed)) < r.parts;) r.task(r.context, part);
  }
};

}  // namespace

void use_openmp(const OpenMP &functions) {
  pthread_once(&once, begin);
  openmp = functions;
  openmp_is_here = true;
}

Threads::Threads(int64_t wanted) : count_(1), owner_(false), openmp_(false) {
  if (wanted <= 1) return;
  pthread_once(&once, begin);
  owner_ = pool->owner.try_lock();
  if (!owner_) return;
  openmp_ = openmp_has(wanted);
  const int64_t there = openmp_ ? wanted : pool->grow(wanted);
  count_ = there < wanted ? there : wanted;
}

Threads::~Threads() {
  if (owner_) pool->owner.unlock();
}

void Threads::run(Task task, void *context, int64_t parts, bool together) {
  if (count_ == 1) {
    for (int64_t part = 0; part < parts; ++part) task(context, part);
  } else if (openmp_) {
    Region region{task, context, parts, together};
    openmp.parallel(Region::run, &region, (unsigned)count_, 0);
  } else {
    pool->run(task, context, parts, count_, together);
  }
}

int64_t Threads::count() const { return count_; }

Barrier *Barrier::make(void *memory, int64_t count) { return new (memory) Barrier(count); }

void Barrier::wait() {
  if (count_ == 1) return;
  const uint64_t round = round_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) == count_ - 1) {
    arrived_.store(0, std::memory_order_relaxed);
    round_.store(round + 1, std::memory_order_release);
    return;
  }
  for (int spins = 0; round_.load(std::memory_order_acquire) == round; ++spins) {
    if (spins < 4096)
      pause();
    else
      sched_yield();
  }
}

}  // namespace peephole
