/* lock.h - a mutex. The core has few: env tables, push queues, the run's list of changes. */
#ifndef RTQ__LOCK_H
#define RTQ__LOCK_H
#ifdef _WIN32
#include <windows.h>
typedef SRWLOCK rtq__mutex;
static inline int rtq__mutex_init(rtq__mutex *m)
{
    InitializeSRWLock(m);
    return 0;
}
static inline void rtq__mutex_destroy(rtq__mutex *m)
{
    (void)m;
}
static inline void rtq__mutex_lock(rtq__mutex *m)
{
    AcquireSRWLockExclusive(m);
}
static inline void rtq__mutex_unlock(rtq__mutex *m)
{
    ReleaseSRWLockExclusive(m);
}
#else
#include <pthread.h>
typedef pthread_mutex_t rtq__mutex;
static inline int rtq__mutex_init(rtq__mutex *m)
{
    return pthread_mutex_init(m, NULL);
}
static inline void rtq__mutex_destroy(rtq__mutex *m)
{
    pthread_mutex_destroy(m);
}
static inline void rtq__mutex_lock(rtq__mutex *m)
{
    pthread_mutex_lock(m);
}
static inline void rtq__mutex_unlock(rtq__mutex *m)
{
    pthread_mutex_unlock(m);
}
#endif
#endif
