// Callers with threads and processes of their own.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "checks.h"
#include "compare.h"

namespace {

// Both passes over a case, in memory of their own.
template <class T>
Library<T> run(const Case &given, int64_t threads) {
  Library<T> library(given, given.number, Record::everything);
  library.forward(threads);
  if (!given.cell.bfloat16) library.backward(threads);
  return library;
}

// Whether a case comes out the same a few times over.
bool repeats(const Case &given, int64_t times) {
  return in_dtype(given.cell, [&](auto number) {
    using T = decltype(number);
    const Library<T> once = run<T>(given, 1);
    bool same = true;
    for (int64_t n = 0; n < times; ++n) same &= run<T>(given, given.threads).arena.is_same(once.arena);
    return same;
  });
}

// Keeps a thread inside the library. It asks for no memory meanwhile: a fork would leave the allocator locked, which
// glibc knows how to undo and sanitizers do not.
class Busy {
 public:
  explicit Busy(const Case &given) {
    thread = std::thread([this, &given] { in_dtype(given.cell, [&](auto number) { go_on<decltype(number)>(given); }); });
    while (!is_inside) std::this_thread::yield();
  }

  // Whether all that it did meanwhile was right.
  bool end() {
    is_over = true;
    thread.join();
    return is_same;
  }

 private:
  std::thread thread;
  std::atomic<bool> is_inside = false, is_over = false, is_same = false;

  template <class T>
  void go_on(const Case &given) {
    Library<T> once(given, given.number, Record::everything), again(given, given.number, Record::everything);
    once.forward(1);
    void *workspace = again.forward_workspace(given.threads);
    is_inside = true;
    while (!is_over) again.forward_again(given.threads, workspace);
    is_same = again.arena.is_same(once.arena);
  }
};

// Whether the child ends well, and at all.
bool is_well(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

Fault check_two_callers(const Case &one, const Case &other) {
  bool same_one = false, same_other = false;
  std::thread first([&] { same_one = repeats(one, 10); });
  std::thread second([&] { same_other = repeats(other, 10); });
  first.join(), second.join();
  return same_one && same_other ? Fault() : "two callers at once get other values than one";
}

Fault check_fork(const Case &given, const Case &meanwhile) {
#ifdef __SANITIZE_THREAD__
  return {};  // which cannot follow the threads of a child
#endif
  bool same = repeats(given, 1), well = true;
  Busy busy(meanwhile);
  for (int n = 0; n < 5; ++n) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);  // what waits for threads that are not there is ended
      _exit(repeats(given, 2) ? 0 : 1);
    }
    well &= is_well(child);
  }
  same &= busy.end() && repeats(given, 1);
  if (!well) return "a child of a fork does not run as its parent";
  return same ? Fault() : "a parent does not run after a fork as before";
}
