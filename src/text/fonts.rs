//! The fonts text is set in: which file serves which script, and in which order they are asked.
//!
//! The shipped files stand in the binary as they are, so they stay pages of a file the system may drop. Font
//! bytes go in; a collection for the shaper and outlines for the drawer come out. Reads no folder.

use parley::FontContext;
use parley::fontique::{Blob, Collection, CollectionOptions, FamilyId, FontInfoOverride, GenericFamily, Script, SourceCache};
use skrifa::FontRef;
use std::sync::Arc;

/// One font file and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct FontFile {
    /// The family: files of one family are weights of each other.
    pub family: &'static str,
    pub bytes: &'static [u8],
    /// ISO 15924 codes of the scripts it is asked for first. `Zyyy`: every script's digits and points;
    /// `Jpan`: Japanese forms; `Zsye`: emoji; `Zsym`: symbols.
    pub scripts: &'static [&'static str],
}

macro_rules! font {
    ($file:literal, $family:literal, $scripts:expr) => {
        FontFile { family: $family, bytes: include_bytes!(concat!("../../fonts/", $file)), scripts: &$scripts }
    };
}

/// The fonts in the binary; `fonts/README.md` says where each comes from.
pub static EMBEDDED: &[FontFile] = &[
    font!("NotoSans-Regular.ttf", "Noto Sans", ["Zyyy", "Latn", "Grek", "Cyrl"]),
    font!("NotoSans-Bold.ttf", "Noto Sans", []),
    font!("NotoSansThai-Regular.ttf", "Noto Sans Thai", ["Thai"]),
    font!("NotoSansThai-Bold.ttf", "Noto Sans Thai", []),
    font!("NotoSansArabic-Regular.ttf", "Noto Sans Arabic", ["Arab"]),
    font!("NotoSansArabic-Bold.ttf", "Noto Sans Arabic", []),
    font!("NotoSansHebrew-Regular.ttf", "Noto Sans Hebrew", ["Hebr"]),
    font!("NotoSansHebrew-Bold.ttf", "Noto Sans Hebrew", []),
    font!("NotoSansDevanagari-Regular.ttf", "Noto Sans Devanagari", ["Deva"]),
    font!("NotoSansDevanagari-Bold.ttf", "Noto Sans Devanagari", []),
    font!("NotoSansArmenian-Regular.ttf", "Noto Sans Armenian", ["Armn"]),
    font!("NotoSansGeorgian-Regular.ttf", "Noto Sans Georgian", ["Geor"]),
    font!("NotoSansBengali-Regular.ttf", "Noto Sans Bengali", ["Beng"]),
    font!("NotoSansGujarati-Regular.ttf", "Noto Sans Gujarati", ["Gujr"]),
    font!("NotoSansGurmukhi-Regular.ttf", "Noto Sans Gurmukhi", ["Guru"]),
    font!("NotoSansKannada-Regular.ttf", "Noto Sans Kannada", ["Knda"]),
    font!("NotoSansMalayalam-Regular.ttf", "Noto Sans Malayalam", ["Mlym"]),
    font!("NotoSansOriya-Regular.ttf", "Noto Sans Oriya", ["Orya"]),
    font!("NotoSansSinhala-Regular.ttf", "Noto Sans Sinhala", ["Sinh"]),
    font!("NotoSansTamil-Regular.ttf", "Noto Sans Tamil", ["Taml"]),
    font!("NotoSansTelugu-Regular.ttf", "Noto Sans Telugu", ["Telu"]),
    font!("NotoSansMyanmar-Regular.ttf", "Noto Sans Myanmar", ["Mymr"]),
    font!("NotoSansKhmer-Regular.ttf", "Noto Sans Khmer", ["Khmr"]),
    font!("NotoSansLao-Regular.ttf", "Noto Sans Lao", ["Laoo"]),
    font!("NotoSansEthiopic-Regular.ttf", "Noto Sans Ethiopic", ["Ethi"]),
    font!("WenQuanYiMicroHei.ttf", "WenQuanYi Micro Hei", ["Hani", "Hang", "Hira", "Kana", "Bopo"]),
    font!("NotoSansJP-Regular.ttf", "Noto Sans JP", ["Jpan"]),
    font!("NotoSansSymbols2-Regular.ttf", "Noto Sans Symbols 2", ["Zsym"]),
    font!("NotoEmoji-Medium.ttf", "Noto Emoji", ["Zsye"]),
];

/// A set of fonts, ready to be asked. Cheap to clone.
#[derive(Clone)]
pub struct Fonts {
    collection: Collection,
    faces: Arc<[Face]>,
}

/// One registered file.
pub(super) struct Face {
    /// How the shaper names the file's bytes.
    pub blob: u64,
    pub font: FontRef<'static>,
}

/// The family set before all others for Japanese text.
pub(super) const JAPANESE: &str = "Noto Sans JP";

impl Fonts {
    /// The fonts in the binary.
    pub fn embedded() -> Fonts {
        Fonts::new(EMBEDDED)
    }

    /// A set of these files, asked in this order where several serve a script. What is no font is left out.
    pub fn new(files: &[FontFile]) -> Fonts {
        let mut collection = Collection::new(CollectionOptions { shared: false, system_fonts: false });
        let mut faces = Vec::new();
        let mut families: Vec<(FamilyId, &FontFile)> = Vec::new();
        for file in files {
            let blob = Blob::new(Arc::new(file.bytes));
            let id = blob.id();
            let name = FontInfoOverride { family_name: Some(file.family), ..Default::default() };
            let Ok(font) = FontRef::new(file.bytes) else { continue };
            let Some((family, _)) = collection.register_fonts(blob, Some(name)).pop() else { continue };
            faces.push(Face { blob: id, font });
            if !file.scripts.is_empty() {
                families.push((family, file));
            }
        }
        let serving = |script: &str| -> Vec<FamilyId> {
            families.iter().filter(|(_, file)| file.scripts.contains(&script)).map(|(family, _)| *family).collect()
        };
        let common = serving("Zyyy");
        for script in families.iter().flat_map(|(_, file)| file.scripts) {
            let Ok(code) = <[u8; 4]>::try_from(script.as_bytes()) else { continue };
            let own = serving(script).into_iter().chain(common.iter().copied());
            collection.set_fallbacks(Script::from_bytes(code), own);
        }
        // The shaper asks the Han list after every other: end it with all there is, so that nothing we have goes unfound.
        let all = families.iter().filter(|(_, file)| !file.scripts.contains(&"Jpan")).map(|(family, _)| *family);
        collection.append_fallbacks(Script::from_bytes(*b"Hani"), all);
        collection.set_generic_families(GenericFamily::Emoji, serving("Zsye").into_iter());
        Fonts { collection, faces: faces.into() }
    }

    pub(super) fn context(&self) -> FontContext {
        FontContext { collection: self.collection.clone(), source_cache: SourceCache::default() }
    }

    pub(super) fn faces(&self) -> &Arc<[Face]> {
        &self.faces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_is_a_font_and_knows_its_place() {
        let fonts = Fonts::embedded();
        assert_eq!(fonts.faces().len(), EMBEDDED.len());
        assert!(EMBEDDED.iter().any(|file| file.family == JAPANESE));
        assert!(EMBEDDED.iter().map(|file| file.bytes.len()).sum::<usize>() < 12_000_000, "the binary stays small");
    }
}
