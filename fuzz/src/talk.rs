//! A conversation with a printer that says anything at all: it never writes without end, and every label it was
//! given has one end.

use crate::{Piece, head, pieces};
use std::collections::BTreeMap;
use std::time::Duration;
use waybilld::conversation::{Conversation, Event, Profile, Rules};
use waybilld::language::{Encoded, Language};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    Given,
    InDoubt,
    Ended,
}

pub fn hold(language: Language, input: &[u8]) {
    let ([kind], input) = head(input);
    let rules = Rules {
        line_rate: (kind & 1 != 0).then_some(960),
        line_shows_power: kind & 2 == 0,
        line_is_ours: kind & 4 == 0,
        ask: kind & 24 != 24,
        ..Rules::default()
    };
    let window = rules.window;
    let mut talk = Conversation::new(language, rules, Profile::default());
    let mut labels: BTreeMap<u64, Stand> = BTreeMap::new();
    let mut now = Duration::ZERO;
    let mut connected = false;
    for piece in pieces(input) {
        match piece {
            Piece::Said(bytes) if connected => talk.handle_bytes(bytes, now),
            Piece::Happens(0) if !connected => {
                connected = true;
                talk.handle_connected(now);
            }
            Piece::Happens(1) => {
                connected = false;
                talk.handle_disconnect("as the fuzzer says");
            }
            Piece::Happens(2) if connected && talk.has_room() => {
                let key = labels.len() as u64 + 1;
                labels.insert(key, Stand::Given);
                let bytes = vec![b'x'; 10 * (key as usize % 50)];
                let trigger = bytes.len() / (1 + key as usize % 2);
                talk.print(key, Encoded { bytes, trigger }, now);
            }
            // The next moment it asks for.
            Piece::Happens(3) => {
                if let Some(due) = talk.poll_timeout() {
                    now = now.max(due);
                    talk.handle_timeout(now);
                }
            }
            // The line takes all there is, or a few bytes.
            Piece::Happens(4) => write(&mut talk, usize::MAX, now),
            Piece::Happens(few @ 5..=99) => write(&mut talk, usize::from(few) - 5, now),
            Piece::Happens(some @ 100..) => {
                now += Duration::from_millis(u64::from(some - 100).pow(2));
                talk.handle_timeout(now);
            }
            _ => {}
        }
        hear(&mut talk, &mut labels);
        assert!(talk.open() <= window);
    }
    talk.handle_disconnect("the end");
    hear(&mut talk, &mut labels);
    assert_eq!((talk.open(), talk.poll_timeout()), (0, None));
    assert!(labels.values().all(|stand| *stand != Stand::Given), "{labels:?}");
}

fn write(talk: &mut Conversation, most: usize, now: Duration) {
    for round in 0.. {
        assert!(round < 100, "it writes without end");
        let Some(bytes) = talk.poll_write() else { break };
        let taken = bytes.len().min(most);
        talk.wrote(taken, now);
        if most != usize::MAX {
            break;
        }
    }
}

fn hear(talk: &mut Conversation, labels: &mut BTreeMap<u64, Stand>) {
    for round in 0.. {
        assert!(round < 1000, "it tells without end");
        let Some(event) = talk.poll_event() else { break };
        let (key, from, to) = match event {
            Event::Printed { key, .. } | Event::NotTaken { key, .. } => (key, [Stand::Given, Stand::InDoubt], Stand::Ended),
            Event::Sent { key } => (key, [Stand::Given; 2], Stand::Ended),
            Event::InDoubt { key, .. } => (key, [Stand::Given; 2], Stand::InDoubt),
            _ => continue,
        };
        let stand = labels.get_mut(&key).expect("a label that was given");
        assert!(from.contains(stand), "label {key} was {stand:?} and is {to:?}");
        *stand = to;
    }
}
