//! Lines to printers: opens a device URI, reads, writes and closes. Knows no printer language.
//!
//! | URI | line |
//! |---|---|
//! | `tcp://host:port` (port 9100 when left out) | raw TCP |
//! | `usb://0a5f:0166?serial=D1J194700123` | a USB printer; how it is found in [`UsbAddress`] |
//! | `serial:/dev/serial/by-id/…?baud=9600` | a serial port; settings in [`SerialAddress`] |
//! | `virtual:zpl` | a virtual printer in this process, by the connector the caller registered |
//!
//! A write takes what the line had room for, and a write that is dropped while it waits has taken nothing its caller
//! does not learn of: **offer the same bytes again** (more may follow them) until a write says how many it took.
//!
//! ```
//! use waybilld::uri::DeviceUri;
//!
//! let uri: DeviceUri = "tcp://10.0.0.7".parse().expect("a device URI");
//! assert_eq!(uri.to_string(), "tcp://10.0.0.7:9100");
//! ```

mod discover;
mod line;
mod plugged;
mod serial;
mod tcp;
mod usb;

pub(crate) use discover::facts;
pub use discover::{Found, UsbFacts, discover};
pub use line::{Line, PortStatus};
pub use plugged::Plugged;

use crate::uri::DeviceUri;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub connect: Duration,
    /// Reading what the printer still says when we close.
    pub close: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connect: Duration::from_secs(5), close: Duration::from_secs(2) }
    }
}

/// Makes the far end of a virtual printer's line: given its language, serves it and hands out our end.
pub type Connector = Arc<dyn Fn(&str) -> io::Result<DuplexStream> + Send + Sync>;

/// Opens lines.
#[derive(Clone, Default)]
pub struct Transport {
    virtual_printers: Option<Connector>,
}

/// A line that could not be opened, in a sentence for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoLine(pub(crate) String);

impl fmt::Display for NoLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoLine {}

/// The half of a line we read from.
pub type Reader = Box<dyn AsyncRead + Send + Sync + Unpin>;
/// The half of a line we write to.
pub type Writer = Box<dyn AsyncWrite + Send + Sync + Unpin>;

/// An open line.
pub struct Connection {
    pub reader: Reader,
    pub writer: Writer,
    /// Everything else it can do, while the streams are in use.
    pub line: Line,
}

impl Transport {
    /// With virtual printers behind `virtual:`.
    pub fn with_virtual_printers(connector: Connector) -> Transport {
        Transport { virtual_printers: Some(connector) }
    }

    /// Rings when something was plugged in that the device may be.
    pub fn plugged(&self, uri: &DeviceUri) -> Plugged {
        Plugged::hears(uri)
    }

    /// Opens the line, within the limit.
    pub async fn open(&self, uri: &DeviceUri, limits: &Limits) -> Result<Connection, NoLine> {
        match uri {
            DeviceUri::Tcp { host, port } => tcp::open(host, *port, limits.connect).await,
            DeviceUri::Virtual { language } => {
                let connector = self
                    .virtual_printers
                    .as_ref()
                    .ok_or_else(|| NoLine(format!("{uri}: this program holds no virtual printers.")))?;
                let stream = connector(language).map_err(|error| NoLine(format!("{uri}: {error}.")))?;
                Ok(Connection::of(stream))
            }
            DeviceUri::Serial(address) => serial::open(address, limits.connect).await,
            DeviceUri::Usb(address) => usb::open(address, limits.connect).await,
        }
    }
}

impl Connection {
    fn of(stream: impl AsyncRead + AsyncWrite + Send + Sync + 'static) -> Connection {
        let (reader, writer) = tokio::io::split(stream);
        Connection { reader: Box::new(reader), writer: Box::new(writer), line: Line::plain() }
    }

    /// Lets what was written leave, says that no more will come, hears the printer out, and closes: a printer that sees its answers refused may
    /// drop what it has not printed. Whether it closed its side too, within the limit.
    pub async fn close(mut self, limits: &Limits) -> bool {
        let until = tokio::time::Instant::now() + limits.close;
        let rest = async {
            self.writer.shutdown().await?;
            let mut buffer = [0; 1024];
            while self.reader.read(&mut buffer).await? > 0 {}
            self.line.drained().await;
            io::Result::Ok(())
        };
        let heard_out = matches!(tokio::time::timeout_at(until, rest).await, Ok(Ok(())));
        let Connection { reader, writer, line } = self;
        drop((reader, writer));
        // A printer that was not heard out is given back all the same.
        tokio::time::timeout_at(until, line.closed()).await.is_ok() && heard_out
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}

/// A line that broke for a reason of its own kind.
#[derive(Debug)]
struct Broken(&'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Broken {}

pub(crate) fn broken(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, Broken(why))
}

/// Why a line broke, in a few words.
pub fn why_broken(error: &io::Error) -> &'static str {
    if let Some(Broken(why)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return why;
    }
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => "the printer closed it",
        io::ErrorKind::TimedOut => "the printer does not answer",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => "the network is gone",
        io::ErrorKind::UnexpectedEof => "the printer closed it",
        _ => "an error of the line",
    }
}

#[cfg(test)]
mod tests;
