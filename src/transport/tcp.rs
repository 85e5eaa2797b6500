//! Port 9100: one connection, kept open, that notices when the other end is gone.

use super::Line;
use rustix::net::sockopt;
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A printer that is on answers at once.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// An idle line is asked after so long whether it is still there.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_EVERY: Duration = Duration::from_secs(10);
const KEEPALIVE_TRIES: u32 = 3;
/// Bytes nobody acknowledges for so long: the printer is gone. One that is stopped acknowledges window probes and stays.
const UNACKNOWLEDGED_MAX_MS: u32 = 30_000;

pub async fn open(address: &str) -> io::Result<Line> {
    let no_answer = || io::Error::new(io::ErrorKind::TimedOut, "no answer in 5 s");
    let stream = timeout(CONNECT_MAX, TcpStream::connect(address)).await.map_err(|_| no_answer())??;
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(&stream, true)?;
    sockopt::set_tcp_keepidle(&stream, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(&stream, KEEPALIVE_EVERY)?;
    sockopt::set_tcp_keepcnt(&stream, KEEPALIVE_TRIES)?;
    sockopt::set_tcp_user_timeout(&stream, UNACKNOWLEDGED_MAX_MS)?;
    let (reader, writer) = stream.into_split();
    Ok(Line { reader: Box::new(reader), writer: Box::new(writer) })
}
