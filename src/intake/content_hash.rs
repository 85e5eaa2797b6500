//! Whether two submissions say the same, in whatever order and with whatever blanks they were written.

use crate::spool::Hash;
use crate::waybill::json::Node;

/// The hash of what a tree says. Null is as good as missing.
pub fn content_of(node: &Node) -> Hash {
    let mut hasher = blake3::Hasher::new();
    feed(node, &mut hasher);
    hasher.finalize()
}

/// Every part is fed with its kind and its length, so that no two trees feed the same bytes.
fn feed(node: &Node, hasher: &mut blake3::Hasher) {
    match node {
        Node::Null => part(hasher, b'n', 0, ""),
        Node::Boolean(yes) => part(hasher, b'b', usize::from(*yes), ""),
        Node::Number(text) => part(hasher, b'#', text.len(), text),
        Node::Text(text) => part(hasher, b'"', text.len(), text),
        Node::List(items) => {
            part(hasher, b'[', items.len(), "");
            items.iter().for_each(|item| feed(item, hasher));
        }
        Node::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().filter(|(_, value)| *value != Node::Null).collect();
            entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            part(hasher, b'{', entries.len(), "");
            for (key, value) in entries {
                part(hasher, b'k', key.len(), key);
                feed(value, hasher);
            }
        }
    }
}

fn part(hasher: &mut blake3::Hasher, kind: u8, length: usize, text: &str) {
    hasher.update(&[kind]).update(&(length as u64).to_le_bytes()).update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waybill::json;

    fn content(text: &str) -> Hash {
        content_of(&json::parse(text.as_bytes()).expect("JSON"))
    }

    #[test]
    fn blanks_and_the_order_of_keys_say_nothing() {
        assert_eq!(content(r#"{"a":1,"b":["x",{"c":null}]}"#), content("{ \"b\": [\"x\", {}],\n \"a\": 1 }"));
    }

    #[test]
    fn everything_else_is_another_content() {
        let all = [r#"{"a":1}"#, r#"{"a":"1"}"#, r#"{"a":[1]}"#, r#"{"a":1.0}"#, r#"{"a":true}"#, r#"{"b":1}"#, r#"["a",1]"#];
        for (at, one) in all.iter().enumerate() {
            for other in &all[at + 1..] {
                assert_ne!(content(one), content(other), "{one} {other}");
            }
        }
        assert_ne!(content(r#"["ab","c"]"#), content(r#"["a","bc"]"#));
        assert_ne!(content(r#"[["a"],"b"]"#), content(r#"[["a","b"]]"#));
    }
}
