//! The signals by which the world asks a process to stop.

use std::io;

use super::{BoxFuture, SignalStream, Signals};

/// SIGINT, SIGTERM and SIGHUP of this process; Ctrl-C where there are no signals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemSignals;

#[cfg(unix)]
mod system {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::{BoxFuture, SignalStream, io};

    pub(super) struct Stream {
        interrupt: Signal,
        terminate: Signal,
        /// The terminal is gone.
        hang_up: Signal,
    }

    pub(super) fn listen() -> io::Result<Stream> {
        Ok(Stream {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    impl SignalStream for Stream {
        fn next(&mut self) -> BoxFuture<'_, ()> {
            Box::pin(async {
                tokio::select! {
                    _ = self.interrupt.recv() => {}
                    _ = self.terminate.recv() => {}
                    _ = self.hang_up.recv() => {}
                }
            })
        }
    }
}

#[cfg(not(unix))]
mod system {
    use super::{BoxFuture, SignalStream, io};

    pub(super) struct Stream;

    pub(super) fn listen() -> io::Result<Stream> {
        Ok(Stream)
    }

    impl SignalStream for Stream {
        fn next(&mut self) -> BoxFuture<'_, ()> {
            Box::pin(async {
                // Without a way to listen nobody can ask.
                if tokio::signal::ctrl_c().await.is_err() {
                    std::future::pending::<()>().await;
                }
            })
        }
    }
}

impl Signals for SystemSignals {
    fn listen(&self) -> io::Result<Box<dyn SignalStream>> {
        Ok(Box::new(system::listen()?))
    }
}
