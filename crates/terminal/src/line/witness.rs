//! Remembers what TLS said when a connection broke: HTTP/2 hands on no more than the text of it.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::failure::Failure;
use crate::tls;

/// What a connection ended of, where TLS refused one side.
pub(super) type Fate = Arc<OnceLock<Failure>>;

/// A stream whose errors are looked at on their way. One side that refuses the other says why and closes: whoever is
/// still writing then hears of the closing first, so that what was said is read before a failed write is believed.
pub(super) struct Witness<S> {
    stream: S,
    fate: Fate,
}

impl<S> Witness<S> {
    pub(super) fn new(stream: S) -> (Self, Fate) {
        let fate = Fate::default();
        (Self { stream, fate: Arc::clone(&fate) }, fate)
    }

    fn seen<T>(&self, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &outcome
            && let Some(meaning) = tls::meaning(error)
        {
            self.fate.get_or_init(|| meaning);
        }
        outcome
    }
}

impl<S: AsyncRead + Unpin> Witness<S> {
    /// As [`Witness::seen`], for a write: where it failed, the alert may have come already.
    fn seen_writing<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if matches!(outcome, Poll::Ready(Err(_))) && self.fate.get().is_none() {
            let mut unread = [0; 256];
            let said = Pin::new(&mut self.stream).poll_read(context, &mut ReadBuf::new(&mut unread));
            drop(self.seen(said));
        }
        self.seen(outcome)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Witness<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.seen(outcome)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Witness<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.seen_writing(outcome, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.seen_writing(outcome, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.seen_writing(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio_rustls::rustls::{AlertDescription, Error};

    use super::*;

    /// The other side has said `said` and closed.
    struct Closed {
        said: Option<AlertDescription>,
    }

    impl AsyncRead for Closed {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(self.said.map_or(Ok(()), |alert| Err(io::Error::other(Error::AlertReceived(alert)))))
        }
    }

    impl AsyncWrite for Closed {
        fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn a_refusal_is_heard_although_the_write_after_it_fails() {
        let (mut stream, fate) = Witness::new(Closed { said: Some(AlertDescription::UnknownCA) });
        assert!(stream.write_all(b"HELLO").await.is_err());
        assert!(matches!(fate.get(), Some(Failure::Refused(_))), "{:?}", fate.get());

        let (mut stream, fate) = Witness::new(Closed { said: None });
        assert!(stream.write_all(b"HELLO").await.is_err());
        assert!(fate.get().is_none(), "the control: nothing was said");
    }
}
