//! Being asked to stop: once means "start nothing new", twice means "now".

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use crate::env::Clock;

/// How long running calls may go on after the first request to stop.
const GRACE: Duration = Duration::from_secs(10);

/// The request to stop, shared between whoever asks and whoever works.
#[derive(Default)]
pub(crate) struct Stop {
    level: AtomicU8,
    changed: Notify,
}

impl Stop {
    /// Asks to stop; asked twice, to stop at once.
    pub(crate) fn raise(&self) {
        let _ = self
            .level
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |level| {
                Some(level.saturating_add(1))
            });
        self.changed.notify_waiters();
    }

    /// Whether nothing new may be started.
    pub(crate) fn is_raised(&self) -> bool {
        self.level.load(Ordering::SeqCst) > 0
    }

    /// Ends when nothing new may be started.
    pub(crate) async fn raised(&self) {
        self.reached(1).await;
    }

    /// Ends when running work must be left: at the second request, or when the time for the first is over.
    pub(crate) async fn at_once(&self, clock: &dyn Clock) {
        self.raised().await;
        tokio::select! {
            () = self.reached(2) => {}
            () = clock.sleep(GRACE) => {}
        }
    }

    async fn reached(&self, level: u8) {
        loop {
            let changed = self.changed.notified();
            if self.level.load(Ordering::SeqCst) >= level {
                return;
            }
            changed.await;
        }
    }
}
