//! Raw TCP, port 9100.
//!
//! No TCP_USER_TIMEOUT: Linux counts the time of a closed window too (tried on 6.18: with 3 s the line to a peer that
//! merely does not read is gone after 4 s), and a printer that is out of labels keeps its window closed for hours.
//! A dead peer is found by keep-alive when nothing is under way, by the kernel's retries when something is.

use super::{Connection, Line, NoLine};
use rustix::fd::AsFd;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;

/// Bytes the kernel may hold for a printer that does not read: with megabytes of them, labels would count as sent that
/// never left this machine.
const SEND_BUFFER: usize = 16 * 1024;
/// Nothing heard for so long: probe.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_PAUSE: Duration = Duration::from_secs(10);
/// Probes unanswered: the line is gone.
const KEEPALIVE_PROBES: u32 = 3;

pub(super) async fn open(host: &str, port: u16, limit: Duration) -> Result<Connection, NoLine> {
    match tokio::time::timeout(limit, TcpStream::connect((host, port))).await {
        Ok(Ok(stream)) => {
            // Without these the line is only slower to be found broken.
            if let Err(error) = prepare(&stream) {
                tracing::debug!(%error, "socket options");
            }
            // A second handle to the socket, to look at its queue.
            let line = stream.as_fd().try_clone_to_owned().map(|socket| Line::queued(Arc::new(socket)));
            let line = line.map_err(|error| NoLine(sentence(host, port, &error)))?;
            let (reader, writer) = stream.into_split();
            Ok(Connection { reader: Box::new(reader), writer: Box::new(writer), line })
        }
        Ok(Err(error)) => Err(NoLine(sentence(host, port, &error))),
        Err(_) => Err(NoLine(format!("{host}:{port} does not answer. Is the printer on, and its network cable in?"))),
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    use rustix::net::sockopt;
    stream.set_nodelay(true)?;
    sockopt::set_socket_send_buffer_size(stream, SEND_BUFFER)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_PAUSE)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_PROBES)?;
    sockopt::set_socket_keepalive(stream, true)?;
    Ok(())
}

fn sentence(host: &str, port: u16, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!(
                "{host} is there but refuses port {port}. Does another computer hold the printer, or is raw printing switched off?"
            )
        }
        io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("{host}:{port} does not answer. Is the printer on, and its network cable in?")
        }
        io::ErrorKind::PermissionDenied => {
            format!("{host}:{port}: the system does not let this program connect. Look at its firewall.")
        }
        _ => format!("{host}:{port} cannot be reached ({error}). Check the printer's address."),
    }
}
