//! What a host has stored in the printer: formats (`^DF`), graphics (`~DG`), other downloads.
//!
//! `R:` is lost without power, every other drive is kept. Bounded in bytes and in objects. Keeps what the host
//! sent as it was sent: whoever draws a label gets these bytes in front of it.

use super::stream::Format;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of memory for stored objects, all drives together.
pub const MEMORY_BYTES: usize = 8 << 20;
/// Objects of all drives together; `~HS` has three digits for the graphics.
pub const OBJECTS_MAX: usize = 999;

/// One stored object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    pub kind: Kind,
    /// ZPL that stores it again.
    pub zpl: Vec<u8>,
    /// For a format: its commands.
    pub format: Option<Arc<Format>>,
    /// For a format: the objects it recalls itself.
    pub recalls: Vec<Arc<str>>,
    /// For a format: whether it has anything to print.
    pub prints: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Format,
    Graphic,
    Other,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    objects: BTreeMap<Arc<str>, Arc<Object>>,
}

impl Memory {
    /// Stores it, in place of one of the same name; `false` when there is no room.
    pub fn store(&mut self, name: Arc<str>, object: Object) -> bool {
        let old = self.objects.get(&name).map_or(0, |old| old.zpl.len());
        if self.free() + old < object.zpl.len() || (old == 0 && self.objects.len() >= OBJECTS_MAX) {
            return false;
        }
        self.objects.insert(name, Arc::new(object));
        true
    }

    pub fn get(&self, name: &str) -> Option<&Arc<Object>> {
        self.objects.get(name)
    }

    /// Deletes by name, `*` standing for any stem or extension; how many went.
    pub fn delete(&mut self, pattern: &str) -> usize {
        let before = self.objects.len();
        self.objects.retain(|name, _| !matches(pattern, name));
        before - self.objects.len()
    }

    /// What is gone when the power is: how many objects.
    pub fn lose_power(&mut self) -> usize {
        self.delete("R:*.*")
    }

    pub fn graphics(&self) -> usize {
        self.objects.values().filter(|object| object.kind == Kind::Graphic).count()
    }

    pub fn free(&self) -> usize {
        MEMORY_BYTES - self.objects.values().map(|object| object.zpl.len()).sum::<usize>()
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let part = |pattern: &str, text: &str| pattern == "*" || pattern == text;
    let split = |text: &str| {
        let (drive, rest) = text.split_once(':').unwrap_or(("R", text));
        let (stem, extension) = rest.split_once('.').unwrap_or((rest, ""));
        (drive.to_owned(), stem.to_owned(), extension.to_owned())
    };
    let (pattern, name) = (split(pattern), split(name));
    part(&pattern.0, &name.0) && part(&pattern.1, &name.1) && part(&pattern.2, &name.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graphic(bytes: usize) -> Object {
        Object { kind: Kind::Graphic, zpl: vec![b'0'; bytes], format: None, recalls: Vec::new(), prints: false }
    }

    #[test]
    fn power_takes_r_and_leaves_the_flash() {
        let mut memory = Memory::default();
        assert!(memory.store("R:LOGO.GRF".into(), graphic(10)));
        assert!(memory.store("E:LOGO.GRF".into(), graphic(10)));
        assert_eq!(memory.lose_power(), 1);
        assert!(memory.get("E:LOGO.GRF").is_some() && memory.get("R:LOGO.GRF").is_none());
    }

    #[test]
    fn memory_is_full_when_it_is_full() {
        let mut memory = Memory::default();
        assert!(memory.store("R:A.GRF".into(), graphic(MEMORY_BYTES)));
        assert!(!memory.store("R:B.GRF".into(), graphic(1)));
        assert!(memory.store("R:A.GRF".into(), graphic(MEMORY_BYTES)), "in its own place");
        assert_eq!(memory.delete("R:*.GRF"), 1);
        assert!((0..OBJECTS_MAX + 5).filter(|i| memory.store(format!("R:{i}.GRF").into(), graphic(1))).count() == OBJECTS_MAX);
    }
}
