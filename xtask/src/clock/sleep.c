/* Preloaded before libfaketime 0.9, which takes every absolute sleep for one of the wall clock. Python's time.sleep() is an
 * absolute sleep of the monotonic clock, which is not shifted: without this it ends with EINVAL. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef int sleep_of(clockid_t, int, const struct timespec *, struct timespec *);

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *rest) {
  if (clock == CLOCK_REALTIME) {
    sleep_of *faked = (sleep_of *)dlsym(RTLD_NEXT, "clock_nanosleep");
    return faked == NULL ? ENOSYS : faked(clock, flags, time, rest);
  }
  return syscall(SYS_clock_nanosleep, clock, flags, time, rest) == 0 ? 0 : errno;
}
