//! Who may reprint, print or ship a label: the one place that says so.
//!
//! A label as it stands goes in, with what a person wants of it and the time; out comes nothing, or why not. Asked in the
//! transaction that does it, so that nothing comes between the question and the deed.

use super::error::Refusal;
use super::hold::{Hold, HoldCause};
use super::ledger::{Illegal, State, Step};
use super::mode::Mode;
use super::records::{LabelView, UnixMs};

/// Why the label may not be used so; `None` when it may.
pub fn refusal(label: &LabelView, mode: Mode, now: UnixMs) -> Option<Refusal> {
    let id = || label.id.clone();
    if let Some(other) = &label.replaced_by {
        return Some(Refusal::Replaced { label: id(), other: other.clone() });
    }
    let step = match mode {
        Mode::Reprint => Step::Reprint,
        Mode::Print | Mode::Ship => Step::Release,
    };
    let stands = || Some(Refusal::NotAllowed(Illegal { label: id(), from: label.state, step }));
    let not_shippable = || Some(Refusal::NotShippable { label: id(), state: label.state });
    match (label.state, mode) {
        (State::Canceled | State::Voided, Mode::Ship) => return not_shippable(),
        (State::Canceled | State::Voided, _) => return stands(),
        _ => {}
    }
    if let Some(at) = label.expires.filter(|at| *at <= now) {
        return Some(Refusal::Expired { label: id(), at });
    }
    if (label.cancel_requested && label.state != State::Held || label.cancel_pending) && label.shipped_at.is_none() {
        return Some(Refusal::CancelRequested(id()));
    }
    let held = || {
        let hold = Hold::because(label.hold.unwrap_or(HoldCause::Asked), &label.reason);
        Some(Refusal::Held { label: id(), hold })
    };
    let is_out = label.copies > 0;
    match (mode, label.state) {
        (Mode::Ship, _) if let Some(paper) = label.paper => Some(Refusal::NotAParcel { label: id(), paper }),
        (Mode::Ship, State::InDoubt | State::Held | State::Waiting | State::Sending) if !is_out => not_shippable(),
        (Mode::Ship, _) => {
            let station = label.shipped_station.clone();
            label.shipped_at.map(|at| Refusal::Shipped { label: id(), at, station })
        }
        (Mode::Reprint, State::Printed | State::Sent) => None,
        (Mode::Print, State::Held) if label.hold == Some(HoldCause::OnScan) => None,
        (_, State::Held) => held(),
        (Mode::Reprint | Mode::Print, _) => stands(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::RefusalKind;
    use super::*;
    use crate::closed_set::PaperKind;
    use strum::VariantArray;

    /// Why not, for reprint, print and ship.
    fn kinds(label: &LabelView) -> [Option<RefusalKind>; 3] {
        [Mode::Reprint, Mode::Print, Mode::Ship].map(|mode| refusal(label, mode, 100).map(|refusal| refusal.kind()))
    }

    #[test]
    fn what_may_be_done_with_a_label_of_which_a_copy_is_out_depends_on_where_it_stands() {
        use RefusalKind::*;
        for state in State::VARIANTS {
            let expected = match state {
                State::Waiting => [Some(WaitsAlready), Some(WaitsAlready), None],
                State::Sending => [Some(Sending), Some(Sending), None],
                State::Printed | State::Sent => [None, Some(AlreadyOut), None],
                State::InDoubt => [Some(InDoubt), Some(InDoubt), None],
                State::Held => [Some(Held), Some(Held), None],
                State::Canceled => [Some(Canceled); 3],
                State::Voided => [Some(Voided); 3],
            };
            assert_eq!(kinds(&LabelView::sample("a", *state)), expected, "{state}");
        }
    }

    #[test]
    fn a_parcel_whose_label_never_came_out_is_not_handed_over() {
        for state in [State::Waiting, State::Sending, State::Held] {
            let label = LabelView { copies: 0, ..LabelView::sample("a", state) };
            assert_eq!(kinds(&label)[2], Some(RefusalKind::NotShippable), "{state}");
        }
        let doubtful = LabelView { copies: 0, ..LabelView::sample("a", State::InDoubt) };
        assert_eq!(kinds(&doubtful)[2], Some(RefusalKind::InDoubt));
    }

    #[test]
    fn only_what_waits_for_its_scan_prints_on_a_scan_whatever_its_reason_says() {
        let held = |cause| LabelView {
            hold: Some(cause),
            reason: HoldCause::OnScan.sentence().to_owned(),
            ..LabelView::sample("a", State::Held)
        };
        for cause in HoldCause::VARIANTS {
            let expected = (*cause != HoldCause::OnScan).then_some(RefusalKind::Held);
            assert_eq!(kinds(&held(*cause))[1], expected, "{cause:?}");
        }
    }

    #[test]
    fn what_is_replaced_expired_or_not_wanted_any_more_serves_for_nothing() {
        use RefusalKind::*;
        let printed = || LabelView::sample("a", State::Printed);
        assert_eq!(kinds(&LabelView { replaced_by: Some("b".to_owned()), ..printed() }), [Some(Replaced); 3]);
        assert_eq!(kinds(&LabelView { expires: Some(100), ..printed() }), [Some(Expired); 3]);
        assert_eq!(kinds(&LabelView { expires: Some(101), ..printed() })[0], None);
        assert_eq!(kinds(&LabelView { cancel_requested: true, ..printed() }), [Some(CancelRequested); 3]);
        assert_eq!(kinds(&LabelView { cancel_pending: true, ..printed() })[2], Some(CancelRequested));
        assert_eq!(kinds(&LabelView { shipped_at: Some(50), cancel_requested: true, ..printed() })[2], Some(Shipped));
        assert_eq!(kinds(&LabelView { paper: Some(PaperKind::Cover), ..printed() })[2], Some(NotAParcel));
    }
}
