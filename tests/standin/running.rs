//! A server on a thread and a runtime of its own, until it is dropped.

use std::future::Future;
use std::net::SocketAddr;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A running server. Dropping it stops the server, resets what is in flight and joins its thread.
pub(crate) struct Running {
    pub(super) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Binds `127.0.0.1:port` (0 for any free port) and lets `serve` serve until dropped.
    ///
    /// # Panics
    /// When the port is taken or no thread can be started: a test or a bench cannot go on without it.
    pub(crate) fn start<F: Future<Output = ()>>(
        name: &str,
        port: u16,
        serve: impl FnOnce(TcpListener) -> F + Send + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime with one thread needs only a few file descriptors");
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", port))).expect("the stand-in's port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = serve(listener) => {}
                        _ = stopped => {}
                    }
                });
                runtime.shutdown_background();
            })
            .expect("the system can start one more thread");
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    /// Such as `http://127.0.0.1:40123`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already; a second one while dropping would hide it.
            let _ = thread.join();
        }
    }
}
