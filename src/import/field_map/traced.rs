//! What a mapping remembers of the table while it makes a label: where each field comes from, and what is wrong there.

use super::view::View;
use crate::fault::{Code, Fault};
use crate::import::ends::{Ask, RefuseKind, Refused, Remark};
use crate::import::place::Place;
use crate::waybill::json::Node;
use minijinja::Value;
use std::sync::Arc;

/// What a mapping remembers of the table.
pub(super) struct Traced {
    /// The rows of the label.
    pub(super) view: Arc<View>,
    pub(super) row: usize,
    /// Where the latest expression looked.
    last: Option<Place>,
    pub(super) places: Vec<(String, Place)>,
    pub(super) refused: Vec<Refused>,
    pub(super) asks: Vec<Ask>,
    pub(super) remarks: Vec<Remark>,
    /// The orders in the parcel, each with its rows; known once the label's order is.
    pub(super) orders: Vec<(String, Vec<usize>)>,
}

impl Traced {
    pub(super) fn new(view: Arc<View>, row: usize) -> Traced {
        Traced {
            view,
            row,
            last: None,
            places: Vec::new(),
            refused: Vec::new(),
            asks: Vec::new(),
            remarks: Vec::new(),
            orders: Vec::new(),
        }
    }

    /// Takes note of the cells the latest expression looked at, for that field; answers whether they are sound.
    pub(super) fn look(&mut self, path: &str) -> bool {
        let seen = self.view.grid.seen();
        self.last = self.view.grid.place(&seen);
        self.places.extend(self.last.clone().map(|place| (path.to_owned(), place)));
        let mut sound = true;
        for cell in seen {
            if cell.wrong.is_none() && cell.ask.is_none() && cell.remark.is_none() {
                continue;
            }
            let place = self.view.grid.place(std::slice::from_ref(&cell)).unwrap_or_default();
            // One cell may be looked at for many fields.
            if let Some((kind, sentence)) = cell.wrong {
                sound = false;
                if self.refused.iter().all(|known| known.place != place || known.kind != kind) {
                    self.refused.push(Refused { kind, place: place.clone(), fault: Fault::new(Code::BadFormat, path, sentence) });
                }
            }
            if let Some((kind, sentence, would_print)) = cell.ask {
                let place = Some(place.clone());
                if self.asks.iter().all(|known| known.place != place || known.kind != kind) {
                    self.asks.push(Ask { kind, place, field: path.to_owned(), sentence, would_print });
                }
            }
            if let Some(sentence) = cell.remark {
                let remark = Remark { place: Some(place), sentence: sentence.to_owned() };
                if !self.remarks.contains(&remark) {
                    self.remarks.push(remark);
                }
            }
        }
        sound
    }

    /// Notes what is wrong with the latest expression.
    pub(super) fn fault(&mut self, fault: Fault) {
        let place = self.last.clone().unwrap_or(Place { row: self.row, columns: Vec::new() });
        self.refused.push(Refused { kind: RefuseKind::Field, place, fault });
    }

    /// The rows of each order in the parcel, as views; one where there is but one order.
    pub(super) fn by_order(&self) -> Vec<Value> {
        match self.orders.len() {
            0 | 1 => vec![Value::from_dyn_object(self.view.clone())],
            _ => self.orders.iter().map(|(_, rows)| Value::from_dyn_object(View::new(&self.view.grid, rows.clone()))).collect(),
        }
    }

    /// Remembers which rows are of that order.
    pub(super) fn note_order(&mut self, at: usize, order: &str) {
        let Some(row) = self.view.rows.get(at).copied() else { return };
        match self.orders.iter_mut().find(|(known, _)| known == order) {
            Some((_, rows)) => rows.push(row),
            None => self.orders.push((order.to_owned(), vec![row])),
        }
    }

    pub(super) fn rows(&self) -> Vec<Value> {
        self.view.each().map(Value::from_dyn_object).collect()
    }

    /// Forgets where an item came from that was added to another.
    pub(super) fn forget(&mut self, path: &str) {
        self.places.retain(|(known, _)| known.strip_prefix(path).is_none_or(|rest| !rest.starts_with('.')));
    }
}

/// A blank is no value, and what is to be a number may stand as text in a table.
pub(super) fn plain(node: Node, path: &str) -> Option<Node> {
    let is_number = [".quantity", ".weight_g", ".number", ".of"].iter().any(|field| path.ends_with(field));
    match node {
        Node::Text(text) if text.trim().is_empty() => None,
        Node::Text(text) | Node::Number(text) if is_number => Some(match text.trim().parse::<f64>() {
            Ok(number) if number.fract() == 0.0 && (0.0..1e9).contains(&number) => Node::Number(format!("{number:.0}")),
            _ => Node::Text(text),
        }),
        node => Some(node),
    }
}

/// Adds the quantity of an item to one that differs in nothing else; answers whether there is one.
pub(super) fn add_to(items: &mut [Node], item: &Node) -> bool {
    let quantity = |node: &Node| match node.get("quantity") {
        Some(Node::Number(text)) => text.parse::<u32>().ok(),
        _ => None,
    };
    let rest = |node: &Node| match node {
        Node::Object(fields) => fields.iter().filter(|(field, _)| field != "quantity").cloned().collect(),
        _ => Vec::new(),
    };
    let wanted = rest(item);
    let Some(more) = quantity(item) else { return false };
    let Some(same) = items.iter_mut().find(|known| quantity(known).is_some() && rest(known) == wanted) else { return false };
    let sum = quantity(same).unwrap_or_default().saturating_add(more);
    if let Node::Object(fields) = same {
        fields.iter_mut().filter(|(field, _)| field == "quantity").for_each(|(_, node)| *node = Node::Number(sum.to_string()));
    }
    true
}
