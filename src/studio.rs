//! The designs of the house and the compositors that lay them out.
//!
//! Parsed templates by name and by hash (a label remembers the hash, so a reprint looks as the first print did even
//! after the file changed), one set of fonts, and a pool of warm [`Compositor`]s: each is borrowed by one thread at a
//! time. Knows no job and no printer.

use crate::dots::Dpi;
use crate::fault::{self, Fault, FileFault};
use crate::layout::Compositor;
use crate::template::Template;
use crate::text::Fonts;
use crate::waybill::Waybill;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// The designs that come with the program: name, text.
pub const SHIPPED: [(&str, &str); 2] = [
    ("waybill-100x150", include_str!("../templates/waybill-100x150.toml")),
    ("address-100x150", include_str!("../templates/address-100x150.toml")),
];

/// The design a printer uses when nobody names one.
pub const DEFAULT_TEMPLATE: &str = "waybill-100x150";

/// A design and the text it came from.
#[derive(Debug, Clone)]
pub struct Design {
    pub template: Arc<Template>,
    pub text: Arc<str>,
}

/// All designs, and who lays them out.
pub struct Studio {
    fonts: Fonts,
    designs: BTreeMap<String, Design>,
    by_hash: Mutex<HashMap<blake3::Hash, Arc<Template>>>,
    idle: Mutex<HashMap<(blake3::Hash, Dpi), Vec<Compositor>>>,
}

impl Studio {
    /// Reads the shipped designs and those given as (name, file, text); a given one replaces a shipped one of its name.
    pub fn new(fonts: Fonts, given: &[(String, String, String)]) -> Result<Studio, Vec<FileFault>> {
        let mut designs = BTreeMap::new();
        let mut faults = Vec::new();
        let shipped = SHIPPED.iter().map(|(name, text)| (*name, format!("templates/{name}.toml"), *text));
        let given = given.iter().map(|(name, file, text)| (name.as_str(), file.clone(), text.as_str()));
        for (name, file, text) in shipped.chain(given) {
            match Template::parse(name, &file, text) {
                Ok(template) => {
                    designs.insert(name.to_owned(), Design { template: Arc::new(template), text: text.into() });
                }
                Err(found) => faults.extend(found),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let by_hash = designs.values().map(|design| (design.template.hash, design.template.clone())).collect();
        Ok(Studio { fonts, designs, by_hash: Mutex::new(by_hash), idle: Mutex::default() })
    }

    /// The fonts everything is set in.
    pub fn fonts(&self) -> &Fonts {
        &self.fonts
    }

    /// The design of that name, or the sentence that names the nearest.
    pub fn design(&self, name: &str) -> Result<&Design, String> {
        self.designs.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.designs.keys().map(String::as_str).collect();
            format!("no template \"{name}\".{}", fault::hint(name, &known))
        })
    }

    /// Every design, by name.
    pub fn designs(&self) -> impl Iterator<Item = &Design> {
        self.designs.values()
    }

    /// The template of that hash, if it was ever read here.
    pub fn by_hash(&self, hash: &blake3::Hash) -> Option<Arc<Template>> {
        self.by_hash.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    /// Reads a design kept from an earlier day, so that its labels print as they did.
    pub fn recall(&self, name: &str, text: &str) -> Result<Arc<Template>, Vec<FileFault>> {
        let template = Arc::new(Template::parse(name, name, text)?);
        let mut known = self.by_hash.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(template.hash, template.clone());
        Ok(template)
    }

    /// Lends a compositor for that design and head.
    pub fn with<T>(&self, template: &Arc<Template>, dpi: Dpi, work: impl FnOnce(&mut Compositor) -> T) -> Result<T, Vec<Fault>> {
        let key = (template.hash, dpi);
        let waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&key).and_then(Vec::pop);
        let mut compositor = match waiting {
            Some(compositor) => compositor,
            None => Compositor::new(template.clone(), dpi, &self.fonts)?,
        };
        let made = work(&mut compositor);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.entry(key).or_default().push(compositor);
        Ok(made)
    }

    /// Checks many orders on all cores; every fault carries its label's id.
    pub fn check(&self, orders: &[(Arc<Template>, Dpi, &Waybill)]) -> Vec<Fault> {
        let workers = std::thread::available_parallelism().map_or(1, usize::from).min(orders.len().div_ceil(8)).max(1);
        let check = |part: &[(Arc<Template>, Dpi, &Waybill)]| {
            let mut faults = Vec::new();
            for (template, dpi, waybill) in part {
                let checked = self.with(template, *dpi, |compositor| compositor.check(waybill)).and_then(|checked| checked);
                faults.extend(checked.err().into_iter().flatten().map(|fault| fault.of_label(&waybill.id)));
            }
            faults
        };
        if workers == 1 {
            return check(orders);
        }
        std::thread::scope(|scope| {
            let parts = orders.chunks(orders.len().div_ceil(workers));
            let threads: Vec<_> = parts.map(|part| scope.spawn(move || check(part))).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("checking an order does not panic")).collect()
        })
    }
}
