//! The templates of this daemon and the compositors that lay them out.
//!
//! Parsed templates by name and by hash (a label remembers the hash, so a reprint looks as the first print did even
//! after the file changed), one set of fonts, and a pool of warm [`Compositor`]s: each is borrowed by one thread at a
//! time. Knows no job and no printer.

mod papers;

pub use papers::{Sheet, WavePapers};

use crate::dots::{Dpi, Mm};
use crate::fault::{self, Fault, FileFault};
use crate::layout::Compositor;
use crate::template::Template;
use crate::text::Fonts;
use crate::waybill::Waybill;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// The designs that come with the program: name, text.
pub const SHIPPED: [(&str, &str); 13] = [
    ("waybill-100x150", include_str!("../templates/waybill-100x150.toml")),
    ("waybill-80", include_str!("../templates/waybill-80.toml")),
    ("address-100x150", include_str!("../templates/address-100x150.toml")),
    ("pick-list-100x150", include_str!("../templates/pick-list-100x150.toml")),
    ("pick-list-80", include_str!("../templates/pick-list-80.toml")),
    ("packing-slip-100x150", include_str!("../templates/packing-slip-100x150.toml")),
    ("packing-slip-80", include_str!("../templates/packing-slip-80.toml")),
    ("cover-100x150", include_str!("../templates/cover-100x150.toml")),
    ("cover-80", include_str!("../templates/cover-80.toml")),
    ("bag-100x150", include_str!("../templates/bag-100x150.toml")),
    ("bag-80", include_str!("../templates/bag-80.toml")),
    ("manifest-100x150", include_str!("../templates/manifest-100x150.toml")),
    ("manifest-80", include_str!("../templates/manifest-80.toml")),
];

/// A design and the text it came from.
#[derive(Debug, Clone)]
pub struct Design {
    pub template: Arc<Template>,
    pub text: Arc<str>,
    file: String,
}

/// All designs, and who lays them out.
pub struct Designs {
    fonts: Fonts,
    designs: BTreeMap<String, Design>,
    by_hash: Mutex<HashMap<blake3::Hash, Arc<Template>>>,
    idle: Mutex<HashMap<(blake3::Hash, Dpi), Vec<Compositor>>>,
}

impl Designs {
    /// Reads the shipped designs and those given as (name, file, text); a given one replaces a shipped one of its name.
    pub fn new(fonts: Fonts, given: &[(String, String, String)]) -> Result<Designs, Vec<FileFault>> {
        let mut designs = BTreeMap::new();
        let mut faults = Vec::new();
        let shipped = SHIPPED.iter().map(|(name, text)| (*name, format!("templates/{name}.toml"), *text));
        let given = given.iter().map(|(name, file, text)| (name.as_str(), file.clone(), text.as_str()));
        for (name, file, text) in shipped.chain(given) {
            match Template::parse(name, &file, text) {
                Ok(template) => {
                    designs.insert(name.to_owned(), Design { template: Arc::new(template), text: text.into(), file });
                }
                Err(found) => faults.extend(found),
            }
        }
        faults.extend(variant_faults(&designs));
        if !faults.is_empty() {
            return Err(faults);
        }
        let by_hash = designs.values().map(|design| (design.template.hash, design.template.clone())).collect();
        Ok(Designs { fonts, designs, by_hash: Mutex::new(by_hash), idle: Mutex::default() })
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

    /// The design of that name, or the variant of it that is made for media of that size; or which there are.
    pub fn design_for(&self, name: &str, media: (Mm, Mm)) -> Result<&Design, String> {
        let family = self.design(name)?.template.family();
        let made = |design: &&Design| design.template.suits(media.0, media.1);
        self.variants(family).find(made).ok_or_else(|| self.unsuited(family, media))
    }

    /// The template itself where it is made for media of that size, else the variant of it that is; or which there are.
    pub fn for_media(&self, template: &Arc<Template>, media: (Mm, Mm)) -> Result<Arc<Template>, String> {
        let family = template.family();
        if template.suits(media.0, media.1) {
            Ok(template.clone())
        } else if self.designs.contains_key(family) {
            self.design_for(family, media).map(|design| design.template.clone())
        } else {
            let made = (template.width, template.height);
            Err(format!("it is made for media of {} × {}, not {} × {}", made.0, made.1, media.0, media.1))
        }
    }

    fn variants(&self, family: &str) -> impl Iterator<Item = &Design> {
        self.designs().filter(move |design| design.template.family() == family)
    }

    fn unsuited(&self, family: &str, (width, height): (Mm, Mm)) -> String {
        let variants = self.variants(family).map(|design| &design.template);
        let made: Vec<_> = variants.map(|made| format!("{} for {} × {}", made.name, made.width, made.height)).collect();
        format!(
            "no variant of template \"{family}\" is made for media of {width} × {height}. There is {}: load such media, or \
             add a template with `variant_of = \"{family}\"`.",
            made.join(", ")
        )
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
        let check = |(template, dpi, waybill): &(Arc<Template>, Dpi, &Waybill)| {
            let checked = self.with(template, *dpi, |compositor| compositor.check(*waybill)).and_then(|checked| checked);
            checked.err().into_iter().flatten().map(|fault| fault.of_label(&waybill.id)).collect::<Vec<_>>()
        };
        on_all_cores(orders, check).into_iter().flatten().collect()
    }
}

/// What `work` makes of each item, in their order, by as many threads as are of use.
fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(items.len().div_ceil(8)).max(1);
    if workers == 1 {
        return items.iter().map(work).collect();
    }
    let work = &work;
    std::thread::scope(|scope| {
        let parts = items.chunks(items.len().div_ceil(workers));
        let threads: Vec<_> = parts.map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("laying out an order does not panic")).collect()
    })
}

/// Variants of what is not there or is one itself, and two for the same media.
fn variant_faults(designs: &BTreeMap<String, Design>) -> Vec<FileFault> {
    let mut faults = Vec::new();
    for (name, design) in designs {
        let Template { variant_of: Some(of), width, height, .. } = &*design.template else { continue };
        let mut fault = |message| faults.push(FileFault { file: design.file.clone(), line: of.line, message });
        let family = &of.name;
        match designs.get(family) {
            None => {
                let known: Vec<&str> = designs.keys().map(String::as_str).collect();
                fault(format!("no template \"{family}\" to be a variant of.{}", fault::hint(family, &known)));
            }
            Some(base) if base.template.variant_of.is_some() => {
                let first = base.template.family();
                fault(format!("template \"{family}\" is a variant itself: name \"{first}\"."));
            }
            Some(_) => {}
        }
        let twin = designs
            .values()
            .map(|other| &other.template)
            .find(|other| other.name != *name && other.family() == family && other.suits(*width, *height));
        if let Some(twin) = twin {
            fault(format!("template \"{}\" is made for the same media: one of them would never print.", twin.name));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn design(name: &str, head: &str) -> (String, String, String) {
        (name.to_owned(), format!("{name}.toml"), format!("{head}\n[[rule]]\nx = 1\ny = 1\nwidth = 5\nheight = 1\n"))
    }

    fn designs(given: &[(String, String, String)]) -> Result<Designs, Vec<String>> {
        Designs::new(Fonts::embedded(), given).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_printer_uses_the_variant_that_is_made_for_its_media() {
        let designs = designs(&[]).unwrap();
        let narrow = (Mm(72.0), Mm(150.2));
        for name in ["waybill-100x150", "waybill-80"] {
            assert_eq!(designs.design_for(name, narrow).unwrap().template.name, "waybill-80");
            assert_eq!(designs.design_for(name, (Mm(100.0), Mm(150.0))).unwrap().template.name, "waybill-100x150");
        }
        assert_eq!(
            designs.design_for("waybill-100x150", (Mm(58.0), Mm(150.0))).unwrap_err(),
            "no variant of template \"waybill-100x150\" is made for media of 58 mm × 150 mm. There is waybill-100x150 for \
             100 mm × 150 mm, waybill-80 for 72 mm × 150 mm: load such media, or add a template with \
             `variant_of = \"waybill-100x150\"`."
        );
    }

    #[test]
    fn a_label_taken_for_one_media_moves_to_another_with_its_variant() {
        let designs = designs(&[]).unwrap();
        let taken = designs.design("waybill-100x150").unwrap().template.clone();
        assert_eq!(designs.for_media(&taken, (Mm(72.0), Mm(150.0))).unwrap().name, "waybill-80");
        // A template whose file is gone prints on the media it was made for, and nowhere else.
        let (_, _, text) = design("kept", "media = { width = 60, height = 40 }");
        let kept = designs.recall("kept", &text).unwrap();
        assert_eq!(designs.for_media(&kept, (Mm(60.0), Mm(40.0))).unwrap().hash, kept.hash);
        assert_eq!(
            designs.for_media(&kept, (Mm(72.0), Mm(150.0))).unwrap_err(),
            "it is made for media of 60 mm × 40 mm, not 72 mm × 150 mm"
        );
    }

    #[test]
    fn a_variant_of_nothing_or_for_media_that_has_one_is_named_by_file_and_line() {
        let given = [
            design("a", "media = { width = 60, height = 40 }"),
            design("b", "variant_of = \"a\"\nmedia = { width = 60, height = 40 }"),
            design("c", "media = { width = 50, height = 40 }\nvariant_of = \"waybil-80\""),
            design("d", "variant_of = \"waybill-80\"\nmedia = { width = 50, height = 40 }"),
        ];
        assert_eq!(
            designs(&given).err().unwrap(),
            [
                "b.toml:1: template \"a\" is made for the same media: one of them would never print.",
                "c.toml:2: no template \"waybil-80\" to be a variant of. Did you mean \"waybill-80\"?",
                "d.toml:1: template \"waybill-80\" is a variant itself: name \"waybill-100x150\".",
            ]
        );
    }
}
