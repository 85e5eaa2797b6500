//! What a label says: a waybill or a paper; later a document.
//!
//! One type for what the spool keeps as text ([`Content::parse`], [`ContentRef::to_text`]) and for what `layout` draws
//! ([`ContentRef`]). Knows no template and no printer.

use crate::papers::{self, Paper};
use crate::waybill::{Senders, Waybill, json};

/// Owned, as read from the spool; or borrowed: [`ContentRef`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<W = Box<Waybill>, P = Box<Paper>> {
    Waybill(W),
    Paper(P),
}

/// A waybill or a paper that belongs to someone else.
pub type ContentRef<'a> = Content<&'a Waybill, &'a Paper>;

impl Content {
    /// Reads what [`ContentRef::to_text`] wrote.
    pub fn parse(text: &str) -> Result<Content, String> {
        let node = json::parse(text.as_bytes()).map_err(|fault| fault.to_string())?;
        if node.get("paper").is_some() {
            let paper = serde_json::from_str(text).map_err(|_| "it is not a paper this version knows".to_owned())?;
            return Ok(Content::Paper(Box::new(paper)));
        }
        match Waybill::parse(&node, &Senders::default()) {
            Ok(waybill) => Ok(Content::Waybill(Box::new(waybill))),
            Err(faults) => Err(faults.first().map(ToString::to_string).unwrap_or_default()),
        }
    }

    pub fn by_ref(&self) -> ContentRef<'_> {
        match self {
            Content::Waybill(waybill) => Content::Waybill(waybill),
            Content::Paper(paper) => Content::Paper(paper),
        }
    }
}

impl<'a> ContentRef<'a> {
    /// What the spool keeps of it.
    pub fn to_text(self) -> String {
        match self {
            Content::Waybill(waybill) => waybill.to_json(),
            Content::Paper(paper) => paper.to_json(),
        }
    }

    /// Which paper it is; `None`: a waybill.
    pub fn paper(self) -> Option<papers::Kind> {
        match self {
            Content::Waybill(_) => None,
            Content::Paper(paper) => Some(paper.kind()),
        }
    }

    /// The id of its label.
    pub fn id(self) -> String {
        match self {
            Content::Waybill(waybill) => waybill.id.clone(),
            Content::Paper(paper) => paper.id(),
        }
    }

    /// What its template was called when it was taken, as far as the content says.
    pub fn template(self) -> Option<&'a str> {
        match self {
            Content::Waybill(waybill) => waybill.template.as_deref(),
            Content::Paper(paper) => Some(paper.kind().template()),
        }
    }
}

impl<'a> From<&'a Waybill> for ContentRef<'a> {
    fn from(waybill: &'a Waybill) -> ContentRef<'a> {
        Content::Waybill(waybill)
    }
}

impl<'a> From<&'a Paper> for ContentRef<'a> {
    fn from(paper: &'a Paper) -> ContentRef<'a> {
        Content::Paper(paper)
    }
}

impl<'a> From<&'a Content> for ContentRef<'a> {
    fn from(content: &'a Content) -> ContentRef<'a> {
        content.by_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::papers::{Kind, sample};
    use strum::VariantArray;

    #[test]
    fn every_paper_reads_back_as_it_was_kept() {
        for kind in Kind::VARIANTS.iter().copied() {
            for full in [true, false] {
                let paper = sample(kind, full);
                assert_eq!(paper.kind(), kind);
                let kept = ContentRef::from(&paper).to_text();
                assert_eq!(Content::parse(&kept), Ok(Content::Paper(Box::new(paper))), "{kept}");
            }
        }
        assert!(Content::parse(r#"{"paper":"receipt"}"#).is_err());
    }

    #[test]
    fn a_waybill_reads_back_as_it_was_kept() {
        let label = json::parse(
            br#"{"id": "pkg-1", "order": "1", "tracking": "RB123456785GB",
                "sender": {"name": "Lamp Shop", "lines": ["8 Quay"], "country": "HK"},
                "recipient": {"name": "Ann Lee", "lines": ["1 Elm"], "country": "HK"}}"#,
        );
        let waybill = Waybill::parse(&label.unwrap(), &Senders::default()).unwrap();
        let kept = ContentRef::from(&waybill).to_text();
        assert_eq!(Content::parse(&kept), Ok(Content::Waybill(Box::new(waybill))), "{kept}");
    }
}
