//! A clock that rings within microseconds of the time it is set to.
//!
//! The runtime's own timers are a millisecond wide: a request sent up to so much too late would measure the
//! generator, not the service. Linux rings by a timer of the kernel's; elsewhere the runtime's has to do.

use std::io;

use tokio::time::Instant;

#[cfg(target_os = "linux")]
pub(super) use self::linux::Alarm;

#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(super) struct Alarm;

#[cfg(not(target_os = "linux"))]
impl Alarm {
    /// # Errors
    /// None here.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Returns at the deadline. Cancel-safe.
    pub(super) async fn ring_at(&mut self, deadline: Instant) -> io::Result<()> {
        tokio::time::sleep_until(deadline).await;
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::os::fd::{AsFd, AsRawFd, RawFd};

    use nix::sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    };
    use tokio::io::unix::AsyncFd;

    use super::{Instant, io};

    /// See the module's documentation.
    #[derive(Debug)]
    pub(in super::super) struct Alarm {
        timer: AsyncFd<Timer>,
        /// What it is set to, while it has not rung.
        set_to: Option<Instant>,
    }

    #[derive(Debug)]
    struct Timer(TimerFd);

    impl AsRawFd for Timer {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_fd().as_raw_fd()
        }
    }

    impl Alarm {
        /// # Errors
        /// If the system gives no further timer.
        pub(in super::super) fn new() -> io::Result<Self> {
            let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
            let timer = Timer(TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?);
            #[allow(
                deprecated,
                reason = "the other way is unsafe; this timer owns its descriptor and never changes it"
            )]
            let timer = AsyncFd::new(timer)?;
            Ok(Self { timer, set_to: None })
        }

        /// Returns at the deadline. Cancel-safe: a deadline that is waited for again is not set again.
        ///
        /// # Errors
        /// Those of the system.
        pub(in super::super) async fn ring_at(&mut self, deadline: Instant) -> io::Result<()> {
            while deadline > Instant::now() {
                if self.set_to != Some(deadline) {
                    self.set(deadline)?;
                }
                // Setting it takes back what it rang before; so a ring is of this deadline or of none.
                self.timer.readable().await?.clear_ready();
            }
            self.set_to = None;
            Ok(())
        }

        fn set(&mut self, deadline: Instant) -> io::Result<()> {
            let left = deadline.saturating_duration_since(Instant::now());
            // A time of 0 would switch it off.
            let left = left.max(std::time::Duration::from_nanos(1));
            let once = Expiration::OneShot(TimeSpec::from_duration(left));
            self.timer.get_ref().0.set(once, TimerSetTimeFlags::empty())?;
            self.set_to = Some(deadline);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_rings_at_its_deadline_and_not_before_however_often_the_wait_is_dropped() {
        let mut alarm = Alarm::new().unwrap();
        let deadline = Instant::now() + Duration::from_millis(3);
        for _ in 0..3 {
            tokio::select! {
                biased;
                () = std::future::ready(()) => {}
                _ = alarm.ring_at(deadline) => unreachable!("the other branch is ready"),
            }
        }
        alarm.ring_at(deadline).await.unwrap();
        assert!(Instant::now() >= deadline);
        let again = Instant::now() + Duration::from_millis(1);
        alarm.ring_at(again).await.unwrap();
        assert!(Instant::now() >= again);
        alarm.ring_at(deadline).await.unwrap();
    }
}
