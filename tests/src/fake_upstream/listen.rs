//! The socket side of the fake: accepts connections, and can break each of them on purpose.
//!
//! No knowledge of what is served. `Connection` travels in the request's extensions, so a handler can end the TCP
//! connection under its own answer; axum alone cannot do that.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Router, body::Body, response::Response};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

use super::script::Cut;

const INTERIM: &[u8] =
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";

/// The connection a request came on.
#[derive(Default)]
pub struct Connection {
    reset: AtomicBool,
    broken: CancellationToken,
    /// Past HTTP: before whatever is written next, and at the end.
    first_words: Mutex<&'static [u8]>,
    last_words: Mutex<&'static [u8]>,
}

impl Connection {
    /// Ends the connection now; what was already written still arrives.
    pub fn cut(&self, how: Cut) {
        *self.last_words.lock().unwrap_or_else(PoisonError::into_inner) = how.last_words();
        self.reset.store(how == Cut::Rst, Ordering::SeqCst);
        self.broken.cancel();
    }

    /// Interim answers: they go out in front of the head.
    pub fn hint(&self) {
        *self.first_words.lock().unwrap_or_else(PoisonError::into_inner) = INTERIM;
    }
}

/// Accepts until `stop`; open connections then finish what they are serving. `kill` drops them at once.
pub async fn accept(
    listener: TcpListener,
    router: Router,
    tasks: TaskTracker,
    stop: CancellationToken,
    kill: CancellationToken,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(serve(stream, router.clone(), stop.clone(), kill.clone()));
            }
            Err(error) => {
                // Out of descriptors, most likely: the next accept would fail at once, so wait a moment.
                eprintln!("fake upstream: accept: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, router: Router, stop: CancellationToken, kill: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        eprintln!("fake upstream: nodelay: {error}");
    }
    let connection = Arc::new(Connection::default());
    let socket = Socket { stream, connection: Arc::clone(&connection) };
    let broken = connection.broken.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Arc::clone(&connection));
        let router = router.clone();
        async move { Ok::<Response, Infallible>(answer(router, request).await) }
    });
    let mut served = std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(socket), service));
    tokio::select! {
        // An error here is the other side leaving; the journal has it from the dropped answer.
        _ended = served.as_mut() => return,
        () = broken.cancelled() => return,
        () = kill.cancelled() => return,
        () = stop.cancelled() => served.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ended = served.as_mut() => {}
        () = broken.cancelled() => {}
        () = kill.cancelled() => {}
    }
}

async fn answer(router: Router, request: Request<Incoming>) -> Response {
    match router.oneshot(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// A stream that ends in a reset when told to.
struct Socket {
    stream: TcpStream,
    connection: Arc<Connection>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        let last_words = *self.connection.last_words.lock().unwrap_or_else(PoisonError::into_inner);
        if !last_words.is_empty()
            && let Err(error) = self.stream.try_write(last_words)
        {
            eprintln!("fake upstream: last words: {error}");
        }
        if self.connection.reset.load(Ordering::SeqCst)
            && let Err(error) = self.stream.set_zero_linger()
        {
            eprintln!("fake upstream: reset: {error}");
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let connection = Arc::clone(&self.connection);
        let mut first_words = connection.first_words.lock().unwrap_or_else(PoisonError::into_inner);
        while !first_words.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &first_words))?;
            *first_words = &first_words[written..];
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
