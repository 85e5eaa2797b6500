//! Laying out ahead: queued labels become finished ones on worker threads while the printer prints.

use crate::config::PrinterConfig;
use crate::content::Content;
use crate::designs::Designs;
use crate::dots::{Dpi, Mm};
use crate::label::Label;
use crate::spool::{LabelKey, QueuedLabel, Spool};
use crate::template::Template;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Labels laid out at one time for one printer.
const HANDS: usize = 2;

/// The head a label is laid out for, and the media under it.
#[derive(Clone, Copy)]
struct Head {
    dpi: Dpi,
    width: Mm,
    height: Mm,
}

/// A label ready to be encoded.
pub struct Composed {
    pub label: Label,
    pub digest: blake3::Hash,
}

/// A label as it stood in the queue: reissued, it has another revision.
type Piece = (LabelKey, i64);

fn piece(queued: &QueuedLabel) -> Piece {
    (queued.key, queued.revision)
}

/// The labels being laid out and those that are ready.
pub struct Composing {
    designs: Arc<Designs>,
    spool: Spool,
    head: Head,
    ready: HashMap<Piece, Result<Composed, String>>,
    begun: HashSet<Piece>,
    hands: JoinSet<(Piece, Result<Composed, String>)>,
}

impl Composing {
    pub fn new(designs: Arc<Designs>, spool: Spool, config: &PrinterConfig) -> Composing {
        let head = Head { dpi: config.dpi, width: config.media.0, height: config.media.1 };
        Composing { designs, spool, head, ready: HashMap::new(), begun: HashSet::new(), hands: JoinSet::new() }
    }

    /// Begins what is next in the queue and forgets what has left it.
    pub fn look_ahead<'a>(&mut self, queue: impl Iterator<Item = &'a QueuedLabel> + Clone) {
        self.ready.retain(|ready, _| queue.clone().any(|queued| piece(queued) == *ready));
        for queued in queue {
            if self.hands.len() >= HANDS {
                break;
            }
            if self.ready.contains_key(&piece(queued)) || !self.begun.insert(piece(queued)) {
                continue;
            }
            let (designs, spool, head, queued) = (self.designs.clone(), self.spool.clone(), self.head, queued.clone());
            self.hands.spawn(async move {
                let piece = piece(&queued);
                let made = match template(&designs, &spool, &queued).await {
                    Ok(template) => tokio::task::spawn_blocking(move || compose(&designs, &template, head, &queued))
                        .await
                        .unwrap_or_else(|_| Err("it could not be laid out".to_owned())),
                    Err(why) => Err(why),
                };
                (piece, made)
            });
        }
    }

    /// Waits for the next label to be ready; for ever when none is being laid out.
    pub async fn next(&mut self) {
        match self.hands.join_next().await {
            Some(Ok((piece, made))) => {
                self.begun.remove(&piece);
                self.ready.insert(piece, made);
            }
            Some(Err(_)) => {}
            None => std::future::pending().await,
        }
    }

    pub fn is_ready(&self, queued: &QueuedLabel) -> bool {
        self.ready.contains_key(&piece(queued))
    }

    pub fn take(&mut self, queued: &QueuedLabel) -> Option<Result<Composed, String>> {
        self.ready.remove(&piece(queued))
    }
}

/// The design the label was taken with, from the house or from the ledger.
async fn template(designs: &Designs, spool: &Spool, queued: &QueuedLabel) -> Result<Arc<Template>, String> {
    if let Some(template) = designs.by_hash(&queued.template) {
        return Ok(template);
    }
    let text = spool.template(queued.template).await.map_err(|error| error.to_string())?;
    let text = text.ok_or_else(|| "its template is not in the ledger any more".to_owned())?;
    designs.recall("kept", &text).map_err(|_| "its template cannot be read by this version".to_owned())
}

fn compose(designs: &Designs, template: &Arc<Template>, head: Head, queued: &QueuedLabel) -> Result<Composed, String> {
    let template = &designs.for_media(template, (head.width, head.height))?;
    let first = |faults: Vec<crate::fault::Fault>| faults.first().map_or_else(String::new, ToString::to_string);
    let kept = Content::parse(&queued.waybill)?;
    let label = designs.with(template, head.dpi, |compositor| compositor.lay_out(&kept)).and_then(|made| made).map_err(first)?;
    let digest = label.digest();
    Ok(Composed { label, digest })
}
