//! The daemon's events as they come over the line.
//!
//! Bytes of a `text/event-stream` go in, in whatever pieces they arrive; whole [`Entry`]s come out. Knows the
//! stream's grammar (HTML standard, "Server-sent events"), not what the events mean.

use crate::api;

/// A line longer than this is cut, so a stream that never ends a line costs no more memory.
const LINE_MAX: usize = 1 << 20;

/// One entry of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where the stream can be taken up again.
    pub id: Option<String>,
    pub kind: String,
    pub data: String,
}

impl Entry {
    /// The event in it; none when it is of a kind that this command does not know.
    pub fn event(&self) -> Option<api::Event> {
        serde_json::from_str(&self.data).ok()
    }
}

/// Puts events together from pieces.
#[derive(Debug, Default)]
pub struct EventReader {
    line: Vec<u8>,
    id: Option<String>,
    kind: String,
    data: String,
}

impl EventReader {
    /// The events these bytes complete.
    pub fn handle_bytes(&mut self, bytes: &[u8]) -> Vec<Entry> {
        let mut events = Vec::new();
        for &byte in bytes {
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                events.extend(self.handle_line(line.strip_suffix(b"\r").unwrap_or(&line)));
            } else if self.line.len() < LINE_MAX {
                self.line.push(byte);
            }
        }
        events
    }

    fn handle_line(&mut self, line: &[u8]) -> Option<Entry> {
        if line.is_empty() {
            return self.finish();
        }
        let line = String::from_utf8_lossy(line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => self.id = Some(value.to_owned()),
            "event" => self.kind = value.to_owned(),
            "data" if self.data.len() < LINE_MAX => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            // A line that begins with a colon is a sign of life and has no name.
            _ => {}
        }
        None
    }

    fn finish(&mut self) -> Option<Entry> {
        let kind = std::mem::take(&mut self.kind);
        let mut data = std::mem::take(&mut self.data);
        if data.is_empty() {
            return None;
        }
        data.pop();
        Some(Entry { id: self.id.clone(), kind, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": alive\n\nid: 7\nevent: printed\ndata: {\"label\":\"pkg-1\",\ndata:  \"state\":\"printed\"}\n\nid:8\r\nevent:held\r\ndata:{}\r\n\r\n";

    #[test]
    fn events_are_the_same_however_the_stream_is_cut() {
        let whole = EventReader::default().handle_bytes(STREAM.as_bytes());
        assert_eq!(whole.len(), 2);
        assert_eq!(whole[0].id.as_deref(), Some("7"));
        assert_eq!(whole[0].kind, "printed");
        assert_eq!(whole[0].data, "{\"label\":\"pkg-1\",\n \"state\":\"printed\"}");
        assert_eq!((whole[1].id.as_deref(), whole[1].kind.as_str()), (Some("8"), "held"));
        for size in 1..20 {
            let mut reader = EventReader::default();
            let pieces: Vec<Entry> = STREAM.as_bytes().chunks(size).flat_map(|piece| reader.handle_bytes(piece)).collect();
            assert_eq!(pieces, whole, "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_keeps_the_last_id_and_one_without_data_is_none() {
        let events = EventReader::default().handle_bytes(b"id: 3\n\nevent: x\n\ndata: 1\n\ndata: not json\n\n");
        assert_eq!(events.len(), 2);
        assert_eq!((events[0].id.as_deref(), events[0].kind.as_str(), events[0].data.as_str()), (Some("3"), "", "1"));
        assert!(events[1].event().is_none(), "not JSON");
    }

    #[test]
    fn a_stream_without_line_ends_stays_small() {
        let mut reader = EventReader::default();
        for _ in 0..40 {
            assert!(reader.handle_bytes(&[b'a'; 100_000]).is_empty());
        }
        assert!(reader.line.len() <= LINE_MAX);
    }
}
