/* Preloaded before libfaketime 0.9, which takes absolute waits of the monotonic clock for waits of the wall clock: Python's
 * time.sleep() would end with EINVAL, and its threads would spin instead of waiting for each other, a hundred times slower.
 * The monotonic clock is not shifted: its waits go straight to the C library, all others to libfaketime. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef int sleep_of(clockid_t, int, const struct timespec *, struct timespec *);
typedef int timed_wait_of(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

/* Looks a function up once. Several threads may do so at the same time: they find the same. */
#define FIND(variable, found)                             \
  static void *_Atomic variable;                          \
  if (variable == NULL && (variable = (found)) == NULL) { \
    return ENOSYS;                                        \
  }

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *rest) {
  if (clock == CLOCK_REALTIME) {
    FIND(faked, dlsym(RTLD_NEXT, "clock_nanosleep"))
    return ((sleep_of *)faked)(clock, flags, time, rest);
  }
  return syscall(SYS_clock_nanosleep, clock, flags, time, rest) == 0 ? 0 : errno;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
  /* The clock of a condition, in glibc since 2.25. */
  if ((condition->__data.__wrefs & 2) != 0) {
    FIND(true_wait, dlsym(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), "pthread_cond_timedwait"))
    return ((timed_wait_of *)true_wait)(condition, mutex, until);
  }
  FIND(faked, dlsym(RTLD_NEXT, "pthread_cond_timedwait"))
  return ((timed_wait_of *)faked)(condition, mutex, until);
}
